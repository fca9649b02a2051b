"""What a clinic must be able to prove for years stays complete, and names nobody who was erased."""

from __future__ import annotations

import csv
import datetime as dt
import io

from django.test import Client

from mesoclinic.audit.actors import Actor
from mesoclinic.clinic.models import Membership
from patients.services import erase_patient
from tests.factories import treatments as make
from tests.personas import client_for
from treatments import services
from treatments.models import AdverseEvent, SessionRecord
from treatments.selectors import trace

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
