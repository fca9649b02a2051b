"""What the patient reads: their language, their clinic, both twins, nothing in the open."""

from __future__ import annotations

import datetime as dt
import re
from email.message import EmailMessage

import pytest
import time_machine
from django.test import Client

from aftercare.domain.lint import health_words
from aftercare.models import Message, MessageTemplate, ProgrammeStep
from aftercare.services import contents, planning
from aftercare.services.planning import Subject
from aftercare.services.rendering import variables_in
from mesoclinic.audit.actors import Actor
from mesoclinic.clinic.models import Clinic
from patients.models import Patient, PatientLink
from patients.services import invite_to_screening
from scheduling.models import Room
from scheduling.services import Move, Target, confirm_appointment, move_appointment
from tests.factories import aftercare as make
from tests.factories import patients as people
from tests.factories import scheduling, treatments
from tests.factories.clinic import PractitionerFactory
from tests.factories.treatments import NOW
from tests.integration.aftercare.conftest import by_step
from tests.integration.aftercare.reading import html, plain
from tests.mailsink import MailSink

WEDNESDAY = dt.date(2026, 1, 28)
OFFER = {"start": "2026-01-28T09:00+00:00", "until": "2026-01-20T12:00+00:00"}


@pytest.fixture
def every_mail(
    desk: scheduling.Desk, ines: Patient, mail_sink: MailSink
) -> dict[str, EmailMessage]:
    """Every default message, sent."""
    visit = scheduling.visit(desk, ines, desk.at(WEDNESDAY, 10))
    for step in ProgrammeStep.objects.for_clinic(desk.clinic):
        kind = step.anchor if step.anchor in {"booked", "moved"} else ""
        make.message(
            ines, NOW, step_key=step.key, template_key=step.template_key, title=step.name,
            subject_type="appointment", subject_id=visit.pk, is_essential=step.is_essential,
            schedule_version=visit.schedule_version,
            context={"code": "482915", "calendar": kind, "offer": OFFER},
        )  # fmt: skip
    make.post(NOW)
    titles = dict(Message.objects.values_list("message_id", "template_key"))
    return {titles[mail["Message-ID"]]: mail for mail in mail_sink.messages}


def test_every_default_mail_is_whole(
    every_mail: dict[str, EmailMessage], desk: scheduling.Desk
) -> None:
    clinic = desk.clinic
    assert set(every_mail) == set(
        MessageTemplate.objects.for_clinic(clinic).values_list("key", flat=True)
    )
    for mail in every_mail.values():
        for text in (plain(mail), html(mail)):
            assert "{{" not in text
            assert "%%" not in text
            for line in (clinic.name, clinic.phone, *clinic.address.splitlines()):
                assert line in text
        assert "Inês" not in mail["Subject"]
        assert mail["Auto-Submitted"] == "auto-generated"
        assert "<script" not in html(mail)
        assert "src=" not in html(mail)  # nothing to load: no tracking


def test_the_preview_line_of_the_mail_program_says_nothing_of_health(
    every_mail: dict[str, EmailMessage], desk: scheduling.Desk
) -> None:
    usual = f"A message from {desk.clinic.name}. Questions? Call us on {desk.clinic.phone}."
    lines = set()
    for mail in every_mail.values():
        _head, _sep, rest = html(mail).partition('class="preheader"')
        lines.add(rest.partition(">")[2].partition("<")[0])
    assert usual in lines
    assert len(lines) > 1
    assert not [line for line in lines if health_words(line) or "Inês" in line]


def test_optional_mails_end_with_a_way_to_stop_them(
    every_mail: dict[str, EmailMessage], desk: scheduling.Desk
) -> None:
    essential = set(
        ProgrammeStep.objects.for_clinic(desk.clinic)
        .filter(is_essential=True)
        .values_list("template_key", flat=True)
    )
    for key, mail in every_mail.items():
        offers = [mail["List-Unsubscribe"] is not None, "Stop them" in plain(mail)]
        offers.append("/unsubscribe/" in html(mail))
        assert offers == [key not in essential] * 3, key


