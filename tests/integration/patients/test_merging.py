"""Two entries become one with everything in it, and part again exactly as they were."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse

from mesoclinic.audit.actors import Actor
from mesoclinic.audit.models import AuditEntry
from mesoclinic.clinic.models import Clinic, Membership
from mesoclinic.common.errors import Forbidden
from patients import selectors, services
from patients.exceptions import MergeNotUndoable, MergeRefused, PatientClosed
from patients.models import (
    Allergy,
    ContactPreference,
    ExternalIdentifier,
    Patient,
    PatientMerge,
    Screening,
    ScreeningResult,
)
from patients.selectors import Standing
from patients.selectors.paths import owned_tables
from tests.factories import scheduling, treatments
from tests.factories.clinic import PractitionerFactory
from tests.factories.patients import (
    NOW,
    TODAY,
    AllergyFactory,
    LinkFactory,
    MedicineFactory,
    PatientFactory,
    PreferenceFactory,
    actor_for,
    confirmed,
    decided,
    draft_for,
    screened,
)
from treatments.models import SessionRecord

pytestmark = pytest.mark.django_db

DAY = dt.timedelta(days=1)
SignIn = Callable[[Any], Client]
OUTSIDE = {"patients_patient", "patients_patientmerge"}


def pointing_at_patients() -> set[str]:
    """The tables with a foreign key to patients, as the database itself tells."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT conrelid::regclass::text FROM pg_constraint "
            "WHERE contype = 'f' AND confrelid = 'patients_patient'::regclass"
        )
        return {name for (name,) in cursor.fetchall()}


