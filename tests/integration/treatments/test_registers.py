"""What a clinic must be able to prove for years stays complete, and names nobody who was erased."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from html import unescape

import pytest
from django.test import Client

from aftercare.selectors.watch import courses_drifting, recalls_unreached
from mesoclinic.audit.actors import Actor
from mesoclinic.audit.models import AuditEntry
from mesoclinic.clinic.models import Membership
from patients.exceptions import ErasureBlocked
from patients.services import erase_patient
from tests.factories import treatments as make
from tests.personas import client_for
from treatments import services
from treatments.models import AdverseEvent, SessionRecord
from treatments.selectors import trace
from treatments.selectors.events import event_list

NOW = make.NOW
DAY = dt.timedelta(days=1)


def reported(record: SessionRecord, actor: Actor, severity: int) -> AdverseEvent:
    said = services.EventReport(
        effect="infection", severity=severity, onset_on=make.TODAY, session=record
    )
    return services.report_adverse_event(patient=record.patient, report=said, actor=actor, now=NOW)


def table(client: Client, address: str, **asked: str) -> list[dict[str, str]]:
    answer = client.get(address, asked)
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


def words(client: Client, address: str) -> str:
    return unescape(client.get(address).content.decode())


def test_reactions_and_doses_of_an_erased_person_stay_without_a_name(
    stock: make.Catalogue, actor: Actor, practitioner: Membership
) -> None:
    # Given two people treated with one lot, each with a reaction, of whom one is erased
    people = [
        make.patient(stock.clinic, name, family_name=name.split()[1], email=f"{number}@example.org")
        for number, name in enumerate(("Zzyzx Ferro", "Bea Blum"))
    ]
    records = [make.charted(stock.clinic, stock, who) for who in people]
    gone, stays = (reported(one, actor, grade) for one, grade in zip(records, (4, 3), strict=True))
    erase_patient(actor=actor, patient=people[0], now=NOW)
    client = client_for(practitioner)
    lot = stock.lots["vitamin_c"]
    # Then the list and its file count both, as the lot's totals and its trace do
    page = client.get("/reactions/", {"show": "all"}).content.decode()
    rows = table(client, "/reactions/export/", show="all")
    traced = table(client, f"/stock/{lot.pk}/trace/", **{"as": "csv"})
    assert page.count("<tr>") - 1 == len(rows) == len(traced) == trace.totals_of(lot).patients == 2
    trail = client.get(f"/stock/{lot.pk}/trace/").content.decode()
    number = people[0].record_number
    assert (rows[0]["Patient"], rows[0]["Record number"]) == ("Erased record", number)
    assert ("Erased record", number) in {(one["Patient"], one["Record number"]) for one in traced}
    # and none of them names the one who was erased, or leads to a page that is closed
    for text in (page, trail, str(rows), str(traced)):
        assert "Erased record" in text
        assert "Bea Blum" in text
        assert "Zzyzx" not in text
    for address in (
        f"/reactions/{gone.pk}/", f"/patients/{people[0].pk}/lots/",
        f"/sessions/{records[0].planned_session_id}/",
    ):  # fmt: skip
        assert client.get(address).status_code == 404
        assert address not in page + trail
    assert f"/reactions/{stays.pk}/" in page
    # and the name finds nothing, but the record's number does
    assert table(client, "/reactions/export/", show="all", q="Zzyzx") == []
    assert len(table(client, "/reactions/export/", show="all", q=number)) == 1
    assert len(table(client, "/reactions/export/", show="all", q="blum")) == 1


def test_a_recall_says_who_can_not_be_told(
    stock: make.Catalogue, actor: Actor, practitioner: Membership
) -> None:
    # Given four people treated with one lot, of whom one has died and one was erased
    names = ("Ana", "Bea", "Cleo", "Zzyzx")
    ana, bea, cleo, zzyzx = (make.patient(stock.clinic, one, phone="") for one in names)
    for who in (ana, bea, cleo, zzyzx):
        make.charted(stock.clinic, stock, who)
    ana.deceased_on = make.TODAY
    ana.save(update_fields=["deceased_on"])
    erase_patient(actor=actor, patient=zzyzx, now=NOW)
    client = client_for(practitioner)
    lot = stock.lots["vitamin_c"]
    # Then the trace says before the recall how many are told, and the recall who is not
    before = words(client, f"/stock/{lot.pk}/trace/")
    assert "2 patients are told by e-mail" in before
    why = "2 can't be told: 1 has died, 1 record is erased."
    assert why in before
    recall = services.begin_recall(lot=lot, reason="Glass", actor=actor, now=NOW + DAY)
    page = words(client, f"/recalls/{recall.pk}/")
    assert why in page
    assert "0 of 2 reached" in page
    # and the file has a row for everybody
    rows = table(client, f"/recalls/{recall.pk}/", **{"as": "csv"})
    assert {one["Patient"]: one["Message"] for one in rows} == {
        "Bea": "No message", "Cleo": "No message", "Ana": "Can't be told: has died",
        "Erased record": "Can't be told: record erased",
    }  # fmt: skip
    # When one is reached and erased, and the other erased before anybody reached them
    services.note_reached(
        contact=recall.contacts.get(patient=bea), how="phone", note="", actor=actor, now=NOW + DAY
    )
    assert recalls_unreached(stock.clinic) == [(recall, 1, 2)]
    for who in (bea, cleo):
        erase_patient(actor=actor, patient=who, now=NOW + DAY)
    # Then nobody is waited for, and nobody erased is named
    page = words(client, f"/recalls/{recall.pk}/")
    assert "1 of 1 reached" in page
    assert "3 can't be told: 1 has died, 2 records are erased." in page
    assert "Bea" not in page + str(table(client, f"/recalls/{recall.pk}/", **{"as": "csv"}))
    assert recalls_unreached(stock.clinic) == []


def test_a_lot_is_not_recalled_from_the_dead(
    stock: make.Catalogue, actor: Actor, practitioner: Membership
) -> None:
    ana = make.charted(stock.clinic, stock).patient
    ana.deceased_on = make.TODAY
    ana.save(update_fields=["deceased_on"])
    page = words(client_for(practitioner), f"/stock/{stock.lots['vitamin_c'].pk}/trace/")
    assert "There is nobody to tell" in page
    assert "1 can't be told: 1 has died." in page
    assert "Recall and tell them" not in page


def test_an_erasure_ends_what_runs_and_says_so_before(
    stock: make.Catalogue, actor: Actor, practitioner: Membership, manager: Membership
) -> None:
    # Given a course under way, another one planned, and two reactions of which one is settled
    record = make.charted(stock.clinic, stock)
    who, plan = record.patient, record.planned_session.plan
    other = make.course(stock, practitioner, who=who)
    still_open, settled = reported(record, actor, 4), reported(record, actor, 1)
    services.resolve_adverse_event(event=settled, outcome="Gone", actor=actor, now=NOW)
    # When a manager looks, and erases
    said = words(client_for(manager), f"/patients/{who.pk}/data/")
    assert "2 plans are under way: they are stopped." in said
    assert "1 reaction is still open: it is closed without anybody knowing how it ended." in said
    erase_patient(actor=make.actor_of(manager), patient=who, now=NOW + DAY)
    # Then the plans are stopped and the reaction is closed, under the manager's name
    for row in (plan, other):
        row.refresh_from_db()
        assert (row.status, row.status_reason) == ("stopped", "Record erased")
    still_open.refresh_from_db()
    settled.refresh_from_db()
    assert (still_open.ending, still_open.outcome) == ("unknown", "Record erased")
    assert still_open.resolved_at == NOW + DAY
    assert (settled.ending, settled.outcome) == ("recovered", "Gone")
    assert still_open.entries.get(kind="resolved").by_label == manager.staff.full_name
    trail = AuditEntry.objects.filter(model="treatments.treatmentplan", object_id=str(plan.pk))
    last = trail.filter(action="update").latest("pk")
    assert (last.actor_label, last.reason) == (manager.staff.full_name, "erasure")
    # and nothing of it waits for anybody
    assert courses_drifting(stock.clinic, now=NOW + 200 * DAY) == []
    assert not event_list(stock.clinic).exists()
    assert event_list(stock.clinic, "all").count() == 2


def test_what_runs_goes_on_where_the_erasure_is_refused(
    stock: make.Catalogue, actor: Actor, practitioner: Membership
) -> None:
    record = make.charted(stock.clinic, stock)
    plan = record.planned_session.plan
    make.started(plan, practitioner, number=2, now=NOW + 8 * DAY)
    with pytest.raises(ErasureBlocked):
        erase_patient(actor=actor, patient=record.patient, now=NOW + 8 * DAY)
    plan.refresh_from_db()
    assert plan.status == "active"


def test_a_phone_leads_to_the_reactions_and_one_place_is_the_current_one(
    stock: make.Catalogue, practitioner: Membership
) -> None:
    client = client_for(practitioner)
    for address, place in (
        (f"/stock/{stock.lots['vitamin_c'].pk}/trace/", "/stock/"),
        ("/trace/", "/reactions/"), ("/watch/", "/reactions/"), ("/patients/", "/patients/"),
    ):  # fmt: skip
        side, phone = words(client, address).split('class="phone-bar"')
        current = re.findall(r'href="([^"]+)" aria-current="page"', side.split("<main")[0])
        assert current == [place]
        assert {"/reactions/", "/questionnaires/"} <= set(re.findall(r'href="([^"]+)"', phone))


def test_a_session_under_way_is_named_with_the_recall(
    stock: make.Catalogue, actor: Actor, practitioner: Membership
) -> None:
    make.charted(stock.clinic, stock)
    plan = make.course(stock, practitioner, who=make.patient(stock.clinic, "Dana"))
    make.with_map(make.started(plan, practitioner), stock, practitioner)
    lot, other = stock.lots["vitamin_c"], stock.lots["pdrn"]
    recall = services.begin_recall(lot=lot, reason="Glass", actor=actor, now=NOW + DAY)
    client = client_for(practitioner)
    for address in (f"/recalls/{recall.pk}/", f"/stock/{lot.pk}/trace/"):
        page = words(client, address)
        assert f"Dana: the session of {make.TODAY:%-d %b %Y} names this lot" in page
        assert f'href="/sessions/{plan.sessions.get(number=1).pk}/"' in page
    assert "names this lot" not in words(client, f"/stock/{other.pk}/trace/")
