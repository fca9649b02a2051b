"""The catalogue in the administration."""

from __future__ import annotations

from uuid import UUID

import pytest
from django.urls import reverse

from mesoclinic.clinic.models import Membership
from tests.factories import treatments as make
from tests.personas import client_for
from treatments.models import IncompatiblePair, Protocol


@pytest.mark.parametrize("smaller_first", [True, False])
def test_a_pair_is_stored_in_whichever_order_it_was_chosen(
    stock: make.Catalogue, manager: Membership, *, smaller_first: bool
) -> None:
    IncompatiblePair.objects.for_clinic(stock.clinic).delete()
    smaller, larger = sorted([stock.hyaluron.pk, stock.pdrn.pk])
    first, second = (smaller, larger) if smaller_first else (larger, smaller)
    data: dict[str, str | UUID] = {
        "clinic": stock.clinic.pk, "first": first, "second": second,
        "reason": "They clot", "level": "stop", "source": "",
    }  # fmt: skip
    address = reverse("admin:treatments_incompatiblepair_add")
    answer = client_for(manager).post(address, data)
    assert answer.status_code == 302
    pair = IncompatiblePair.objects.get(clinic=stock.clinic)
    assert (pair.first_id, pair.second_id) == (smaller, larger)


def test_a_manager_changes_the_phases_of_a_protocol_and_takes_its_approval_back(
    stock: make.Catalogue, manager: Membership
) -> None:
    Protocol.objects.filter(pk=stock.protocol.pk).update(approved_at=make.NOW)
    phase = stock.protocol.phases.all()[0]
    address = reverse("admin:treatments_protocol_change", args=[stock.protocol.pk])
    fields = [
        "id", "order", "name", "sessions_min", "sessions_planned", "sessions_max", "gap_min",
        "gap_ideal", "gap_max", "gap_unit",
    ]  # fmt: skip
    data = {f"phases-0-{name}": str(getattr(phase, name)) for name in fields} | {
        "name": stock.protocol.name, "is_active": "on", "source": stock.protocol.source,
        "description": stock.protocol.description, "phases-TOTAL_FORMS": "1",
        "phases-INITIAL_FORMS": "1", "phases-0-protocol": str(stock.protocol.pk),
    }  # fmt: skip
    client = client_for(manager)
    refused = client.post(address, data | {"phases-0-gap_min": "300"})
    assert "Least, ideal and greatest gap go up from 1 in this order." in refused.text
    client.post(address, data | {"phases-0-gap_min": "1"})
    row = Protocol.objects.get(pk=stock.protocol.pk)
    assert (row.phases.get(pk=phase.pk).gap_min, row.version) == (1, 2)
    assert row.approved_at is None