@pytest.mark.parametrize(
    ("language", "clinics", "subject", "month"),
    [
        ("fr", "en", "Vos rendez-vous chez Clinique des Lices", "mercredi 28 janvier 2026"),
        ("fr-CA", "en", "Vos rendez-vous chez Clinique des Lices", "mercredi 28 janvier 2026"),
        ("en", "fr", "Your visits at Clinique des Lices", "Wednesday 28 January 2026"),
        ("de", "fr", "Vos rendez-vous chez Clinique des Lices", "mercredi 28 janvier 2026"),
        ("de", "tr", "Your visits at Clinique des Lices", "Wednesday 28 January 2026"),
    ],
)
def test_the_patients_language_then_the_clinics_then_english(
    desk: scheduling.Desk, mail_sink: MailSink, language: str, clinics: str, subject: str,
    month: str,
) -> None:  # fmt: skip
    Clinic.objects.filter(pk=desk.clinic.pk).update(language=clinics)
    who = treatments.patient(desk.clinic, email="a@example.org", language=language)
    desk.book(who, desk.at(WEDNESDAY, 10))
    make.post(NOW)
    (mail,) = mail_sink.messages
    assert mail["Subject"] == subject
    assert month in plain(mail)
    assert f'lang="{"fr" if "mercredi" in month else "en"}"' in html(mail)


def test_a_name_is_text_whatever_it_is(lices: Clinic, mail_sink: MailSink) -> None:
    make.template(lices)
    name = '<b>Zoë</b> & "Co" %%STOP%%'
    who = treatments.patient(lices, name, email="zoe@example.org")
    make.message(who, NOW)
    make.post(NOW)
    (mail,) = mail_sink.messages
    assert "<b>Zoë" not in html(mail)
    assert "&lt;b&gt;Zoë&lt;/b&gt; &amp;" in html(mail)
    assert name in plain(mail)


def test_an_invitation_by_mail_opens_the_questionnaire(lices: Clinic, mail_sink: MailSink) -> None:
    people.seeded(lices)
    who = treatments.patient(lices, email="ines@example.org")
    with time_machine.travel(NOW, tick=False):
        invite_to_screening(actor=Actor.system(), patient=who, now=NOW)
        make.post(NOW)
        (mail,) = mail_sink.messages
        [url] = [line for line in plain(mail).splitlines() if "/screening/" in line]
        assert url.startswith(f"{lices.base_url}/p/")
        opened = Client().get(url.removeprefix(lices.base_url))
    assert opened.status_code == 200
    assert lices.name in opened.content.decode()
    assert PatientLink.objects.filter(used_at__isnull=False).count() == 0


def test_an_invitation_answered_before_it_leaves_does_not_leave(
    lices: Clinic, mail_sink: MailSink
) -> None:
    who = treatments.patient(lices, email="ines@example.org")
    subject = Subject("invitation", who.pk, who.pk, NOW)
    planning.plan(lices, ProgrammeStep.Anchor.INVITED, [subject], now=NOW)
    treatments.screen(who, at=Message.objects.get().created_at + dt.timedelta(hours=1))
    make.post(NOW)
    assert not mail_sink.messages
    assert Message.objects.get().state == "skipped"


def test_no_secret_of_a_mail_is_stored(every_mail: dict[str, EmailMessage], ines: Patient) -> None:
    tokens = {
        line.split("/p/")[1].split("/")[0]
        for mail in every_mail.values()
        for line in plain(mail).splitlines()
        if "/p/" in line
    }
    assert len(tokens) >= 5
    stored = str(list(PatientLink.objects.values())) + str(list(Message.objects.values()))
    assert not any(token in stored for token in tokens)


def test_every_variable_of_the_defaults_is_known(lices: Clinic) -> None:
    for template in MessageTemplate.objects.for_clinic(lices):
        used = variables_in(template.subject) | variables_in(template.body)
        assert used <= contents.VARIABLES


