"""Imports of tables: looked at first, whole or not at all, gone on with after a crash, taken back."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from openpyxl import Workbook

from mesoclinic.audit.actors import Actor
from mesoclinic.clinic.models import Clinic, Membership
from mesoclinic.common.errors import Forbidden
from patients import services
from patients.exceptions import ImportNotReady, ImportNotUndoable, TableUnreadable
from patients.models import Allergy, ImportRow, ImportRun, Medicine, Patient
from patients.services import importing, runs
from patients.services.sheets import read_sheet
from tests.factories.patients import (
    NOW,
    AllergyFactory,
    PatientFactory,
    actor_for,
    screened,
    seeded,
)

pytestmark = pytest.mark.django_db

DAY = dt.timedelta(days=1)
SignIn = Callable[[Any], Client]
HEAD = ["N°", "Nom complet", "Né le", "Sexe", "Courriel", "Allergies", "Traitements"]
FHIR = Path(__file__).resolve().parents[2] / "fixtures" / "fhir" / "ines.json"


@pytest.fixture
def boss(practitioner: Membership) -> Actor:
    return actor_for(practitioner)


def line(number: int, **changed: str) -> list[str]:
    values = {
        "number": f"K{number}", "name": f"Patient {chr(65 + number % 26)}{number}",
        "born": f"{number % 28 + 1:02}/{number % 12 + 1:02}/{1950 + number % 50}", "sex": "F",
        "email": f"p{number}@example.org", "allergies": "", "medicines": "",
    }  # fmt: skip
    return list((values | changed).values())


def table(lines: int, bad: dict[int, dict[str, str]] | None = None) -> list[list[str]]:
    return [HEAD, *(line(n, **(bad or {}).get(n, {})) for n in range(lines))]


def as_csv(rows: list[list[str]], delimiter: str = ";", encoding: str = "utf-8-sig") -> bytes:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows(rows)
    return out.getvalue().encode(encoding)


def as_xlsx(rows: list[list[Any]]) -> bytes:
    book, out = Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(out)
    return out.getvalue()


def checked(actor: Actor, clinic: Clinic, data: bytes, **options: str) -> ImportRun:
    run = services.start_table(actor=actor, clinic=clinic, name="old.csv", data=data, now=NOW)
    columns = {0: "number", **{int(n): one for n, one in run.mapping.items()}}
    wanted = {"dates": "dmy", "twice": "skip", **options}
    services.set_mapping(actor=actor, run=run, columns=columns, **wanted)
    return through(actor, run)


def through(actor: Actor, run: ImportRun) -> ImportRun:
    for _step in range(100):
        run = services.advance_run(actor=actor, run=run, now=NOW)
        if run.state not in {"checking", "running"}:
            return run
    raise AssertionError("it never ends")


def imported(actor: Actor, run: ImportRun) -> ImportRun:
    return through(actor, services.start_importing(actor=actor, run=run))


def states(run: ImportRun) -> dict[str, int]:
    return runs.counts_of(run)


# --- reading --------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-8", "cp1252", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_any_csv_is_read(encoding: str, delimiter: str) -> None:
    rows = [["Nom", "Né le"], ["Noémie, née Çelik", "17/05/1980"], ["", ""], ["Zoë", ""]]
    sheet = read_sheet(as_csv(rows, delimiter, encoding))
    assert sheet.columns == ("Nom", "Né le")
    assert [cells[0] for _n, cells in sheet.lines] == ["Noémie, née Çelik", "Zoë"]
    assert [number for number, _cells in sheet.lines] == [2, 4]


def test_a_workbook_is_read() -> None:
    rows: list[list[Any]] = [
        ["Name", "Born", "Id"],
        ["Ana", dt.date(1980, 5, 17), 77.0],
        ["Bo", None, 78],
    ]
    sheet = read_sheet(as_xlsx(rows))
    assert [cells for _n, cells in sheet.lines] == [("Ana", "1980-05-17", "77"), ("Bo", "", "78")]


@pytest.mark.parametrize(
    "data",
    [
        b"", b"  \n", b"name\n", b"PK\x03\x04 broken", b"\x00\x01\x02\x03 no table",
        b"name\n" + b"a\n" * 5001, (",".join("x" * 61) + "\n1\n").encode(),
    ],
)  # fmt: skip
def test_what_is_no_table_is_refused_in_words(data: bytes) -> None:
    with pytest.raises(TableUnreadable):
        read_sheet(data)


# --- checking and importing -----------------------------------------------------------------------


def test_three_bad_lines_of_many(boss: Actor, clinic: Clinic) -> None:
    seeded(clinic)
    PatientFactory(clinic=clinic, name="Aurélie Petit", birth_date=dt.date(1970, 3, 4))
    bad = {
        3: {"name": ""}, 17: {"born": "31/02/1980"}, 30: {"email": "p30@"},
        31: {"name": "Petit Aurelie", "born": "04/03/1970"},
        32: {"allergies": "Fish, latex", "medicines": "Warfarin 5 mg"},
    }  # fmt: skip
    before = Patient.objects.count()
    run = checked(boss, clinic, as_csv(table(60, bad)))
    assert (run.state, states(run)) == ("checked", {"good": 56, "bad": 3, "twice": 1})
    assert Patient.objects.count() == before
    told = {row.number: row.problems for row in run.rows.filter(state="bad")}
    assert told == {
        5: ["The name is missing."],
        19: ["“31/02/1980” is no date that can be read."],
        32: ["“p30@” is no e-mail address."],
    }
    run = imported(boss, run)
    assert (run.state, states(run)) == ("done", {"done": 56, "bad": 3, "twice": 1})
    assert Patient.objects.count() == before + 56
    made = Patient.objects.get(email="p32@example.org")
    assert (made.birth_date, made.sex) == (dt.date(1982, 9, 5), "female")
    assert set(Allergy.objects.get(patient=made, text="Fish").tags) == {"allergen:fish", "allergy"}
    assert Medicine.objects.get(patient=made).tags == ["anticoagulant"]
    assert ImportRow.objects.filter(run=run, state="done").exclude(values=[]).count() == 0


def test_the_same_table_again_changes_nothing(boss: Actor, clinic: Clinic) -> None:
    data = as_csv(table(5))
    imported(boss, checked(boss, clinic, data))
    count = Patient.objects.count()
    again = imported(boss, checked(boss, clinic, data))
    assert states(again) == {"known": 5}
    assert Patient.objects.count() == count


def test_who_stands_twice_in_a_file_is_registered_once_unless_told(
    boss: Actor, clinic: Clinic
) -> None:
    rows = [["Name", "Born"], ["Ana Lima", "1980-05-17"], ["LIMA Ana", "1980-05-17"], ["Ana Lima", "1980-05-17"]]  # fmt: skip
    run = services.start_table(actor=boss, clinic=clinic, name="x", data=as_csv(rows), now=NOW)
    services.set_mapping(actor=boss, run=run, columns={0: "name", 1: "birth_date"}, dates="ymd", twice="skip")  # fmt: skip
    run = through(boss, run)
    assert states(run) == {"good": 2, "twice": 1}


def test_a_crash_loses_nothing_and_does_nothing_twice(
    boss: Actor, clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = services.start_importing(actor=boss, run=checked(boss, clinic, as_csv(table(60))))
    run = services.advance_run(actor=boss, run=run, now=NOW)
    assert states(run) == {"done": 25, "good": 35}

    def killed(*_args: object, **_more: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(importing, "_remember", killed)
        with pytest.raises(KeyboardInterrupt):
            services.advance_run(actor=boss, run=run, now=NOW)
    assert states(run) == {"done": 25, "good": 35}
    assert Patient.objects.filter(clinic=clinic).count() == 25
    while services.go_on_with_runs(now=NOW):
        pass
    run.refresh_from_db()
    assert (run.state, states(run)) == ("done", {"done": 60})
    assert Patient.objects.filter(clinic=clinic).count() == 60


def test_what_is_under_way_is_not_matched_or_discarded(boss: Actor, clinic: Clinic) -> None:
    run = services.start_importing(actor=boss, run=checked(boss, clinic, as_csv(table(3))))
    with pytest.raises(ImportNotReady):
        services.discard_run(actor=boss, run=run)
    with pytest.raises(ImportNotReady):
        services.set_mapping(actor=boss, run=run, columns={0: "name"}, dates="ymd", twice="skip")


# --- taking back ----------------------------------------------------------------------------------


def rows_of(clinic: Clinic) -> list[Any]:
    """All that is known of the patients of a clinic, but for the counter of record numbers."""
    return [
        list(model._default_manager.filter(clinic=clinic).order_by("pk").values())
        for model in (Patient, Allergy, Medicine)
    ]


def test_undoing_is_the_identity_for_who_was_left_alone(boss: Actor, clinic: Clinic) -> None:
    here = PatientFactory(clinic=clinic, name="Ana Lima", phone="", notes="")
    imported(boss, checked(boss, clinic, as_csv([HEAD, line(1, name="Ana Lima")])))
    old = Patient.objects.get(email="p1@example.org")
    AllergyFactory(patient=here)
    before = rows_of(clinic)
    rows = table(8, {1: {"name": "Ana Lima", "allergies": "Latex", "sex": "F"}})
    run = imported(boss, checked(boss, clinic, as_csv(rows)))
    assert Allergy.objects.filter(patient=old, text="Latex").exists()
    assert rows_of(clinic) != before
    undone = services.undo_import(actor=boss, run=run, now=NOW + DAY)
    assert (undone.state, states(undone)) == ("undone", {"undone": 8})
    assert rows_of(clinic) == before
    with pytest.raises(ImportNotUndoable):
        services.undo_import(actor=boss, run=undone, now=NOW + DAY)


def test_who_was_worked_with_since_stays(boss: Actor, clinic: Clinic) -> None:
    run = imported(boss, checked(boss, clinic, as_csv(table(6))))
    one, two, three, *_others = Patient.objects.filter(clinic=clinic).order_by("record_number")
    screened(one)
    AllergyFactory(patient=two)
    services.update_patient(
        actor=boss, patient=three, now=NOW,
        data=services.PatientData(**{**vars(services.PatientData.of(three)), "alert": "Faints"}),
    )  # fmt: skip
    run = services.undo_import(actor=boss, run=run, now=NOW + DAY)
    assert states(run) == {"undone": 3, "kept": 3}
    assert set(Patient.objects.filter(clinic=clinic)) == {one, two, three}


def test_bundles_are_taken_back_alike(boss: Actor, clinic: Clinic) -> None:
    before = rows_of(clinic)
    services.import_bundle(actor=boss, clinic=clinic, data=FHIR.read_bytes(), now=NOW)
    run = ImportRun.objects.get(clinic=clinic)
    assert (run.kind, run.rows.count()) == ("bundle", 1)
    services.undo_import(actor=boss, run=run, now=NOW + DAY)
    assert rows_of(clinic) == before
    again = services.import_bundle(actor=boss, clinic=clinic, data=FHIR.read_bytes(), now=NOW)
    assert again[0].created


def test_too_late_or_not_entitled(boss: Actor, clinic: Clinic, receptionist: Membership) -> None:
    run = imported(boss, checked(boss, clinic, as_csv(table(2))))
    with pytest.raises(Forbidden):
        services.undo_import(actor=actor_for(receptionist), run=run, now=NOW)
    with pytest.raises(ImportNotUndoable):
        services.undo_import(actor=boss, run=run, now=NOW + DAY * 31)
    assert services.forget_old_cells(now=NOW + DAY * 31) == 2
    assert not ImportRow.objects.filter(run=run).exclude(trace={}).exists()


# --- pages ----------------------------------------------------------------------------------------


def test_a_table_by_hand(practitioner: Membership, client_for: SignIn, clinic: Clinic) -> None:
    browser = client_for(practitioner)
    file = SimpleUploadedFile("old.csv", as_csv(table(4, {2: {"born": "soon"}})))
    answer: Any = browser.post(reverse("patients:import"), {"bundles": [file]})
    run = ImportRun.objects.get()
    page = reverse("patients:import-run", args=[run.pk])
    assert answer.url == page
    assert "Courriel" in browser.get(page).content.decode()
    wanted = {"dates": "dmy", "twice": "skip", "column_1": "name", "column_2": "name"}
    assert browser.post(page, wanted).status_code == 422
    browser.post(page, wanted | {"column_2": "birth_date", "column_4": "email"})
    step = [reverse("patients:import-step", args=[run.pk, name]) for name in ("advance", "start", "undo")]  # fmt: skip
    assert "Checking the lines" in browser.get(page).content.decode()
    answer = browser.post(step[0], headers={"HX-Request": "true"})
    assert answer["HX-Redirect"] == page
    report = browser.get(page).content.decode()
    assert "3 lines can be imported" in report
    assert "no date that can be read" in report
    mend = browser.get(reverse("patients:import-lines", args=[run.pk])).content.decode("utf-8-sig")
    assert list(csv.reader(io.StringIO(mend)))[1][2] == "soon"
    browser.post(step[1])
    browser.post(step[0])
    assert Patient.objects.filter(clinic=clinic).count() == 3
    assert "It can be undone until" in browser.get(page).content.decode()
    browser.post(step[2])
    assert Patient.objects.filter(clinic=clinic).count() == 0
    assert "This import was undone" in browser.get(page).content.decode()


def test_an_unreadable_table_says_so(practitioner: Membership, client_for: SignIn) -> None:
    file = SimpleUploadedFile("old.xlsx", b"PK\x03\x04 broken")
    answer = client_for(practitioner).post(reverse("patients:import"), {"bundles": [file]})
    assert answer.status_code == 422
    assert "damaged" in answer.content.decode()


def test_bundles_by_hand_make_one_run(practitioner: Membership, client_for: SignIn) -> None:
    other = json.loads(FHIR.read_text("utf-8"))
    files = [
        SimpleUploadedFile("a.json", FHIR.read_bytes()),
        SimpleUploadedFile("b.json", json.dumps(other).encode()),
        SimpleUploadedFile("c.json", b"{}"),
    ]
    answer = client_for(practitioner).post(reverse("patients:import"), {"bundles": files})
    assert "2 imported, 1 refused" in answer.content.decode()
    assert ImportRun.objects.get().rows.count() == 2
