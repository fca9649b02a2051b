"""The chart and the safety record: who sees what, and what it costs."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from mesoclinic.audit.actors import Actor
from mesoclinic.clinic.models import Clinic, Membership
from patients import panels
from patients.models import (
    Allergy,
    Medicine,
    Patient,
    ScreeningConfirmation,
)
from tests.factories.patients import (
    NOW,
    AllergyFactory,
    ConditionFactory,
    MedicineFactory,
    PatientFactory,
    screened,
    seeded,
)
from tests.integration.patients.conftest import ClientFor
from tests.integration.patients.looking import url

pytestmark = pytest.mark.django_db


# --- chart ----------------------------------------------------------------------------------------


def test_the_desk_sees_alert_and_outcome_only(
    at_desk: Client, as_doctor: Client, manager: Membership, client_for: ClientFor, patient: Patient
) -> None:
    Patient.objects.update(alert="Faints", notes="Private")
    MedicineFactory(patient=patient)
    AllergyFactory(patient=patient, text="Salmon")
    screened(patient, keloid="yes")
    secrets = ("Warfarin", "Salmon", "Private", "thick scars")
    for client in (at_desk, client_for(manager)):
        page = client.get(url("chart", patient.pk)).content.decode()
        assert "Faints" in page
        assert "Review" in page
        assert [secret for secret in secrets if secret in page] == []
    full = as_doctor.get(url("chart", patient.pk)).content.decode()
    assert [secret for secret in secrets[:3] if secret not in full] == []


def test_the_dead_are_shown_as_such(as_doctor: Client, patient: Patient) -> None:
    Patient.objects.update(deceased_on="2026-01-02")
    page = as_doctor.get(url("chart", patient.pk)).content.decode()
    assert "This patient has died" in page
    assert url("screening-start", patient.pk) not in page


def test_the_chart_costs_the_same_with_a_long_history(
    as_doctor: Client, clinic: Clinic, practitioner: Membership
) -> None:
    short, long = PatientFactory(clinic=clinic), PatientFactory(clinic=clinic)
    for _ in range(12):
        MedicineFactory(patient=long, text=f"Medicine {_}")
        ConditionFactory(patient=long, text=f"Condition {_}")
        AllergyFactory(patient=long, text=f"Allergy {_}")
        screened(long, keloid="yes")
    screened(short, keloid="yes")

    def cost(patient: Patient) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert as_doctor.get(url("chart", patient.pk)).status_code == 200
        return len(queries)

    assert cost(long) == cost(short)


def test_upper_apps_add_panels_and_entries(
    as_doctor: Client, patient: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(panels, "_panels", {})
    monkeypatch.setattr(panels, "_sources", {})
    monkeypatch.setattr(panels, "_actions", {})
    monkeypatch.setattr(panels, "_kinds", {})

    def load(clinic: Clinic, actor: Actor, shown: Patient, now: Any) -> dict[str, object] | None:
        return {"title": "From above", "text": shown.name} if actor.role == "practitioner" else None

    def entries(*_: Any, limit: int) -> list[panels.TimelineEntry]:
        return [panels.TimelineEntry(at=patient.created_at, kind="x", title="An entry")]

    def actions(*_: Any) -> list[panels.ChartAction]:
        return [panels.ChartAction(label="Do it", url="/do-it/", primary=True)]

    panels.register("above", load, "_components/empty.html", 10)
    panels.register_timeline(entries, {"x": "Things"})
    panels.register_actions(actions)
    page = as_doctor.get(url("chart", patient.pk)).content.decode()
    for words in ("From above", "An entry", "/do-it/"):
        assert words in page


def test_the_time_line_shows_thirty_and_goes_on(as_doctor: Client, patient: Patient) -> None:
    """500 entries: the page costs the same, and every entry can be reached."""
    day = dt.timedelta(days=1)

    def cost(address: str) -> tuple[int, str]:
        with CaptureQueriesContext(connection) as queries:
            page = as_doctor.get(address, headers={"HX-Request": "true"}).content.decode()
        return len(queries), page

    where = url("timeline", patient.pk)
    few, _ = cost(where)
    result = screened(patient)
    ScreeningConfirmation.objects.bulk_create(
        ScreeningConfirmation(
            clinic=patient.clinic, patient=patient, screening=result.screening,
            confirmed_at=NOW + day * number, confirmed_by=f"Nurse {number}", created_at=NOW,
        )
        for number in range(500)
    )  # fmt: skip
    many, page = cost(where)
    assert many <= few + 2  # results and decisions are read where there is a screening
    assert page.count("timeline-item") == 30
    assert "Nurse 499" in page
    assert "Nurse 469" not in page
    _, older = cost(f"{where}?from=30")
    assert "Nurse 469" in older
    assert "<section" not in older
    last, end = cost(f"{where}?from=480")
    assert last == many
    assert "Show older" not in end
    whole = as_doctor.get(f"{url('chart', patient.pk)}?from=30").content.decode()
    assert whole.count("timeline-item") == 60


def test_the_time_line_is_filtered_by_kind(as_doctor: Client, patient: Patient) -> None:
    screened(patient)
    page = as_doctor.get(f"{url('chart', patient.pk)}?kind=patient").content.decode()
    assert page.count("timeline-item") == 1
    assert 'id="kind-screening"' in page
    assert (
        "Nothing of this kind"
        in as_doctor.get(f"{url('chart', patient.pk)}?kind=no").content.decode()
    )


def test_safety_comes_before_the_time_line(as_doctor: Client, patient: Patient) -> None:
    page = as_doctor.get(url("chart", patient.pk)).content.decode()
    assert page.index('id="safety-title"') < page.index('id="timeline-title"')


# --- safety record --------------------------------------------------------------------------------


def test_adding_changing_and_ending(as_doctor: Client, patient: Patient) -> None:
    seeded(patient.clinic)
    where = url("fact-add", patient.pk, "medicine")
    assert as_doctor.get(where).status_code == 200
    assert as_doctor.post(where, {"text": ""}).status_code == 422
    assert as_doctor.post(where, {"text": "Aspirin", "since": "2026-01-01"}).status_code == 302
    fact = Medicine.objects.get()
    edit = url("fact-edit", patient.pk, "medicine", fact.pk)
    assert "Aspirin" in as_doctor.get(edit).content.decode()
    bad = as_doctor.post(edit, {"text": "Aspirin", "since": "2026-01-02", "until": "2026-01-01"})
    assert bad.status_code == 422
    as_doctor.post(edit, {"text": "Aspirin 100", "since": "2026-01-01"})
    as_doctor.post(url("fact-end", patient.pk, "medicine", fact.pk))
    fact.refresh_from_db()
    assert (fact.text, fact.is_active) == ("Aspirin 100", False)
    assert as_doctor.get(url("fact-add", patient.pk, "nonsense")).status_code == 404


def test_an_imported_fact_is_ended_not_rewritten(as_doctor: Client, patient: Patient) -> None:
    fact = AllergyFactory(patient=patient, source="import", source_ref="x")
    edit = url("fact-edit", patient.pk, "allergy", fact.pk)
    assert b"This was imported" in as_doctor.get(edit).content
    changed = as_doctor.post(
        edit, {"text": "Nothing", "severity": "mild", "certainty": "confirmed"}
    )
    assert changed.status_code == 422
    assert Allergy.objects.get().text == "Fish"


def test_the_record_of_another_patient_is_not_reached(
    as_doctor: Client, patient: Patient, stranger: Patient
) -> None:
    other = AllergyFactory(patient=stranger)
    for kind_of in ("fact-edit", "fact-end"):
        for owner in (patient, stranger):
            address = url(kind_of, owner.pk, "allergy", other.pk)
            assert as_doctor.post(address, {"text": "x"}).status_code == 404
