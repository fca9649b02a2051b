"""What follows a session: events with their life, trace and recall, the watch, results."""

from __future__ import annotations

import csv
import datetime as dt
import io
from decimal import Decimal

import pytest
import time_machine
from django.db import DatabaseError, transaction
from django.test import Client

from aftercare.models import Message, StaffTask
from aftercare.services import seeding as aftercare
from aftercare.services.watch import look_round
from mesoclinic.audit.actors import Actor
from mesoclinic.audit.models import AuditEntry
from mesoclinic.clinic.models import Membership
from mesoclinic.common.errors import Invalid
from tests.factories import treatments as make
from tests.personas import client_for
from treatments import services
from treatments.exceptions import EventClosed, EventOpen, LotRefused, NobodyToTell, WrongPlanStatus
from treatments.models import AdverseEvent, AdverseEventEntry, Lot, SessionRecord, TreatmentPlan
from treatments.panels import recall_messages
from treatments.selectors import outcomes, trace
from treatments.selectors.watch import watch

NOW = make.NOW
DAY = dt.timedelta(days=1)


def report(plan: TreatmentPlan, actor: Actor, **fields: object) -> AdverseEvent:
    values: dict[str, object] = {"effect": "swelling", "severity": 3, "onset_on": make.TODAY}
    return services.report_adverse_event(
        patient=plan.patient,
        report=services.EventReport(**{**values, **fields}),  # type: ignore[arg-type]
        actor=actor,
        now=NOW,
    )


def stops(plan: TreatmentPlan, now: dt.datetime) -> set[str]:
    session = plan.sessions.get(number=1)
    answer = services.assess_readiness(planned_session=session, at="chair", now=now, on=make.TODAY)
    return {one.code for one in answer.reasons if one.weighs.value == "stop"}


def test_a_severe_event_stops_the_next_session_until_it_is_judged_milder_or_closed(
    plan: TreatmentPlan, actor: Actor
) -> None:
    before = stops(plan, NOW)
    event = report(plan, actor)
    new = stops(plan, NOW) - before
    assert new
    follow = services.FollowUp(2, "better", "probable", "Cold compress, seen again")
    event = services.follow_adverse_event(event=event, follow_up=follow, actor=actor, now=NOW)
    assert not stops(plan, NOW) & new
    event = services.resolve_adverse_event(event=event, outcome="Gone", actor=actor, now=NOW + DAY)
    with pytest.raises(EventClosed):
        services.follow_adverse_event(event=event, follow_up=follow, actor=actor, now=NOW)
    event = services.reopen_adverse_event(event=event, reason="Is back", actor=actor, now=NOW + DAY)
    with pytest.raises(EventOpen):
        services.reopen_adverse_event(event=event, reason="Again", actor=actor, now=NOW + DAY)
    kinds = [one.kind for one in event.entries.all()]
    assert kinds == ["reported", "followed", "resolved", "reopened"]
    with pytest.raises(DatabaseError), transaction.atomic():
        AdverseEventEntry.objects.update(text="never")


def test_the_list_is_filtered_and_exported(
    plan: TreatmentPlan, actor: Actor, practitioner: Membership
) -> None:
    report(plan, actor, description="=cmd()")
    report(plan, actor, severity=1, effect="bruising")
    client = client_for(practitioner)
    page = client.get("/reactions/", {"severity": "3"}).content.decode()
    assert "Swelling" in page.split("<tbody>")[1]
    assert "Bruise" not in page.split("<tbody>")[1]
    assert client.get("/reactions/", {"q": "nobody"}).content.count(b"<tbody>") == 0
    answer = client.get("/reactions/export/", {"show": "all", "severity": "3"})
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert len(rows) == 2
    assert "'=cmd()" in rows[1]


