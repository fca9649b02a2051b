"""A lot withdrawn or recalled while a session that gave it is not signed yet."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
import time_machine
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse
from pypdf import PdfReader
from rest_framework.test import APIClient

from aftercare.models import Message, StaffTask
from aftercare.selectors.watch import recalls_unreached
from aftercare.services import seeding as aftercare
from aftercare.services.watch import look_round
from mesoclinic.audit.actors import Actor
from mesoclinic.clinic.models import Membership
from tests.factories import treatments as make
from tests.personas import client_for
from treatments import services
from treatments.exceptions import LotRefused, LotShort
from treatments.models import (
    Lot,
    LotRecall,
    RecallContact,
    SessionAddendum,
    SessionDose,
    SessionRecord,
    StockMovement,
)
from treatments.selectors import trace
from treatments.services.recalls import join_recalls

NOW = make.NOW
MINUTE = dt.timedelta(minutes=1)
SIGNED = NOW + 20 * MINUTE
WORD = "was given before it was withdrawn on"


@pytest.fixture
def ana(stock: make.Catalogue) -> SessionRecord:
    """Ana got the lot in an earlier, signed session."""
    aftercare.seed_clinic(stock.clinic)
    who = make.patient(stock.clinic, "Ana", email="ana@example.org")
    return make.charted(stock.clinic, stock, who)


@pytest.fixture
def dana(stock: make.Catalogue, practitioner: Membership, ana: SessionRecord) -> SessionRecord:
    """Dana is in the chair: the lot is drawn up and its points are marked, nothing is signed."""
    who = make.patient(stock.clinic, "Dana", email="dana@example.org")
    plan = make.course(stock, practitioner, who=who)
    return make.with_map(make.started(plan, practitioner), stock, practitioner)


@pytest.fixture
def lot(stock: make.Catalogue) -> Lot:
    """The lot of vitamin C."""
    return stock.lots["vitamin_c"]


def recall(lot: Lot, actor: Actor, at: dt.datetime = NOW + 10 * MINUTE) -> LotRecall:
    return services.begin_recall(lot=lot, reason="Glass in the vial", actor=actor, now=at)


def sign(
    record: SessionRecord, actor: Actor, *lots: Lot, at: dt.datetime = SIGNED
) -> SessionRecord:
    return services.sign_session(
        record=record, actor=actor, now=at, given_before={one.pk for one in lots}
    )


def test_without_the_word_nothing_is_signed_and_the_refusal_says_both_ways(
    dana: SessionRecord, lot: Lot, stock: make.Catalogue, actor: Actor
) -> None:
    recall(lot, actor)
    # A word for another lot is none for this one.
    for said in ([], [stock.lots["hyaluronic_acid"]]):
        with pytest.raises(LotRefused) as refused:
            sign(dana, actor, *said)
        assert refused.value.code == "lot_withdrawn_since"
        assert "Choose another one if it was not given." in refused.value.message
        assert "confirm that it was given before the lot was withdrawn" in refused.value.message
    dana.refresh_from_db()
    assert not dana.is_signed
    assert not SessionAddendum.objects.exists()
    assert RecallContact.objects.count() == 1


def test_with_the_word_the_record_is_signed_and_the_patient_is_told_like_the_others(
    dana: SessionRecord, lot: Lot, actor: Actor
) -> None:
    # Given a recall of which the one patient was reached, so that its task is over
    begun = recall(lot, actor)
    first = begun.contacts.get()
    services.note_reached(contact=first, how="phone", note="", actor=actor, now=NOW + 11 * MINUTE)
    look_round(dana.clinic, now=NOW + 12 * MINUTE)
    old = StaffTask.objects.get(kind="recall")
    assert old.done_at
    left = Lot.objects.get(pk=lot.pk).quantity
    # When the session is signed with the word, twice
    for _ in range(2):
        signed = sign(dana, actor, lot)
    # Then the word is in the record for good, with its author
    assert signed.is_signed
    (said,) = signed.addenda.all()
    assert said.text.startswith(f"Lot {lot.number} {WORD}")
    assert (said.written_by_id, said.written_at) == (actor.staff_id, SIGNED)
    with pytest.raises(DatabaseError), transaction.atomic():
        SessionAddendum.objects.update(text="never")
    # and what was drawn up has left the shelf, once
    assert Lot.objects.get(pk=lot.pk).quantity == left - 1
    assert StockMovement.objects.get(session_id=dana.pk, lot=lot).amount == Decimal(-1)
    # and the patient stands in the recall, with the message of the others
    assert {one.patient.name for one in trace.contacts_of(begun)} == {"Ana", "Dana"}
    hers = begun.contacts.get(patient=dana.patient)
    mails = Message.objects.filter(subject_type="recall").order_by("pk")
    assert {one.subject_id for one in mails} == {first.pk, hers.pk}
    assert (
        len({(one.template_key, one.is_urgent, one.is_essential, one.state) for one in mails}) == 1
    )
    # and the practitioners' task is open again, also after the next round
    task = StaffTask.objects.get(kind="recall", done_at=None)
    assert task.detail.endswith("1/2")
    assert task.due_at == SIGNED + dt.timedelta(hours=24)
    look_round(dana.clinic, now=SIGNED + MINUTE)
    task.refresh_from_db()
    assert task.done_at is None
    # until a person says that it is over
    StaffTask.objects.filter(pk=task.pk).update(done_at=SIGNED + 2 * MINUTE, done_by="Ayla")
    assert recalls_unreached(dana.clinic) == []


def test_an_open_task_counts_who_joins(dana: SessionRecord, lot: Lot, actor: Actor) -> None:
    recall(lot, actor)
    assert StaffTask.objects.get(kind="recall").detail.endswith("0/1")
    sign(dana, actor, lot)
    assert StaffTask.objects.get(kind="recall").detail.endswith("0/2")


@pytest.mark.parametrize("before", [MINUTE, dt.timedelta(days=1)])
def test_a_lot_withdrawn_before_the_session_began_is_refused_whatever_is_said(
    dana: SessionRecord, lot: Lot, actor: Actor, before: dt.timedelta
) -> None:
    recall(lot, actor, NOW - before)
    with pytest.raises(LotRefused) as refused:
        sign(dana, actor, lot)
    assert refused.value.code == "lot_withdrawn"
    assert not SessionDose.objects.filter(session=dana).exists()


@pytest.mark.parametrize(
    ("change", "error", "code"),
    [
        ({"expires_on": dt.date(2026, 1, 12)}, LotRefused, "lot_expired"),
        ({"quantity": Decimal(0)}, LotShort, "lot_short"),
        (
            {"opened_at": NOW, "use_until": NOW + MINUTE}, LotRefused, "lot_open_too_long",
        ),
    ],
)  # fmt: skip
def test_the_word_is_for_the_withdrawal_only(
    dana: SessionRecord, lot: Lot, actor: Actor,
    change: dict[str, Any], error: type[LotRefused | LotShort], code: str,
) -> None:  # fmt: skip
    recall(lot, actor)
    Lot.objects.filter(pk=lot.pk).update(**change)
    with pytest.raises(error) as refused:
        sign(dana, actor, lot)
    assert refused.value.code == code


def test_a_lot_withdrawn_without_a_recall_is_signed_and_can_be_recalled_then(
    dana: SessionRecord, lot: Lot, actor: Actor
) -> None:
    services.withdraw_lot(lot=lot, reason="Cloudy", actor=actor, now=NOW)
    signed = sign(dana, actor, lot)
    assert WORD in signed.addenda.get().text
    assert not RecallContact.objects.exists()
    assert recall(lot, actor, SIGNED + MINUTE).contacts.count() == 2


def test_who_has_died_or_stands_there_already_is_not_told_again(
    ana: SessionRecord, lot: Lot, practitioner: Membership, stock: make.Catalogue, actor: Actor
) -> None:
    # Given Ana's second session under way at the recall, and Cleo, who got the lot and has died
    day = dt.timedelta(days=7)
    plan = ana.planned_session.plan
    again = make.started(plan, practitioner, number=2, now=NOW + day)
    again = make.with_map(again, stock, practitioner)
    hers = make.charted(stock.clinic, stock, make.patient(stock.clinic, "Cleo"))
    hers.patient.deceased_on = make.TODAY
    hers.patient.save(update_fields=["deceased_on"])
    begun = recall(lot, actor, NOW + day + MINUTE)
    # When the session is signed
    sign(again, actor, lot, at=NOW + day + 20 * MINUTE)
    join_recalls(record=hers, actor=actor, now=NOW + day + 20 * MINUTE)
    # Then nobody joins
    assert [one.patient.name for one in begun.contacts.all()] == ["Ana"]
    assert Message.objects.filter(subject_type="recall").count() == 1


def form(record: SessionRecord, **change: Any) -> dict[str, Any]:
    columns = ("ingredient", "dose", "lot", "syringe")
    data = {f"row-{name}": [row.get(name, "") for row in record.draft] for name in columns}
    return {**data, "notes": "", "reaction": "", "pain_score": "", **change}


@time_machine.travel(SIGNED, tick=False)
def test_the_page_asks_for_the_word_only_then_and_keeps_what_was_typed(
    dana: SessionRecord, lot: Lot, stock: make.Catalogue, actor: Actor, practitioner: Membership
) -> None:
    client = client_for(practitioner)
    url = reverse("treatments:session", args=[dana.planned_session_id])
    press = reverse("treatments:session-sign", args=[dana.planned_session_id])
    assert "given_before" not in read(client, url)
    recall(lot, actor)
    # The lot can still be chosen, and the tick is not set.
    tick = f'name="given_before" value="{lot.pk}" hx-preserve'
    page = read(client, url)
    assert f'value="{lot.pk}" selected' in page
    assert tick + ">" in page
    assert "Ready to sign" not in page
    # Without it nothing typed is lost
    answer = client.post(press, form(dana, notes="Calm, no pain"))
    page = unescape(answer.content.decode())
    assert answer.status_code == 409
    assert "Choose another one if it was not given. If it was, confirm" in page
    assert "Calm, no pain" in page
    assert f'value="{lot.pk}" selected' in page
    # and a tick set stays set while something else is missing.
    page = unescape(
        client.post(press, form(dana, **{"row-dose": ["", "1"], "given_before": str(lot.pk)}))
        .content.decode()
    )  # fmt: skip
    assert tick + " checked>" in page
    # With it the record is signed and says so, on paper too.
    said = {"given_before": [str(lot.pk), "nonsense"]}
    assert client.post(press, form(dana, **said)).headers["Location"] == url
    assert f"Lot {lot.number} {WORD}" in read(client, url)
    paper = client.get(reverse("treatments:session-pdf", args=[dana.planned_session_id])).content
    pages = PdfReader(io.BytesIO(paper)).pages
    assert WORD in " ".join(" ".join(one.extract_text() for one in pages).split())
    # A session that begins afterwards is not offered the lot.
    later = make.course(stock, practitioner, who=make.patient(stock.clinic, "Eva"))
    other = make.started(later, practitioner, now=SIGNED)
    assert str(lot.pk) not in read(client, f"/sessions/{other.planned_session_id}/")


def read(client: Client, url: str) -> str:
    return unescape(client.get(url).content.decode())


def test_the_api_takes_the_word_as_a_field(
    dana: SessionRecord, lot: Lot, actor: Actor, practitioner: Membership
) -> None:
    recall(lot, actor)
    api = APIClient()
    api.force_login(practitioner.staff)
    url = reverse("api-session-sign", args=[dana.planned_session_id])
    with time_machine.travel(SIGNED, tick=False):
        refused = api.post(url)
        signed = api.post(url, {"given_before_withdrawal": True}, format="json")
    assert (refused.status_code, refused.json()["code"]) == (409, "lot_withdrawn_since")
    assert signed.status_code == 200
    assert WORD in signed.json()["addenda"][0]["text"]
    assert RecallContact.objects.count() == 2