def test_the_week_after_says_when_the_next_visit_is_and_nothing_where_there_is_none(
    desk: scheduling.Desk, ines: Patient, mail_sink: MailSink
) -> None:
    zoe = treatments.patient(desk.clinic, "Zoë Blanc", email="zoe@example.org")
    for who in (ines, zoe):
        make.message(who, NOW, template_key="followup", subject_type="session")
    scheduling.visit(desk, ines, desk.at(WEDNESDAY, 10))
    scheduling.visit(desk, ines, desk.at(WEDNESDAY + dt.timedelta(days=7), 11))
    make.post(NOW)
    texts = {str(mail["To"]): plain(mail) for mail in mail_sink.messages}
    (hers,) = (text for to, text in texts.items() if ines.email in to)
    (other,) = (text for to, text in texts.items() if "zoe@" in to)
    assert "We see you again on Wednesday 28 January, 10:00." in hers
    assert "/visits/" in hers
    assert "We see you again" not in other
    assert "/visits/" not in other
    assert "Your next date is not fixed yet" in other


def test_the_reminder_lets_the_patient_confirm_move_and_cancel(
    every_mail: dict[str, EmailMessage],
) -> None:
    text = plain(every_mail["visit-reminder"])
    assert text.index("/confirm/") < text.index("/visits/")
    # The first is the one to press.
    grounds = re.findall(r'bgcolor="([^"]+)"', html(every_mail["visit-reminder"]))
    assert len(set(grounds)) == 2


# --- what has changed ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "hours", "subject", "line"),
    [
        ("en", 0, "New practitioner for your visit", "28 January 2026 (same time, now with %s), 10:00"),
        ("en", 2, "New time and practitioner for", "28 January 2026 (now with %s), 12:00"),
        ("fr", 0, "Changement de praticien pour", "28 janvier 2026 (même horaire, désormais avec %s), 10:00"),
    ],
)  # fmt: skip
def test_a_visit_that_changes_hands_is_told_as_that(
    desk: scheduling.Desk, ines: Patient, mail_sink: MailSink, language: str, hours: int,
    subject: str, line: str,
) -> None:  # fmt: skip
    """Ayla is ill, her colleague sees Inês at the same hour: that is no new time."""
    Patient.objects.filter(pk=ines.pk).update(language=language)
    colleague = PractitionerFactory(clinic=desk.clinic)
    scheduling.hours(colleague)
    visit = desk.book(ines, desk.at(WEDNESDAY, 10))
    make.post(NOW)
    # Moved away and half back before the mail leaves: only what it comes to is told.
    for hour in (15, 10 + hours):
        there = Target(visit.pk, desk.at(WEDNESDAY, hour), None, colleague.staff_id)
        move_appointment(clinic=desk.clinic, actor=desk.actor, now=NOW, move=Move(visit=there))
    make.post(NOW + dt.timedelta(minutes=1))
    _confirmed, moved = mail_sink.messages
    assert moved["Subject"].startswith(subject)
    assert line % colleague.staff.full_name in plain(moved)
    assert f"({line.split('(')[1].split(')')[0]})" % colleague.staff.full_name in html(moved)


def test_another_room_alone_is_nobodys_mail(
    desk: scheduling.Desk, ines: Patient, mail_sink: MailSink
) -> None:
    """Nothing is new for the patient: no mail, and who has confirmed has confirmed."""
    visit = desk.book(ines, desk.at(WEDNESDAY, 10))
    confirm_appointment(clinic=desk.clinic, actor=desk.actor, now=NOW, appointment_id=visit.pk)
    make.post(NOW)
    visit.refresh_from_db()
    other = Room.objects.filter(clinic=desk.clinic, kind=desk.consultation.room_kind).exclude(
        pk=str(visit.room_id)
    )[0]
    there = Target(visit.pk, visit.during.lower, None, None, other.pk)
    (moved,) = move_appointment(
        clinic=desk.clinic, actor=desk.actor, now=NOW, move=Move(visit=there)
    )
    make.post(NOW + dt.timedelta(minutes=1))
    assert (moved.room_id, moved.status, len(mail_sink.messages)) == (other.pk, "confirmed", 1)
    assert len(by_step(ines)["visit-reminder-48h"]) == 2