def test_three_patients_of_a_lot_are_told_and_who_was_reached_is_kept(
    stock: make.Catalogue, actor: Actor
) -> None:
    aftercare.seed_clinic(stock.clinic)
    lot = stock.lots["vitamin_c"]
    people = [
        make.patient(stock.clinic, name, email=f"{name.lower()}@example.org")
        for name in ("Ana", "Bea", "Cleo")
    ]
    records = [make.charted(stock.clinic, stock, who) for who in people]
    totals = trace.totals_of(lot)
    assert (totals.patients, totals.sessions) == (3, 3)
    (line, *_others) = trace.trace_lines(lot, trace.sessions_with(lot))
    assert line.points == 6
    assert line.mixed_with == (stock.lots["hyaluronic_acid"].number,)
    back = trace.lots_of_patient(people[0])
    assert {one.lot.number for one in back} == {lot.number, stock.lots["hyaluronic_acid"].number}

    recall = services.begin_recall(lot=lot, reason="Glass", actor=actor, now=NOW + DAY)
    again = services.begin_recall(lot=lot, reason="Glass", actor=actor, now=NOW + DAY)
    assert again == recall
    mails = Message.objects.filter(subject_type="recall")
    assert {one.patient_id for one in mails} == {one.pk for one in people}
    assert all(one.is_urgent and one.is_essential for one in mails)
    with pytest.raises(LotRefused):
        services.scan_lot(
            record=make.started(records[0].planned_session.plan, _member(stock), number=2, now=NOW + 8 * DAY),
            code=lot.number, actor=actor, now=NOW + 8 * DAY,
        )  # fmt: skip
    contact = recall.contacts.get(patient=people[0])
    assert recall_messages(stock.clinic, [contact.pk]) == {contact.pk: "planned"}
    task = StaffTask.objects.get(kind="recall")
    assert (task.subject_id, task.role) == (recall.pk, "clinical")
    assert task.detail.endswith("0/3")
    services.note_reached(contact=contact, how="phone", note="Fine", actor=actor, now=NOW + DAY)
    assert [one.reached_at is None for one in trace.contacts_of(recall)] == [True, True, False]
    # The task lasts until everybody is known to know.
    look_round(stock.clinic, now=NOW + DAY)
    task.refresh_from_db()
    assert task.detail.endswith("1/3")
    # Or until a person says with a word that it is over: it does not come back every hour.
    kept = StaffTask.objects.filter(pk=task.pk)
    kept.update(done_at=NOW + DAY, done_by="Ayla", outcome="Two have moved away.")
    assert look_round(stock.clinic, now=NOW + DAY)["recall"] == 0
    kept.update(done_at=None, done_by="", outcome="")
    for other in recall.contacts.all():
        services.note_reached(contact=other, how="mail", note="", actor=actor, now=NOW + DAY)
    look_round(stock.clinic, now=NOW + DAY)
    task.refresh_from_db()
    assert task.done_at
    with pytest.raises(Invalid):
        services.note_reached(contact=contact, how="smoke", note="", actor=actor, now=NOW)


def _member(stock: make.Catalogue) -> Membership:
    return Membership.objects.filter(clinic=stock.clinic, role="practitioner").first()  # type: ignore[return-value]


def test_a_lot_nobody_got_is_not_recalled(stock: make.Catalogue, actor: Actor) -> None:
    with pytest.raises(NobodyToTell):
        services.begin_recall(lot=stock.lots["pdrn"], reason="Glass", actor=actor, now=NOW)
    assert Lot.objects.get(pk=stock.lots["pdrn"].pk).withdrawn_at is None


def test_the_watch_counts_sessions_with_events_by_group(
    stock: make.Catalogue, actor: Actor
) -> None:
    records = [make.charted(stock.clinic, stock) for _ in range(3)]
    for record in records[:2]:
        report(record.planned_session.plan, actor, session=record, effect="infection")
    report(records[2].planned_session.plan, actor, session=records[2], effect="redness")
    found = watch(stock.clinic, make.TODAY - 30 * DAY, make.TODAY + DAY)
    assert (found.sessions, found.events) == (3, 2)
    groups = {one.kind: one for one in found.groups}
    _name, judged = groups["lot"].rows[0]
    assert (judged.tally.sessions, judged.tally.events) == (3, 2)
    assert found.late[0] == 2
    assert groups["room"].rows == ()


