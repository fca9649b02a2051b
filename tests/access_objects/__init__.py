"""Which object stands behind which URL, for the walk in `tests/integration/test_access_walk.py`.

Every URL with a stored object in it needs a line here: a maker that takes a clinic, makes the
object there and returns it (or the URL's keyword arguments where there are several).

    @makes("patients:chart", "patients:edit", "admin:patients.patient")
    def _patient(clinic: Clinic) -> Model:
        return PatientFactory(clinic=clinic)

There is one module for each room. Names are URL names as `reverse` takes them, may hold `*`, and the exact one wins. Models in the
administration are named "admin:app.model".
"""

from __future__ import annotations

from tests.access_objects import aftercare, clinic, patients, scheduling, treatments
from tests.access_objects.registry import maker_of, registered_names

__all__ = [
    "aftercare", "clinic", "maker_of", "patients", "registered_names", "scheduling", "treatments",
]  # fmt: skip
