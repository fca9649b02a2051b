"""From what happens in the house to the messages of the outbox, and to the mailbox."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from aftercare.models import Message, ProgrammeStep
from aftercare.receivers.visits import plan_for_booking
from aftercare.services import planning
from aftercare.services.planning import Subject
from mesoclinic.clinic.models import Clinic
from patients.models import Patient
from scheduling import services as visits
from scheduling.models import Appointment
from scheduling.panels import message_preview
from scheduling.services import Move, StatusChange, Target
from tests.factories import aftercare as make
from tests.factories import scheduling, treatments
from tests.factories.patients import screened
from tests.factories.treatments import NOW
from tests.integration.aftercare.conftest import by_step
from tests.integration.aftercare.reading import events_in, html, plain
from tests.mailsink import MailSink
from treatments.models import PlannedSession, SessionRecord

DAY = dt.timedelta(days=1)
MINUTE = dt.timedelta(minutes=1)
WEDNESDAY = dt.date(2026, 1, 28)
REMINDERS = {"visit-preparation", "visit-reminder-48h", "visit-reminder-3h"}


@pytest.fixture
def starts(desk: scheduling.Desk) -> list[dt.datetime]:
    """Three Wednesdays at ten, two weeks ahead: 28 January, 4 February, 11 March."""
    first = desk.at(WEDNESDAY, 10)
    return [first, first + 7 * DAY, first + 42 * DAY]


@pytest.fixture
def course(
    desk: scheduling.Desk, sessions: list[PlannedSession], starts: list[dt.datetime]
) -> list[Appointment]:
    starts[2] = starts[1] + 30 * DAY - 2 * DAY
    return make.booked_course(desk, sessions, starts, NOW)


def move(desk: scheduling.Desk, visit: Appointment, start: dt.datetime, at: dt.datetime) -> None:
    target = Target(appointment_id=visit.pk, start=start)
    visits.move_appointment(clinic=desk.clinic, actor=desk.actor, now=at, move=Move(visit=target))


def cancel(desk: scheduling.Desk, visit: Appointment, at: dt.datetime) -> None:
    visits.cancel_appointment(
        clinic=desk.clinic, actor=desk.actor, now=at, appointment_id=visit.pk, reason="ill"
    )


# --- booking -------------------------------------------------------------------------------


def test_a_course_is_confirmed_by_one_mail_with_every_visit(
    course: list[Appointment], ines: Patient, mail_sink: MailSink
) -> None:
    make.post(NOW + MINUTE)

    (mail,) = mail_sink.messages
    assert mail["Subject"] == "Your visits at Clinique des Lices"
    text = plain(mail)
    assert "Wednesday 28 January 2026, 10:00" in text
    assert text.count(", 10:00") == 3
    events = events_in(mail)
    assert [e["uid"] for e in events] == [visits.uid_of(visit) for visit in course]
    assert {e["sequence"] for e in events} == {course[0].schedule_version}


def test_each_visit_of_a_course_has_its_reminders(course: list[Appointment], ines: Patient) -> None:
    found = by_step(ines)
    assert set(found) == REMINDERS | {"booking-confirmation"}
    for key in REMINDERS:
        assert [m.subject_id for m in found[key]] == [visit.pk for visit in course]
        assert all(m.state == "planned" and m.due_at < m.expires_at for m in found[key])
    assert found["visit-reminder-48h"][0].due_local == "2026-01-26 10:00 Europe/Paris"
    assert found["visit-preparation"][0].due_local == "2026-01-25 10:00 Europe/Paris"


def test_a_reminder_that_comes_too_late_is_written_as_skipped(
    desk: scheduling.Desk, ines: Patient, mail_sink: MailSink
) -> None:
    desk.book(ines, desk.at(dt.date(2026, 1, 14), 15))
    found = by_step(ines)
    (late,) = found["visit-reminder-48h"]
    assert (late.state, late.why) == ("skipped", "Booked too late for it.")
    assert found["visit-reminder-3h"][0].state == "planned"
    make.post(NOW)
    (mail,) = mail_sink.messages
    assert "calendar file" in plain(mail)


def test_a_consultation_is_not_prepared_like_a_session(
    desk: scheduling.Desk, ines: Patient
) -> None:
    desk.book(ines, desk.at(WEDNESDAY, 10))
    assert "visit-preparation" not in by_step(ines)


def test_a_replay_writes_nothing_twice(
    desk: scheduling.Desk, course: list[Appointment], ines: Patient, mail_sink: MailSink
) -> None:
    def replay() -> None:
        plan_for_booking(clinic=desk.clinic, appointments=course, now=NOW + MINUTE, sender=None)
        for visit in course:
            plan_for_booking(
                clinic=desk.clinic, appointments=[visit], now=NOW + MINUTE, sender=None
            )

    before = set(Message.objects.values_list("pk", flat=True))
    replay()
    make.post(NOW + MINUTE)
    replay()
    assert set(Message.objects.values_list("pk", flat=True)) == before
    make.post(NOW + 2 * MINUTE)
    assert len(mail_sink.messages) == 1


def test_planning_a_course_costs_the_same_whatever_its_length(
    lices: Clinic, desk: scheduling.Desk
) -> None:
    def count(days: range) -> int:
        who = treatments.patient(lices, email="somebody@example.org")
        made = [scheduling.visit(desk, who, desk.at(WEDNESDAY, 9) + n * DAY) for n in days]
        with CaptureQueriesContext(connection) as queries:
            plan_for_booking(clinic=lices, appointments=made, now=NOW, sender=None)
        return len(queries)

    assert count(range(2)) == count(range(2, 14))


def test_visits_of_two_patients_are_told_to_each_alone(
    desk: scheduling.Desk, ines: Patient, mail_sink: MailSink
) -> None:
    other = treatments.patient(desk.clinic, "Bruno Costa", email="bruno@example.org")
    made = [
        scheduling.visit(desk, who, desk.at(WEDNESDAY, hour))
        for who, hour in ((ines, 9), (other, 11))
    ]
    plan_for_booking(clinic=desk.clinic, appointments=made, now=NOW, sender=None)
    make.post(NOW)
    told = {mail["To"]: plain(mail) for mail in mail_sink.messages}
    assert len(told) == 2
    assert sum("09:00" in text for text in told.values()) == 1
    assert sum("11:00" in text for text in told.values()) == 1


@pytest.mark.parametrize("screened", [True, False])
def test_the_questionnaire_is_asked_for_only_where_none_is_valid(
    desk: scheduling.Desk, ines: Patient, mail_sink: MailSink, screened: bool
) -> None:
    if screened:
        treatments.screen(ines)
    desk.book(ines, desk.at(WEDNESDAY, 10))
    make.post(NOW)
    (mail,) = mail_sink.messages
    for text in (plain(mail), html(mail)):
        assert ("/screening/" in text) is not screened
        assert ("a few questions" in text) is not screened


# --- moves, cancellations, holds -----------------------------------------------------------


def test_a_move_withdraws_the_old_plans_anew_and_replaces_the_calendar_entry(
    desk: scheduling.Desk, ines: Patient, mail_sink: MailSink
) -> None:
    visit = desk.book(ines, desk.at(WEDNESDAY, 10))
    make.post(NOW)
    move(desk, visit, desk.at(WEDNESDAY, 14), NOW + MINUTE)
    make.post(NOW + 2 * MINUTE)

    first, second = mail_sink.messages
    (old,), (new,) = events_in(first), events_in(second)
    assert old["uid"] == new["uid"]
    assert new["sequence"] > old["sequence"]
    assert new["dtstart"].dt == desk.at(WEDNESDAY, 14)
    assert "new time" in second["Subject"].lower()
    for key in ("visit-reminder-48h", "visit-reminder-3h"):
        gone, planned = by_step(ines)[key]
        assert (gone.state, gone.why) == ("skipped", "The visit was moved.")
        assert planned.state == "planned"


def test_a_cancellation_withdraws_the_reminders_and_says_so_once(
    desk: scheduling.Desk, ines: Patient, mail_sink: MailSink
) -> None:
    visit = desk.book(ines, desk.at(WEDNESDAY, 10))
    make.post(NOW)
    cancel(desk, visit, NOW + MINUTE)
    cancel(desk, visit, NOW + MINUTE)
    make.post(NOW + 2 * MINUTE)
    make.post(NOW + 60 * DAY)

    _confirmed, cancelled = mail_sink.messages
    (entry,) = events_in(cancelled)
    assert entry["status"] == "CANCELLED"
    assert "method=CANCEL" in cancelled.as_string().replace('"', "")
    assert "cancelled" in cancelled["Subject"]
    reminders = by_step(ines)["visit-reminder-48h"] + by_step(ines)["visit-reminder-3h"]
    assert {(m.state, m.why) for m in reminders} == {("skipped", "The visit was cancelled.")}


def test_visits_cancelled_one_by_one_are_told_of_in_one_mail(
    desk: scheduling.Desk, course: list[Appointment], mail_sink: MailSink
) -> None:
    make.post(NOW)
    for visit in course:
        cancel(desk, visit, NOW + MINUTE)
    make.post(NOW + 2 * MINUTE)
    _confirmation, cancelled = mail_sink.messages
    assert len(events_in(cancelled)) == 3


def test_one_visit_cancelled_before_the_confirmation_leaves_keeps_the_others_announced(
    desk: scheduling.Desk, course: list[Appointment], mail_sink: MailSink
) -> None:
    cancel(desk, course[0], NOW)
    make.post(NOW + MINUTE)
    by_subject = {mail["Subject"]: mail for mail in mail_sink.messages}
    confirmed = by_subject["Your visits at Clinique des Lices"]
    assert [e["uid"] for e in events_in(confirmed)] == [visits.uid_of(v) for v in course[1:]]
    # Nobody hears of the end of a visit whose booking they have not heard of.
    assert len(by_subject) == 1


def test_one_visit_moved_before_the_confirmation_leaves_is_told_with_its_new_time(
    desk: scheduling.Desk, course: list[Appointment], mail_sink: MailSink
) -> None:
    move(desk, course[0], course[0].during.lower + 4 * make.HOUR, NOW)
    make.post(NOW + MINUTE)
    told = [e for mail in mail_sink.messages for e in events_in(mail)]
    assert len(told) == 3
    moved = next(e for e in told if e["uid"] == visits.uid_of(course[0]))
    assert moved["dtstart"].dt == course[0].during.lower + 4 * make.HOUR


def test_a_visit_booked_again_before_its_cancellation_leaves_is_not_cancelled_by_mail(
    desk: scheduling.Desk, ines: Patient, mail_sink: MailSink
) -> None:
    visit = desk.book(ines, desk.at(WEDNESDAY, 10))
    make.post(NOW)
    cancel(desk, visit, NOW + MINUTE)
    status(desk, visit, "booked")
    make.post(NOW + 2 * MINUTE)
    # Nothing has changed for the patient since the confirmation.
    (confirmed,) = mail_sink.messages
    assert confirmed["Subject"] == "Your visits at Clinique des Lices"
    (dropped,) = by_step(ines)["visit-cancelled"]
    assert (dropped.state, dropped.why) == ("skipped", "The visit takes place after all.")


def status(desk: scheduling.Desk, visit: Appointment, target: str) -> None:
    visits.change_status(
        clinic=desk.clinic, actor=desk.actor, now=NOW + MINUTE,
        change=StatusChange(appointment_id=visit.pk, target=target),
    )  # fmt: skip


def test_a_hold_silences_and_a_release_brings_the_reminders_back(
    desk: scheduling.Desk, course: list[Appointment], ines: Patient
) -> None:
    visits.hold_visits(
        clinic=desk.clinic, actor=desk.actor, now=NOW, patient=ines, reason="screening"
    )
    reminders = [m for key in REMINDERS for m in by_step(ines)[key]]
    assert {(m.state, m.why) for m in reminders} == {("skipped", "The visit is on hold.")}

    status(desk, course[0], "booked")

    for key in REMINDERS:
        first, *others = by_step(ines)[key]
        assert (first.state, first.why) == ("planned", "The visit takes place after all.")
        assert {m.state for m in others} == {"skipped"}


def test_a_release_revives_no_reminder_whose_time_has_passed(
    desk: scheduling.Desk, ines: Patient
) -> None:
    visit = desk.book(ines, desk.at(dt.date(2026, 1, 14), 15))
    visits.change_status(
        clinic=desk.clinic, actor=desk.actor, now=NOW,
        change=StatusChange(appointment_id=visit.pk, target="on_hold", reason="x"),
    )  # fmt: skip
    status(desk, visit, "booked")
    assert by_step(ines)["visit-reminder-48h"][0].state == "skipped"
    assert by_step(ines)["visit-reminder-3h"][0].state == "planned"


# --- sessions, invitations -----------------------------------------------------------------


def test_signing_sends_advice_at_once_and_asks_after_a_day(
    record: SessionRecord, ines: Patient, mail_sink: MailSink
) -> None:
    signed_at = record.signed_at
    assert signed_at is not None
    found = by_step(ines)
    assert found["checkin-24h"][0].due_at == signed_at + DAY
    make.post(signed_at)
    (advice,) = mail_sink.messages
    assert advice["Subject"] == "After your visit at Clinique des Lices"
    assert advice["List-Unsubscribe"] is None
    make.post(signed_at + DAY - MINUTE)
    assert len(mail_sink.messages) == 1
    make.post(signed_at + DAY)
    _advice, ask = mail_sink.messages
    assert "/p/" in plain(ask)
    assert "/check-in/" in html(ask)
    assert ask["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_a_preview_counts_what_booking_then_plans(
    desk: scheduling.Desk, ines: Patient, sessions: list[PlannedSession],
    starts: list[dt.datetime],
) -> None:  # fmt: skip
    starts[2] = starts[1] + 28 * DAY
    preview = message_preview(desk.clinic, ines, starts, NOW)
    assert preview is not None
    assert Message.objects.count() == 0
    make.booked_course(desk, sessions, starts, NOW)
    planned = Message.objects.filter(state="planned").exclude(step_key="booking-confirmation")
    after = ProgrammeStep.objects.for_clinic(desk.clinic).filter(anchor="signed").count() * 3
    assert preview.summary == f"1 confirmation now, {planned.count() + after} messages planned"
    at = sorted(line.at for line in preview.lines if line.at)
    assert set(planned.values_list("due_at", flat=True)) <= set(at)


def test_a_preview_says_where_there_is_no_address(desk: scheduling.Desk, ines: Patient) -> None:
    ines.email = ""
    preview = message_preview(desk.clinic, ines, [desk.at(WEDNESDAY, 10)], NOW)
    assert preview is not None
    assert "Call instead" in preview.summary


# --- the clock of the clinic ---------------------------------------------------------------

CLOCKS = [
    # zone, local start of the visit, local due time of the reminder 48 h and 3 h before
    ("Europe/Paris", "2026-03-29T10:00", "2026-03-27 10:00", "2026-03-28 20:00"),
    ("Europe/Paris", "2026-03-30T14:00", "2026-03-28 14:00", "2026-03-30 11:00"),
    ("Europe/Paris", "2026-10-26T09:30", "2026-10-24 09:30", "2026-10-25 20:00"),
    ("Europe/Paris", "2026-10-25T21:30", "2026-10-23 20:00", "2026-10-25 18:30"),
    ("Australia/Sydney", "2026-04-06T08:00", "2026-04-04 08:00", "2026-04-05 20:00"),
    ("Australia/Sydney", "2026-10-05T10:00", "2026-10-03 10:00", "2026-10-04 20:00"),
    ("Australia/Sydney", "2026-10-04T12:00", "2026-10-02 12:00", "2026-10-04 09:00"),
]


@pytest.mark.parametrize(("zone", "start", "two_days", "three_hours"), CLOCKS)
def test_reminders_keep_the_clinics_clock_and_its_quiet_hours(
    lices: Clinic, ines: Patient, zone: str, start: str, two_days: str, three_hours: str
) -> None:
    lices.time_zone = zone
    anchor = dt.datetime.fromisoformat(start).replace(tzinfo=lices.zone).astimezone(dt.UTC)
    subject = Subject("appointment", ines.pk, ines.pk, anchor)
    planning.plan(lices, ProgrammeStep.Anchor.VISIT, [subject], now=anchor - 20 * DAY)
    found = {m.step_key: m for m in Message.objects.all()}
    assert found["visit-reminder-48h"].due_local == f"{two_days} {zone}"
    assert found["visit-reminder-3h"].due_local == f"{three_hours} {zone}"


@time_machine.travel("2026-03-29 01:30:00+00:00", tick=False)
@pytest.mark.parametrize("zone", ["Europe/Paris", "Australia/Sydney"])
def test_optional_messages_wait_for_the_morning_and_urgent_ones_do_not(
    lices: Clinic, ines: Patient, zone: str
) -> None:
    lices.time_zone = zone
    night = dt.datetime(2026, 3, 28, 22, 30, tzinfo=lices.zone).astimezone(dt.UTC)
    subject = Subject("session", ines.pk, ines.pk, night, is_session=True)
    planning.plan(lices, ProgrammeStep.Anchor.SIGNED, [subject], now=night)
    found = {m.step_key: m for m in Message.objects.all()}
    assert found["aftercare-now"].due_at == night
    assert found["checkin-24h"].due_local == f"2026-03-30 08:00 {zone}"


def test_only_the_newest_screening_says_that_it_runs_out(ines: Patient) -> None:
    screened(ines, now=NOW)
    screened(ines, now=NOW + DAY)

    first, second = Message.objects.filter(patient=ines, subject_type="screening").order_by(
        "due_at"
    )
    assert (first.state, first.why) == ("skipped", "A newer screening is there.")
    assert second.state == "planned"