def test_results_are_kept_after_the_signature_and_averaged(
    stock: make.Catalogue, actor: Actor, plan: TreatmentPlan, practitioner: Membership
) -> None:
    unsigned = make.started(plan, practitioner)
    with pytest.raises(WrongPlanStatus):
        services.review_outcome(
            session=unsigned, judgement=services.Judgement("patient", 2), actor=actor, now=NOW
        )
    record = make.charted(stock.clinic, stock)
    for judgement in (("practitioner", 1, None), ("practitioner", 4, None), ("patient", 2, 9)):
        services.review_outcome(
            session=record, judgement=services.Judgement(*judgement), actor=actor, now=NOW
        )
    (result,) = outcomes.results(stock.clinic, make.TODAY - DAY, make.TODAY)
    assert (result.name, result.count, result.improved) == ("Skin hydration", 3, 67)
    assert (result.practitioner, result.patient, result.satisfaction) == (2.5, 2, 9)
    # one month is a dash: a quarter of the way down, for 2 on a scale from 1 to 5
    assert outcomes.curve(result.months, "patient", 1, 5) == "46.0,12.0 54.0,12.0"


def _table(client: Client, address: str, **asked: str) -> list[dict[str, str]]:
    answer = client.get(address, {"as": "csv", **asked})
    assert answer.headers["Content-Type"].startswith("text/csv"), address
    assert answer.headers["Cache-Control"] == "no-store", address
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


def test_results_watch_and_recall_are_taken_away_as_files(
    stock: make.Catalogue, actor: Actor
) -> None:
    # Given two sessions of one lot, one followed by an infection and judged, then a recall
    records = [make.charted(stock.clinic, stock) for _ in range(2)]
    report(records[0].planned_session.plan, actor, session=records[0], effect="infection")
    for gais in (1, 4):
        services.review_outcome(
            session=records[0], judgement=services.Judgement("practitioner", gais, 7),
            actor=actor, now=NOW,
        )  # fmt: skip
    lot = stock.lots["vitamin_c"]
    recall = services.begin_recall(lot=lot, reason="Glass", actor=actor, now=NOW + DAY)
    known = recall.contacts.get(patient=records[1].patient)
    services.note_reached(
        contact=known, how="phone", note="=HYPERLINK(1)", actor=actor, now=NOW + DAY
    )
    client = client_for(_member(stock))
    with time_machine.travel(NOW + DAY, tick=True):
        # Then the results stand month by month
        assert _table(client, "/results/") == [
            {
                "Indication": "Skin hydration", "Month": f"{make.TODAY:%Y-%m}",
                "Practitioners": "2.50", "Patients": "", "Satisfaction": "7.00", "Judgements": "2",
            }
        ]  # fmt: skip
        assert _table(client, "/results/", until="2020-01-31") == []
        # and the watch says what its page says
        lines = {(one["Kind"], one["Name"]): one for one in _table(client, "/watch/")}
        line = lines["Lots", lot.number]
        assert (line["Reactions"], line["Sessions"], line["Rate"]) == ("1", "2", "0.5000")
        assert lines["Late signs of infection", "Week 1"]["Reactions"] == "1"
        # and the recall tells whom nobody has reached, first
        waiting, told = _table(client, f"/recalls/{recall.pk}/")
    assert (waiting["Patient"], waiting["Reached on"]) == (records[0].patient.name, "")
    assert (told["Patient"], told["How"]) == (records[1].patient.name, "By phone")
    assert told["What was said"] == "'=HYPERLINK(1)"
    # and that patients' data was read stands on record, once for each page
    read = AuditEntry.objects.filter(model="treatments.recallcontact", action="read")
    assert read.count() == 1


def test_every_page_of_this_part_opens(stock: make.Catalogue, actor: Actor) -> None:
    record = make.charted(stock.clinic, stock)
    event = report(record.planned_session.plan, actor, session=record)
    recall = services.begin_recall(
        lot=stock.lots["vitamin_c"], reason="Glass", actor=actor, now=NOW + DAY
    )
    client = client_for(_member(stock))
    lot, session = stock.lots["vitamin_c"].pk, record.planned_session_id
    with time_machine.travel(NOW + DAY, tick=True):
        for address in (
            f"/sessions/{session}/", f"/sessions/{session}/pictures/", f"/sessions/{session}/result/",
            f"/reactions/{event.pk}/", f"/reactions/{event.pk}/pictures/", "/trace/?q=L",
            f"/stock/{lot}/trace/", f"/patients/{record.patient_id}/lots/",
            f"/recalls/{recall.pk}/", "/watch/", "/results/", "/reactions/",
        ):  # fmt: skip
            assert client.get(address).status_code == 200, address
    assert SessionRecord.objects.get(pk=record.pk).doses.count() == 2
    assert Decimal(trace.totals_of(stock.lots["vitamin_c"]).dose) == Decimal("0.06")
