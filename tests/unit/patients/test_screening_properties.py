"""The properties of screening, in small here and at 100,000 examples in `make test-slow`."""

from __future__ import annotations

import pytest

from tests.unit.patients.screening_measures import Property
from tests.unit.patients.screening_properties import PROPERTIES


@pytest.mark.parametrize("statement", PROPERTIES, ids=lambda statement: statement.name)
def test_it_holds_for_everybody(statement: Property) -> None:
    statement.run()
