"""Programmes: conditions heeded when planned, versions kept, one list of what a patient gets."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from aftercare.exceptions import StepRefused, TextRefused, UnreadableColour
from aftercare.models import (
    CareSettings,
    Message,
    MessageTemplate,
    ProgrammeStep,
    ProgrammeVersion,
)
from aftercare.services import branding
from aftercare.services.forecast import EXPECTED, forecast
from aftercare.services.programme import FIELDS, restore_version, save_step
from aftercare.services.texts import Texts, save_texts
from mesoclinic.audit.actors import Actor
from mesoclinic.clinic.models import Clinic, Membership
from patients.models import ContactPreference, Medicine, Patient, Questionnaire
from tests.factories import aftercare as make
from tests.factories import scheduling, treatments
from tests.mailsink import MailSink
from tests.personas import client_for
from treatments.models import Ingredient, PlannedSession, TreatmentPlan

NOW = treatments.NOW
DAY = dt.timedelta(days=1)


@pytest.fixture
def zita(lices: Clinic) -> Actor:
    return Actor.system(lices.pk, "Zita")


def change(actor: Actor, step: ProgrammeStep, **values: Any) -> ProgrammeStep:
    now = {name: getattr(step, name) for name in FIELDS}
    return save_step(actor=actor, clinic=step.clinic, step_id=step.pk, values=now | values)


def step_of(clinic: Clinic, key: str) -> ProgrammeStep:
    return ProgrammeStep.objects.get(clinic=clinic, key=key)


def keys_of(patient: Patient) -> set[str]:
    return set(Message.objects.filter(patient=patient).values_list("step_key", flat=True))


def starts(desk: scheduling.Desk) -> list[dt.datetime]:
    return [desk.at(NOW.date() + n * DAY, 10) for n in (14, 28, 56)]


def test_a_step_for_those_who_bruise_reaches_only_them(
    desk: scheduling.Desk, ines: Patient, plan: TreatmentPlan, sessions: list[PlannedSession]
) -> None:
    make.booked_course(desk, sessions[:1], starts(desk)[:1], NOW)
    assert "visit-bruising" not in keys_of(ines)
    Medicine.objects.create(
        clinic=ines.clinic, patient=ines, text="warfarin", tags=["anticoagulant"]
    )
    make.booked_course(desk, sessions[1:2], starts(desk)[1:2], NOW)
    assert Message.objects.filter(patient=ines, step_key="visit-bruising").count() == 1


@pytest.mark.parametrize(
    ("conditions", "which", "numbers"),
    [
        ({}, "first", {1}),
        ({}, "later", {2, 3}),
        ({"areas": ["face"]}, "any", {1, 2, 3}),
        ({"areas": ["face"], "seasons": ["nowhen"]}, "any", set()),
        ({"ingredients": ["no-such-thing"]}, "any", set()),
        ({"languages": ["fr", "en"]}, "later", {2, 3}),
    ],
)
def test_conditions_are_heeded_when_a_course_is_planned(
    desk: scheduling.Desk, ines: Patient, plan: TreatmentPlan, sessions: list[PlannedSession],
    zita: Actor, conditions: dict[str, list[str]], which: str, numbers: set[int],
) -> None:  # fmt: skip
    step = step_of(desk.clinic, "visit-preparation")
    change(zita, step, conditions=conditions, which_sessions=which)
    visits = make.booked_course(desk, sessions, starts(desk), NOW)
    told = set(Message.objects.filter(step_key=step.key).values_list("subject_id", flat=True))
    assert {n for n, visit in enumerate(visits, 1) if visit.pk in told} == numbers


def test_each_change_is_a_version_that_can_be_brought_back(lices: Clinic, zita: Actor) -> None:
    step = step_of(lices, "visit-reminder-48h")
    first = change(zita, step, offset=-3, name="Reminder, three days")
    assert change(zita, first).version == first.version  # nothing changed, no version
    change(zita, first, is_active=False)
    added = save_step(
        actor=zita, clinic=lices, step_id=None,
        values={name: getattr(step, name) for name in FIELDS} | {"name": "Ünsere neue"},
    )  # fmt: skip
    assert [(one.number, one.changed_by) for one in ProgrammeVersion.objects.all()] == [
        (4, "Zita"), (3, "Zita"), (2, "Zita"), (1, "the system")
    ]  # fmt: skip

    assert restore_version(actor=zita, clinic=lices, number=2) == 5
    step.refresh_from_db()
    added.refresh_from_db()
    assert (step.offset, step.name, step.is_active) == (-3, "Reminder, three days", True)
    assert not added.is_active


def test_a_step_that_could_never_send_is_refused(lices: Clinic, zita: Actor) -> None:
    step = step_of(lices, "aftercare-now")
    for values in (
        {"template_key": "nothing"}, {"channel": "sms"}, {"conditions": {"colour": ["red"]}}
    ):  # fmt: skip
        with pytest.raises(StepRefused):
            change(zita, step, **values)
    assert not ProgrammeVersion.objects.exists()


def test_a_message_knows_the_version_that_planned_it(
    desk: scheduling.Desk, ines: Patient, plan: TreatmentPlan, sessions: list[PlannedSession],
    zita: Actor,
) -> None:  # fmt: skip
    change(zita, step_of(desk.clinic, "visit-reminder-3h"), channel="sms")
    make.booked_course(desk, sessions[:1], starts(desk)[:1], NOW)
    message = Message.objects.get(step_key="visit-reminder-3h")
    assert (message.channel, message.programme_version) == ("sms", 2)


def test_the_last_session_of_a_course_brings_what_follows_a_course(
    plan: TreatmentPlan, stock: treatments.Catalogue, practitioner: Membership, ines: Patient
) -> None:
    plan.sessions.filter(number__gt=1).update(dropped_at=NOW)
    treatments.signed(plan, stock, practitioner)
    after = Message.objects.filter(subject_type="plan", subject_id=plan.pk)
    assert set(after.values_list("step_key", flat=True)) == {
        "course-review", "maintenance", "result-reminder"
    }  # fmt: skip


def test_one_list_shows_what_was_what_is_planned_and_what_is_expected(
    desk: scheduling.Desk, ines: Patient, plan: TreatmentPlan, sessions: list[PlannedSession],
    mail_sink: MailSink,
) -> None:  # fmt: skip
    make.booked_course(desk, sessions, starts(desk), NOW)
    make.post(NOW)
    lines = forecast(desk.clinic, ines, now=NOW)
    assert [line.at for line in lines] == sorted(line.at for line in lines)
    states = {line.state for line in lines}
    assert {"sent", "planned", EXPECTED} <= states
    signed = ProgrammeStep.objects.filter(clinic=desk.clinic, anchor="signed").count()
    finished = ProgrammeStep.objects.filter(clinic=desk.clinic, anchor="finished").count()
    assert sum(line.state == EXPECTED for line in lines) == 3 * signed + finished

    # Where the plan goes deep, the watch for late infections too, unless it is switched off.
    plan.techniques.update(is_skin_breaking_deep=True)
    deep = ProgrammeStep.objects.filter(clinic=desk.clinic, anchor="deep").count()
    for is_on in (True, False):
        CareSettings.objects.update_or_create(clinic=desk.clinic, defaults={"late_watch": is_on})
        expected = sum(one.state == EXPECTED for one in forecast(desk.clinic, ines, now=NOW))
        assert expected == 3 * (signed + is_on * deep) + finished

    # What she has opted out of will not come, unless it is needed for care.
    ContactPreference.objects.create(
        clinic=desk.clinic, patient=ines, channel="email", purpose="care", allowed=False,
        changed_at=NOW,
    )  # fmt: skip
    coming = {one.title for one in forecast(desk.clinic, ines, now=NOW) if one.state == EXPECTED}
    kept = ProgrammeStep.objects.filter(clinic=desk.clinic, anchor__in=["signed", "finished"])
    kept = kept.exclude(purpose="care", is_essential=False)
    assert coming == set(kept.values_list("name", flat=True))


def test_what_a_patient_will_not_get_stands_apart(ines: Patient, receptionist: Membership) -> None:
    for title, state in (("Comes", "planned"), ("Left out", "skipped")):
        make.message(ines, NOW + DAY, title=title, state=state)
    with time_machine.travel(NOW, tick=False):
        shown = client_for(receptionist).get(f"/messages/of/{ines.pk}/").context
    assert [line.title for line in shown["coming"]] == ["Comes"]
    assert [line.title for line in shown["left_out"]] == ["Left out"]


def test_two_reminders_of_one_kind_on_one_day_are_one_mail(
    desk: scheduling.Desk, ines: Patient, mail_sink: MailSink
) -> None:
    ProgrammeStep.objects.filter(clinic=desk.clinic).exclude(key="visit-reminder-3h").update(
        is_active=False
    )
    first = desk.at(NOW.date() + 14 * DAY, 13)
    for n in range(2):
        desk.book(ines, first + n * dt.timedelta(hours=2), now=NOW)
    make.post(first - dt.timedelta(hours=3))
    (mail,) = mail_sink.messages
    body = mail.get_body(("plain",))
    assert body is not None
    assert body.get_content().count("•") == 2
    states = dict(Message.objects.values_list("why", "state"))
    assert states["Told together with another message to the patient."] == "skipped"


# --- words and look -------------------------------------------------------------------------------


def test_what_may_not_be_said_is_refused_at_its_field(lices: Clinic, zita: Actor) -> None:
    row = MessageTemplate.objects.get(clinic=lices, key="checkin", language="en")
    with pytest.raises(TextRefused) as refused:
        save_texts(
            actor=zita, clinic=lices, template_id=row.pk,
            texts=Texts("Your {{ patient_name }}", "After your injection", "{{ reason }}",
                        "{{ nobody }} https://x.example/{{ code }}"),
        )  # fmt: skip
    assert set(refused.value.problems) == {"subject", "preheader", "short_text", "body"}
    row.refresh_from_db()
    assert row.subject == "How are you today?"


def test_a_manager_of_a_new_clinic_loads_the_defaults_on_the_page(
    clinic: Clinic, manager: Membership, receptionist: Membership
) -> None:
    client, desk = client_for(manager), client_for(receptionist)
    page, load = reverse("aftercare:programme"), reverse("aftercare:programme-defaults")
    for empty in (page, reverse("aftercare:texts"), reverse("aftercare:care")):
        assert load in client.get(empty).content.decode()
    assert load not in desk.get(page).content.decode()
    assert desk.post(load).status_code == 403
    for _n in range(2):  # a double click
        assert client.post(load).status_code == 302
    full = client.get(page).content.decode()
    assert "Reminder 48 h before" in full
    assert load not in full
    assert ProgrammeStep.objects.filter(clinic=clinic, key="visit-reminder-48h").count() == 1
    # One click is enough: what patients are screened by and treated with is there too.
    assert Questionnaire.objects.filter(clinic=clinic).exists()
    assert Ingredient.objects.filter(clinic=clinic).exists()


def test_the_programme_as_delivered_can_be_brought_back(lices: Clinic, zita: Actor) -> None:
    step = step_of(lices, "visit-reminder-3h")
    values = {name: getattr(step, name) for name in FIELDS}
    save_step(actor=zita, clinic=lices, step_id=step.pk, values=values | {"name": "Other"})
    kept = ProgrammeVersion.objects.filter(clinic=lices).order_by("number")
    assert [row.note for row in kept] == ["As delivered.", "Changed: Other."]
    restore_version(actor=zita, clinic=lices, number=1)
    step.refresh_from_db()
    assert step.name == values["name"]


@pytest.mark.parametrize("what", ["step", "text"])
def test_a_second_page_does_not_write_over_the_first_unasked(
    lices: Clinic, manager: Membership, what: str
) -> None:
    """The later one is told, keeps what it typed, and replaces the other when it saves again."""
    client = client_for(manager)
    if what == "step":
        step = step_of(lices, "visit-reminder-3h")
        url, field = reverse("aftercare:step", args=[step.pk]), "name"
    else:
        row = MessageTemplate.objects.get(clinic=lices, key="checkin", language="en")
        url, field = reverse("aftercare:text", args=[row.pk]), "subject"
    form = client.get(url).context["form"]
    page = {bound.name: said for bound in form if (said := bound.value()) not in {None, False, ""}}
    assert client.post(url, page | {field: "First"}).status_code == 302
    late = client.post(url, page | {field: "Second"})
    assert late.status_code == 422
    assert "changed this in the meantime" in late.content.decode()
    assert b'value="Second"' in late.content
    assert client.get(url).context["form"][field].value() == "First"
    again = page | {field: "Second", "seen": late.context["form"]["seen"].value()}
    assert client.post(url, again).status_code == 302
    assert client.get(url).context["form"][field].value() == "Second"


def test_the_colour_must_carry_white_words(lices: Clinic, zita: Actor) -> None:
    assert branding.contrast_with_white("#ffffff") == pytest.approx(1)
    assert branding.contrast_with_white("#000000") == pytest.approx(21)
    with pytest.raises(UnreadableColour):
        branding.save_settings(actor=zita, clinic=lices, accent="#ffee00", daily_cap=2)


def test_a_manager_changes_step_text_and_look_on_pages(
    lices: Clinic, manager: Membership, receptionist: Membership, mail_sink: MailSink
) -> None:
    with time_machine.travel(NOW, tick=False):
        client, desk = client_for(manager), client_for(receptionist)
        step = step_of(lices, "visit-reminder-3h")
        form = {
            "name": "Short reminder", "anchor": "visit", "side": "before", "distance": "2",
            "offset_unit": "hours", "template_key": "visit-soon", "channel": "sms",
            "purpose": "visits", "which_sessions": "any", "expires_unit": "hours",
            "seasons": ["winter"], "is_active": "on",
        }  # fmt: skip
        url = reverse("aftercare:step", args=[step.pk])
        assert desk.post(url, form).status_code == 403
        bad = client.post(url, form | {"distance": "", "name": "kept"})
        assert bad.status_code == 422
        assert b'value="kept"' in bad.content
        assert client.post(url, form).status_code == 302
        step.refresh_from_db()
        assert (step.offset, step.channel, step.conditions) == (
            -2, "sms", {"seasons": ["winter"]}
        )  # fmt: skip
        page = client.get(reverse("aftercare:programme")).content.decode()
        assert "2 hours before" in page
        look_at_texts(client, lices)
        assert client.post(reverse("aftercare:hold"), {"decision": "hold"}).status_code == 302
        assert "No messages leave." in client.get(reverse("today")).content.decode()


def assert_foot(client: Client, lices: Clinic, key: str, *, asks: bool, stops: bool) -> None:
    """What stands below the previewed mail is what patients will find there."""
    row = MessageTemplate.objects.get(clinic=lices, key=key, language="en")
    page = client.get(reverse("aftercare:text-preview", args=[row.pk])).content.decode()
    assert ("Ask the clinic" in page, "Stop them" in page) == (asks, stops)


def look_at_texts(client: Client, lices: Clinic) -> None:
    row = MessageTemplate.objects.get(clinic=lices, key="checkin", language="en")
    words = {"subject": "How are you?", "preheader": "", "body": "# Hello {{ patient_name }}"}
    preview = client.post(reverse("aftercare:text-preview", args=[row.pk]), words)
    assert "Hello Alex" in preview.content.decode()
    assert "sandbox" in preview["Content-Security-Policy"]
    assert_foot(client, lices, "checkin", asks=True, stops=True)
    assert_foot(client, lices, "aftercare-now", asks=True, stops=False)
    assert_foot(client, lices, "link-code", asks=False, stops=False)
    sent = client.post(reverse("aftercare:text-send", args=[row.pk]), words)
    assert "Sent to" in sent.content.decode()
    # What is pressed next saves, and does not send again.
    assert f'action="{reverse("aftercare:text", args=[row.pk])}"' in sent.content.decode()
    assert client.get(reverse("aftercare:text-send", args=[row.pk])).status_code == 302
    saved = client.post(reverse("aftercare:text", args=[row.pk]), words | {"subject": "Melasma"})
    assert saved.status_code == 422
    assert client.post(reverse("aftercare:text", args=[row.pk]), words).status_code == 302
    row.refresh_from_db()
    assert (row.subject, row.approved_at) == ("How are you?", None)


def test_a_practitioner_approves_the_words_that_they_have_read(
    lices: Clinic, practitioner: Membership, manager: Membership
) -> None:
    row = MessageTemplate.objects.get(clinic=lices, key="checkin", language="en")
    text, approve = (reverse(f"aftercare:{to}", args=[row.pk]) for to in ("text", "text-approve"))
    doctor, boss = client_for(practitioner), client_for(manager)
    assert reverse("aftercare:texts") in doctor.get(reverse("aftercare:programme")).content.decode()
    page = doctor.get(text)
    assert approve in page.content.decode()
    assert approve not in boss.get(text).content.decode()
    seen = {"seen": page.context["form"]["seen"].value()}
    words = {"subject": "How are you?", "preheader": "", "body": "# Hello", "short_text": ""}
    assert boss.post(text, words | seen).status_code == 302

    for unread in (seen, {}):
        late = doctor.post(approve, unread, follow=True).content.decode()
        assert "changed this in the meantime" in late
    read = {"seen": doctor.get(text).context["form"]["seen"].value()}
    assert boss.post(approve, read).status_code == 403
    for _n in range(2):  # a double click
        assert approve not in doctor.post(approve, read, follow=True).content.decode()
    row.refresh_from_db()
    assert row.approved_at is not None


def test_the_ledger_is_handed_out_as_a_table(
    lices: Clinic, manager: Membership, ines: Patient
) -> None:
    make.message(ines, NOW - DAY, title="=HYPERLINK()", state="failed", why="550")
    make.message(ines, NOW - DAY, state="expired", why="Late.")
    with time_machine.travel(NOW, tick=False):
        answer = client_for(manager).get(reverse("aftercare:ledger-export"), {"state": "failed"})
        table = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    assert len(table.splitlines()) == 2
    assert "'=HYPERLINK()" in table
