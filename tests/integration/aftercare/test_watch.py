"""The hourly round: silence, drifting courses, stock and missing screenings become tasks, once."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import translation

from aftercare.models import CareSettings, Message, StaffTask
from aftercare.services import care, tasks, watch
from mesoclinic.audit.actors import Actor
from mesoclinic.audit.services import audited
from mesoclinic.clinic.models import Clinic, Membership
from scheduling.models import Appointment
from tests.factories import aftercare as make
from tests.factories import scheduling, treatments
from tests.integration.aftercare.reading import plain
from tests.mailsink import MailSink
from treatments.models import Lot, PlannedSession, SessionRecord, Technique, TreatmentPlan

DAY = dt.timedelta(days=1)


def invited(record: SessionRecord, at: dt.datetime, state: str = "sent") -> Message:
    """An invitation to check in that went out."""
    return make.message(
        record.patient, at, template_key="checkin", step_key="checkin", subject_type="session",
        subject_id=record.pk, state=state, sent_at=at, recipient="ines@example.org",
        schedule_version=int(at.timestamp()) % 30_000,
    )  # fmt: skip


@pytest.fixture
def signed_at(record: SessionRecord) -> dt.datetime:
    assert record.signed_at is not None
    make.template(record.clinic, "checkin", body="{{ checkin_link }}")
    return record.signed_at


def open_tasks(kind: str) -> list[StaffTask]:
    return list(StaffTask.objects.filter(kind=kind, done_at=None))


@pytest.mark.parametrize("state", ["sent", "delivered"])
def test_two_invitations_without_an_answer_are_a_call(
    record: SessionRecord, signed_at: dt.datetime, state: str
) -> None:
    invited(record, signed_at + DAY, state)
    watch.look_round(record.clinic, now=signed_at + 3 * DAY)
    assert open_tasks("checkin_silent") == []

    invited(record, signed_at + 3 * DAY, state)
    watch.look_round(record.clinic, now=signed_at + 3.5 * DAY)
    assert open_tasks("checkin_silent") == []  # a day to answer
    for _n in range(2):
        watch.look_round(record.clinic, now=signed_at + 5 * DAY)
    (task,) = open_tasks("checkin_silent")
    assert (task.patient_id, task.role) == (record.patient_id, "front_desk")
    assert task.detail == f"Last visit: {record.performed_on:%Y-%m-%d}"

    # Whoever was called is not called again next hour.
    member = record.practitioner.memberships.get()
    tasks.finish_task(
        actor=treatments.actor_of(member), clinic=record.clinic, task_id=task.pk,
        outcome="All is well.", now=signed_at + 5 * DAY,
    )  # fmt: skip
    watch.look_round(record.clinic, now=signed_at + 6 * DAY)
    assert open_tasks("checkin_silent") == []


def test_a_patient_is_called_once_about_all_sessions(
    record: SessionRecord, signed_at: dt.datetime, plan: TreatmentPlan,
    stock: treatments.Catalogue, practitioner: Membership,
) -> None:  # fmt: skip
    """About the last one; a word about any session is a word."""
    second = treatments.signed(plan, stock, practitioner, number=2, now=signed_at + 7 * DAY)
    for session, days in ((record, (1, 3)), (second, (8, 10))):
        for day in days:
            invited(session, signed_at + day * DAY)
    watch.look_round(record.clinic, now=signed_at + 12 * DAY)
    (task,) = open_tasks("checkin_silent")
    assert task.subject_id == second.pk
    watch.look_round(record.clinic, now=signed_at + 13 * DAY)
    assert open_tasks("checkin_silent") == [task]

    member = record.practitioner.memberships.get()
    tasks.finish_task(
        actor=treatments.actor_of(member), clinic=record.clinic, task_id=task.pk,
        outcome="All is well.", now=signed_at + 13 * DAY,
    )  # fmt: skip
    watch.look_round(record.clinic, now=signed_at + 14 * DAY)
    assert open_tasks("checkin_silent") == []

    StaffTask.objects.filter(pk=task.pk).update(created_at=signed_at - 90 * DAY)
    make.checkin(record, signed_at + 11 * DAY)
    watch.look_round(record.clinic, now=signed_at + 15 * DAY)
    assert open_tasks("checkin_silent") == []


def test_an_answer_or_another_number_of_invitations_is_no_silence(
    record: SessionRecord, signed_at: dt.datetime
) -> None:
    for days in (1, 3):
        invited(record, signed_at + days * DAY)
    CareSettings.objects.create(clinic=record.clinic, silent_after=3)
    watch.look_round(record.clinic, now=signed_at + 5 * DAY)
    CareSettings.objects.update(silent_after=2)
    make.checkin(record, signed_at + 3.5 * DAY)
    watch.look_round(record.clinic, now=signed_at + 5 * DAY)
    assert open_tasks("checkin_silent") == []


def test_a_course_whose_window_ends_unbooked_is_a_task_until_it_is_over(
    record: SessionRecord, plan: TreatmentPlan, signed_at: dt.datetime
) -> None:
    found = [
        day
        for day in range(0, 126, 7)
        if watch.look_round(record.clinic, now=signed_at + day * DAY)["off_protocol"]
    ]
    assert found == list(range(found[0], found[-1] + 1, 7))
    assert found[0] > 0
    task = StaffTask.objects.get(kind="off_protocol")
    assert (task.subject_id, task.patient_id) == (plan.pk, plan.patient_id)
    assert task.outcome == "This has settled itself."


def test_what_a_person_has_finished_rests_while_it_says_the_same(
    record: SessionRecord, signed_at: dt.datetime
) -> None:
    member = record.practitioner.memberships.get()
    lot = Lot.objects.for_clinic(record.clinic).earliest("expires_on")
    at = dt.datetime.combine(lot.expires_on - 2 * DAY, dt.time(9), dt.UTC)

    def about_it(now: dt.datetime) -> list[StaffTask]:
        watch.look_round(record.clinic, now=now)
        return [one for one in open_tasks("stock") if one.subject_id == lot.pk]

    (soon,) = about_it(at)
    tasks.finish_task(
        actor=treatments.actor_of(member), clinic=record.clinic, task_id=soon.pk,
        outcome="A new one is ordered.", now=at,
    )  # fmt: skip
    assert about_it(at + DAY / 24) == []
    # It says more: out of date now.
    (gone,) = about_it(at + 3 * DAY)
    assert gone.title != soon.title
    # What the system has closed begins anew as soon as there is a reason.
    with audited(Actor.system(record.clinic.pk)), translation.override("fr"):
        tasks.close_tasks(
            kind=StaffTask.Kind.STOCK, subject_id=lot.pk, outcome="", now=at + 3 * DAY
        )
    assert len(about_it(at + 3 * DAY)) == 1
    # Nor is anything forgotten for good.
    tasks.finish_task(
        actor=treatments.actor_of(member), clinic=record.clinic, task_id=about_it(at + 3 * DAY)[0].pk,
        outcome="Thrown away tomorrow.", now=at + 3 * DAY,
    )  # fmt: skip
    assert about_it(at + 32 * DAY) == []
    assert len(about_it(at + 34 * DAY)) == 1


def test_stock_out_of_date_is_a_task_about_nobody(
    record: SessionRecord, signed_at: dt.datetime
) -> None:
    lot = Lot.objects.for_clinic(record.clinic).earliest("expires_on")
    at = dt.datetime.combine(lot.expires_on + 2 * DAY, dt.time(9), dt.UTC)
    for _n in range(2):
        watch.look_round(record.clinic, now=at)
    tasks_of_lot = [one for one in open_tasks("stock") if one.subject_id == lot.pk]
    assert [(one.patient_id, one.role) for one in tasks_of_lot] == [(None, "management")]


def test_a_session_whose_screening_has_run_out_is_a_task_until_there_is_a_new_one(
    desk: scheduling.Desk, plan: TreatmentPlan, sessions: list[PlannedSession]
) -> None:
    """Only sessions count, only the next five days, and only once however often one looks."""
    start = desk.at(dt.date(2027, 1, 14), 15)
    desk.book(plan.patient, start - DAY)
    visit = desk.book(plan.patient, start)
    Appointment.objects.filter(pk=visit.pk).update(plan=plan, planned_session=sessions[0])
    watch.look_round(desk.clinic, now=start - 6 * DAY)
    assert open_tasks("screening_expired") == []
    for _n in range(2):
        watch.look_round(desk.clinic, now=start - 4 * DAY)
    (task,) = open_tasks("screening_expired")
    assert (task.patient_id, task.role) == (plan.patient_id, "front_desk")
    assert task.due_at == start - DAY

    treatments.screen(plan.patient, at=start - 4 * DAY, valid_until=dt.date(2027, 12, 31))
    watch.look_round(desk.clinic, now=start - 3 * DAY)
    assert open_tasks("screening_expired") == []


@pytest.mark.parametrize(("deep", "is_on"), [(True, True), (True, False), (False, True)])
def test_late_infections_are_watched_for_after_deep_techniques_where_the_clinic_wants_it(
    lices: Clinic, stock: treatments.Catalogue, plan: TreatmentPlan, practitioner: Membership,
    mail_sink: MailSink, deep: bool, is_on: bool,
) -> None:  # fmt: skip
    Technique.objects.filter(pk=stock.nappage.pk).update(is_skin_breaking_deep=deep)
    CareSettings.objects.update_or_create(clinic=lices, defaults={"late_watch": is_on})
    signed = treatments.signed(plan, stock, practitioner).signed_at
    assert signed is not None
    found = Message.objects.filter(template_key="late-watch").order_by("due_at")
    days = [(one.due_at.date() - signed.date()).days for one in found]
    assert days == ([14, 28, 56, 84] if deep and is_on else [])
    if days:
        make.post(found[0].due_at)
        ask = plain(mail_sink.messages[-1])
        assert "/check-in/" in ask


def test_what_is_planned_of_the_late_watch_follows_its_switch(
    lices: Clinic, stock: treatments.Catalogue, plan: TreatmentPlan, practitioner: Membership,
    manager: Membership,
) -> None:  # fmt: skip
    Technique.objects.filter(pk=stock.nappage.pk).update(is_skin_breaking_deep=True)
    signed = treatments.signed(plan, stock, practitioner).signed_at
    assert signed is not None
    late = Message.objects.filter(template_key="late-watch").order_by("due_at")
    dropped = late[3]
    Message.objects.filter(pk=dropped.pk).update(state="skipped", why="Not sent, said Zita.")

    def switch(*, on: bool, days: int) -> list[str]:
        row = care.settings_of(lices)
        row.late_watch = on
        care.save(actor=treatments.actor_of(manager), row=row, now=signed + days * DAY)
        return [one.state for one in late.all()]

    assert switch(on=False, days=1) == ["skipped"] * 4
    assert "switched" in late.all()[0].why
    other = Message.objects.exclude(template_key="late-watch").filter(subject_type="session")
    assert {one.state for one in other} == {"planned"}
    # On again after three weeks: what is past stays out, and what somebody else left out.
    assert switch(on=True, days=21) == ["skipped", "planned", "planned", "skipped"]
    assert switch(on=True, days=22) == ["skipped", "planned", "planned", "skipped"]


def test_late_check_ins_of_several_sessions_that_meet_are_one_about_the_oldest(
    stock: treatments.Catalogue, plan: TreatmentPlan, practitioner: Membership, mail_sink: MailSink
) -> None:
    """Four weeks after the first session, two after the second: one mail, also over an hour."""
    Technique.objects.filter(pk=stock.nappage.pk).update(is_skin_breaking_deep=True)
    for number, days in ((1, 0), (2, 14)):
        treatments.signed(plan, stock, practitioner, number=number, now=treatments.NOW + days * DAY)
    meet = Message.objects.filter(step_key="late-watch-4w").earliest("due_at")
    late = Message.objects.get(step_key="late-watch-2w", due_at=meet.due_at)
    late.due_at = late.next_try_at = late.due_at + dt.timedelta(hours=1)
    late.expires_at = meet.expires_at + 30 * DAY
    late.save()
    for hours in (0, 2):
        make.post(meet.due_at + dt.timedelta(hours=hours))
    states = dict(
        Message.objects.filter(pk__in=[meet.pk, late.pk]).values_list("step_key", "state")
    )
    assert states == {"late-watch-4w": "sent", "late-watch-2w": "skipped"}
    late.refresh_from_db()
    assert "together" in late.why
    # It may have to wait for a day with fewer messages: then it lasts as long as the longest.
    meet.refresh_from_db()
    assert meet.expires_at == late.expires_at


def test_a_stock_task_is_read_in_every_language_and_keeps_up_with_the_lot(
    record: SessionRecord,
) -> None:
    """Soon out of date, then out of date: one task whose words change, named without words."""
    lot = Lot.objects.for_clinic(record.clinic).earliest("expires_on")
    read = []
    for days in (-3, 2):
        at = dt.datetime.combine(lot.expires_on + days * DAY, dt.time(9), dt.UTC)
        with translation.override("fr"):
            watch.look_round(record.clinic, now=at)
        (task,) = (one for one in open_tasks("stock") if one.subject_id == lot.pk)
        read.append((task.pk, task.title))
        assert task.about == f"{lot.product.name} · {lot.number} · {lot.expires_on}"
        assert task.due_at.astimezone(record.clinic.zone).time() == record.clinic.sending_from
    assert [words for _pk, words in read] == [
        "runs out of date soon", "has run out of date, take it off the shelf"
    ]  # fmt: skip
    assert read[0][0] == read[1][0]
