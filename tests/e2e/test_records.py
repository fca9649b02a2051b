"""Records that come in twice, and records that come in by hundreds."""

from __future__ import annotations

import os
import re

import pytest
from playwright.sync_api import FilePayload, Page, expect

from patients.models import Allergy, ImportRow, ImportRun, Medicine, Patient
from tests.e2e import builders
from tests.e2e.builders import Practice
from tests.e2e.conftest import Journey
from tests.factories.patients import AllergyFactory, MedicineFactory, PatientFactory

pytestmark = pytest.mark.django_db(transaction=True)
# 500 in `make test-slow`.
LINES = int(os.environ.get("IMPORT_LINES", "60"))
GOOD = LINES - 3


def test_one_person_twice_is_found_merged_and_parted_again(
    journey: Journey, lices: Practice
) -> None:
    # Given Inês, and the same woman registered once more by telephone with a slip of the pen
    ines = builders.ines(lices)
    again = PatientFactory(
        clinic=lices.clinic, name="Ines Carvallho", birth_date=ines.birth_date, phone=ines.phone
    )
    AllergyFactory(patient=ines, text="Fish", tags=["allergen:fish"])
    MedicineFactory(patient=again, text="Warfarin 5 mg", tags=["anticoagulant"])

    # When Dr Kara looks through the suspicions
    doctor = journey.staff(lices.doctor, "/patients/duplicates/")
    journey.see(doctor, "duplicates")
    doctor.get_by_role("link", name="Compare").click()
    expect(doctor.get_by_role("heading", level=1)).to_have_text("Is this one person?")
    keep = doctor.get_by_role("link", name=f"Keep {ines.record_number} instead")
    if keep.count():
        keep.click()
        expect(doctor.get_by_text(f"Kept: {ines.record_number}")).to_be_visible()
    journey.see(doctor, "compare")
    doctor.get_by_role("button", name="Yes, merge them").click()

    # Then the facts of both stand in the record that was kept
    expect(doctor.get_by_text("is now part of this record")).to_be_visible()
    record = doctor.get_by_role("region", name="Safety record")
    expect(record.get_by_text("Fish", exact=True)).to_be_visible()
    expect(record.get_by_text("Warfarin 5 mg")).to_be_visible()
    assert Medicine.objects.get().patient_id == ines.pk
    journey.see(doctor, "merged")

    # And when it was a mistake, both are as they were
    doctor.get_by_role("button", name="Undo the merge").click()
    _yes(doctor)
    expect(doctor.get_by_text("The two records are apart again.")).to_be_visible()
    assert Medicine.objects.get().patient_id == again.pk
    assert Allergy.objects.get().patient_id == ines.pk


def test_a_table_with_three_bad_lines_is_looked_at_imported_and_taken_back(
    journey: Journey, lices: Practice
) -> None:
    # Given the list of an old program, three lines of which can't be right
    lines = ["Name;Date of birth;E-mail;Allergies"]
    lines += [
        f"Patient {chr(65 + n % 26)}{n};{n % 28 + 1:02}/{n % 12 + 1:02}/{1950 + n % 50};p{n}@example.org;"
        for n in range(LINES)
    ]
    lines[11] = ";01/02/1980;p10@example.org;"
    lines[26] = "Patient Z25;31/02/1980;p25@example.org;"
    lines[41] = "Patient Z40;01/02/1980;p40@;Fish"
    table: FilePayload = {
        "name": "old.csv",
        "mimeType": "text/csv",
        "buffer": "\r\n".join(lines).encode(),
    }
    before = Patient.objects.count()

    # When Dr Kara chooses the file and agrees to what each column was taken for
    doctor = journey.staff(lices.doctor, "/patients/import/")
    doctor.get_by_label("Drop files here, or choose them").set_input_files([table])
    expect(doctor.get_by_role("heading", level=1)).to_have_text("Match the columns")
    journey.see(doctor, "columns")
    doctor.get_by_role("button", name="Check all lines").click()

    # Then the report says which lines are left out and why, and nothing is imported yet
    ready = doctor.get_by_role("heading", name=f"{GOOD} lines can be imported")
    expect(ready).to_be_visible(timeout=60_000)
    assert Patient.objects.count() == before
    doctor.get_by_role("link", name=re.compile(r" 3$")).click()
    for reason in ("The name is missing.", "is no date that can be read", "is no e-mail address"):
        expect(doctor.get_by_text(reason)).to_be_visible()
    journey.see(doctor, "report")

    # When she imports the others
    doctor.get_by_role("button", name=f"Import {GOOD} lines").click()
    expect(doctor.get_by_text("It can be undone until")).to_be_visible(timeout=60_000)
    journey.see(doctor, "imported")
    assert Patient.objects.count() == before + GOOD
    assert ImportRun.objects.get().rows.filter(state=ImportRow.State.BAD).count() == 3

    # And it was the wrong file after all
    doctor.get_by_role("button", name="Undo the import").click()
    _yes(doctor)
    expect(doctor.get_by_text("This import was undone")).to_be_visible(timeout=60_000)
    assert Patient.objects.count() == before


def _yes(page: Page) -> None:
    page.get_by_role("alertdialog").get_by_role("button", name=re.compile("^Undo")).click()
