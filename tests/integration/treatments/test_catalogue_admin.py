"""The catalogue in the administration."""

from __future__ import annotations

from uuid import UUID

import pytest
from django.urls import reverse

from mesoclinic.clinic.models import Membership
from tests.factories import treatments as make
from tests.personas import client_for
from treatments.models import IncompatiblePair


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