def everything() -> dict[str, list[str]]:
    """All rows of all tables, but for the record of merges and the audit."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        tables = [
            name
            for (name,) in cursor.fetchall()
            if not name.startswith(("audit_", "django_")) and name != "patients_patientmerge"
        ]
        found = {}
        for table in sorted(tables):
            cursor.execute(f'SELECT to_jsonb(t)::text FROM "{table}" t ORDER BY 1')  # noqa: S608
            found[table] = [row for (row,) in cursor.fetchall()]
    return found


def owned_by(patient: Patient) -> dict[str, int]:
    counts = {
        model._meta.db_table: model._default_manager.filter(**{column: patient.pk}).count()
        for model, column in owned_tables().items()
    }
    return {table: count for table, count in counts.items() if count}


@pytest.fixture
def boss(practitioner: Membership) -> Actor:
    return actor_for(practitioner)


@pytest.fixture
def other_doctor(clinic: Clinic) -> Membership:
    made: Membership = PractitionerFactory(clinic=clinic)
    return made


@pytest.fixture
def keep(clinic: Clinic) -> Patient:
    made: Patient = PatientFactory(clinic=clinic, name="Inês Carvalho", phone="", alert="Latex")
    return made


@pytest.fixture
def drop(clinic: Clinic) -> Patient:
    made: Patient = PatientFactory(
        clinic=clinic, name="Ines Carvalo", phone="+33612345678", alert="Faints", notes="Shy"
    )
    return made


@pytest.fixture
def lives(keep: Patient, drop: Patient, practitioner: Membership) -> None:
    """Both have been patients for a while; the dropped one has rows of every immutable kind."""
    stock = treatments.catalogue(keep.clinic)
    desk = scheduling.desk(practitioner)
    for number, who in enumerate((keep, drop)):
        result = screened(who, now=treatments.NOW)
        decided(result, practitioner)
        confirmed(result, now=treatments.NOW)
        plan = treatments.course(stock, practitioner, who=who)
        treatments.signed(plan, stock, practitioner)
        scheduling.visit(desk, who, NOW + DAY * (20 + 10 * number))
        draft_for(who, actor_for(practitioner))
        AllergyFactory(patient=who, source="import", source_ref="same-id")
        MedicineFactory(patient=who)
        LinkFactory(patient=who, expires_at=NOW + DAY * 400)
        ExternalIdentifier.objects.create(
            clinic=who.clinic, patient=who, system="old", value=str(number)
        )
        services.reevaluate(actor=actor_for(practitioner), patient=who, now=NOW)
    PreferenceFactory(patient=drop, allowed=False)
    PreferenceFactory(patient=keep, allowed=True)


def merge(actor: Actor, keep: Patient, drop: Patient) -> PatientMerge:
    return services.merge_patients(actor=actor, keep=keep, drop=drop, now=NOW + DAY)


# --- every path -----------------------------------------------------------------------------------


def test_every_foreign_key_to_patients_is_walked() -> None:
    walked = {model._meta.db_table for model in owned_tables()}
    assert pointing_at_patients() - OUTSIDE == walked


def test_the_guards_are_opened_in_one_place_only() -> None:
    root = Path(settings.BASE_DIR)
    using = {
        str(path.relative_to(root))
        for app in ("mesoclinic", "patients", "treatments", "scheduling", "aftercare")
        for path in (root / app).rglob("*.py")
        if re.search(r"pgtrigger\.ignore\b(?!\`)", path.read_text())
    }
    assert using <= {"patients/services/rows.py"}


# --- merging --------------------------------------------------------------------------------------


@pytest.mark.usefixtures("lives")
def test_everything_moves(boss: Actor, keep: Patient, drop: Patient) -> None:
    both = {
        table: owned_by(keep).get(table, 0) + owned_by(drop).get(table, 0)
        for table in {*owned_by(keep), *owned_by(drop)}
    }
    merge(boss, keep, drop)
    # Of these a patient has one: what the dropped entry said is in the kept one's.
    assert owned_by(drop) == {"patients_contactpreference": 1, "patients_screening": 1}
    after = owned_by(keep)
    for table, count in both.items():
        assert after[table] + owned_by(drop).get(table, 0) >= count, table
    assert ContactPreference.objects.get(patient=keep).allowed is False
    assert Allergy.objects.filter(patient=keep).count() == 2


@pytest.mark.usefixtures("lives")
def test_undoing_is_the_identity(boss: Actor, keep: Patient, drop: Patient) -> None:
    """But for tasks that a judgement of the merged record has brought: those are history."""
    before = everything()
    done = merge(boss, keep, drop)
    assert everything() != before
    services.undo_merge(actor=boss, merge=done, now=NOW + DAY * 2)
    after = everything()
    for table, rows in before.items():
        if table != "aftercare_stafftask":
            assert after[table] == rows, table


@pytest.mark.usefixtures("lives")
def test_signed_rows_are_frozen_again(boss: Actor, keep: Patient, drop: Patient) -> None:
    merge(boss, keep, drop)
    with pytest.raises(DatabaseError), transaction.atomic():
        SessionRecord.objects.filter(patient=keep).update(patient=drop)


def test_the_identity_is_completed(boss: Actor, keep: Patient, drop: Patient) -> None:
    Patient.objects.filter(pk=drop.pk).update(birth_date=dt.date(1985, 5, 17), weight_kg=52)
    Patient.objects.filter(pk=keep.pk).update(weight_kg=80)
    done = merge(boss, keep, drop)
    keep.refresh_from_db()
    assert (keep.phone, keep.alert, keep.notes) == ("+33612345678", "Latex · Faints", "Shy")
    assert (keep.birth_date, keep.weight_kg) == (dt.date(1985, 5, 17), Decimal(52))
    assert keep.email != drop.email
    Patient.objects.filter(pk=keep.pk).update(alert="Written since")
    services.undo_merge(actor=boss, merge=done, now=NOW + DAY * 2)
    keep.refresh_from_db()
    assert (keep.phone, keep.alert) == ("", "Written since")


def test_two_judgements_are_none(boss: Actor, keep: Patient, drop: Patient) -> None:
    """The older entry was contraindicated: a later harmless questionnaire does not hide that."""
    screened(keep, stroke="yes")
    screened(drop, now=NOW + dt.timedelta(hours=1))
    merge(boss, keep, drop)
    status = selectors.screening_status(keep, TODAY + DAY)
    assert status.standing is Standing.EXPIRED
    assert status.valid_until is not None
    assert status.valid_until < TODAY + DAY
    screened(keep, now=NOW + DAY * 2)
    assert selectors.screening_status(keep, TODAY + DAY * 2).standing is Standing.CLEARED


def test_a_fact_of_the_other_entry_weighs(boss: Actor, keep: Patient, drop: Patient) -> None:
    screened(keep)
    MedicineFactory(patient=drop)
    done = merge(boss, keep, drop)
    assert selectors.screening_status(keep, TODAY + DAY).standing is Standing.REVIEW
    services.undo_merge(actor=boss, merge=done, now=NOW + DAY * 2)
    assert selectors.screening_status(keep, TODAY + DAY).standing is Standing.CLEARED
    assert ScreeningResult.objects.count() == 1


def test_links_of_the_dropped_entry_end(boss: Actor, keep: Patient, drop: Patient) -> None:
    link = LinkFactory(patient=drop, expires_at=NOW + DAY * 400)
    merge(boss, keep, drop)
    link.refresh_from_db()
    assert link.patient_id == keep.pk
    assert not link.is_live(NOW + DAY)


def test_what_is_built_on_moved_rows_goes_back_with_them(
    boss: Actor, keep: Patient, drop: Patient, practitioner: Membership
) -> None:
    stock = treatments.catalogue(keep.clinic)
    screened(drop)
    plan = treatments.course(stock, practitioner, who=drop)
    done = merge(boss, keep, drop)
    screened(keep, now=NOW + DAY)
    plan.refresh_from_db()
    late = AllergyFactory(patient=keep)
    SessionRecord.objects.all().delete()
    session = plan.sessions.get(number=1)
    visit = scheduling.visit(scheduling.desk(practitioner), keep, NOW + DAY * 30)
    type(visit).objects.filter(pk=visit.pk).update(plan=plan, planned_session=session)
    services.undo_merge(actor=boss, merge=done, now=NOW + DAY * 2)
    visit.refresh_from_db()
    late.refresh_from_db()
    assert visit.patient_id == drop.pk
    assert late.patient_id == keep.pk
    assert Screening.objects.filter(patient=keep).count() == 1


# --- refusals -------------------------------------------------------------------------------------


def test_refusals(
    boss: Actor, desk: Actor, keep: Patient, drop: Patient, stranger: Patient
) -> None:
    for one, other in ((keep, keep), (keep, stranger)):
        with pytest.raises(MergeRefused):
            merge(boss, one, other)
    with pytest.raises(Forbidden):
        merge(desk, keep, drop)
    done = merge(boss, keep, drop)
    with pytest.raises(PatientClosed):
        merge(boss, keep, drop)
    with pytest.raises(Forbidden):
        services.undo_merge(actor=desk, merge=done, now=NOW + DAY)
    with pytest.raises(MergeNotUndoable):
        services.undo_merge(actor=boss, merge=done, now=NOW + DAY * 32)
    services.undo_merge(actor=boss, merge=done, now=NOW + DAY * 31)
    with pytest.raises(MergeNotUndoable):
        services.undo_merge(actor=boss, merge=done, now=NOW + DAY * 31)


def test_visits_at_the_same_time_refuse(
    boss: Actor, keep: Patient, drop: Patient, practitioner: Membership, other_doctor: Membership
) -> None:
    desk = scheduling.desk(practitioner)
    scheduling.visit(desk, keep, NOW + DAY * 20)
    elsewhere = {"practitioner": other_doctor.staff, "room": None}
    scheduling.visit(desk, drop, NOW + DAY * 20, **elsewhere)
    before = everything()
    with pytest.raises(MergeRefused) as refusal:
        merge(boss, keep, drop)
    assert "two visits" in refusal.value.message
    assert everything() == before


# --- what others see ------------------------------------------------------------------------------


@pytest.fixture
def as_boss(practitioner: Membership, client_for: SignIn) -> Client:
    return client_for(practitioner)


def test_found_merged_and_undone_in_the_browser(
    as_boss: Client, keep: Patient, drop: Patient
) -> None:
    pairs = as_boss.get(reverse("patients:duplicates")).content.decode()
    compare = reverse("patients:merge", args=[keep.pk, drop.pk])
    assert compare in pairs
    assert "+33 6 12 34 56 78" in as_boss.get(compare).content.decode()
    done = as_boss.post(compare)
    chart = reverse("patients:chart", args=[keep.pk])
    assert done["Location"] == chart
    old = as_boss.get(reverse("patients:chart", args=[drop.pk]))
    assert (old.status_code, old["Location"]) == (302, chart)
    assert as_boss.get(compare)["Location"] == as_boss.post(compare)["Location"] == chart
    as_boss.get(chart)  # shows the message that it is done
    assert drop.record_number not in as_boss.get(reverse("patients:list")).content.decode()
    row = PatientMerge.objects.get()
    undo = reverse("patients:merge-undo", args=[row.pk])
    assert undo in as_boss.get(chart).content.decode()
    back = as_boss.post(undo)
    assert back["Location"] == reverse("patients:chart", args=[drop.pk])
    assert as_boss.get(back["Location"]).status_code == 200
    assert undo not in as_boss.get(chart).content.decode()
    assert as_boss.post(reverse("patients:merge-undo", args=[uuid4()])).status_code == 404


def test_the_desk_sees_the_suspicion_and_merges_nothing(
    receptionist: Membership, client_for: SignIn, keep: Patient, drop: Patient
) -> None:
    client = client_for(receptionist)
    page = client.get(reverse("patients:duplicates")).content.decode()
    assert drop.record_number in page
    compare = reverse("patients:merge", args=[keep.pk, drop.pk])
    assert compare not in page
    assert client.post(compare).status_code == 403


def test_merging_is_audited(boss: Actor, keep: Patient, drop: Patient) -> None:
    allergy = AllergyFactory(patient=drop)
    merge(boss, keep, drop)
    entry = AuditEntry.objects.get(object_id=str(allergy.pk), action="update")
    assert entry.fields == ["patient_id"]
    assert entry.actor_id == boss.id
    assert entry.reason == "merge"


def test_the_comparison_says_which_date_of_birth_would_stand(
    as_boss: Client, keep: Patient, drop: Patient
) -> None:
    compare = reverse("patients:merge", args=[keep.pk, drop.pk])
    Patient.objects.update(birth_date=dt.date(1987, 3, 14))
    assert "The dates of birth differ." not in as_boss.get(compare).content.decode()
    Patient.objects.filter(pk=drop.pk).update(birth_date=dt.date(1987, 3, 15))
    assert "The later one, 15 Mar 1987, would stand" in as_boss.get(compare).content.decode()
    as_boss.post(compare)
    keep.refresh_from_db()
    assert keep.birth_date == dt.date(1987, 3, 15)
