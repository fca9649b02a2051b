"""Tables over the API: sent, matched, checked, imported, taken back."""

from __future__ import annotations

from typing import Any

import pytest

from mesoclinic.clinic.models import Membership
from patients.models import ImportRun, Patient
from tests.integration.patients.calling import Api

pytestmark = pytest.mark.django_db

TABLE = (
    "Name;Born;E-mail;Shoe size\n"
    "Zo\u00e9 Faure;14/03/1981;zoe@patients.example;38\n"
    "Theo Garcon;31/31/1980;;44\n"
    ";01/02/1990;;40\n"
).encode()


@pytest.fixture
def sent(desk_api: Api) -> dict[str, Any]:
    """A table of three lines, one of them good."""
    answer = desk_api.upload("/imports/", "old.csv", TABLE)
    assert answer.status_code == 201, answer.content
    made: dict[str, Any] = answer.json()
    return made


def test_from_the_file_to_the_record_and_back(
    sent: dict[str, Any], desk_api: Api, doctor_api: Api
) -> None:
    path = f"/imports/{sent['id']}/"
    assert (sent["state"], sent["columns"]) == ("mapping", ["Name", "Born", "E-mail", "Shoe size"])
    assert sent["mapping"] == {"0": "name", "1": "birth_date", "2": "email"}
    assert sent["options"]["dates"] == "dmy"

    body = {"columns": sent["mapping"], "dates": "dmy"}
    assert desk_api.put(f"{path}mapping/", body).json()["state"] == "checking"
    checked = desk_api.post(f"{path}advance/").json()
    assert (checked["state"], checked["counts"]) == ("checked", {"good": 1, "bad": 2})
    bad = desk_api.get(f"{path}lines/", state="bad").json()
    assert [one["number"] for one in bad["results"]] == [3, 4]
    assert all(one["problems"] for one in bad["results"])
    assert not Patient.objects.exists()

    assert desk_api.post(f"{path}start/").json()["state"] == "running"
    done = desk_api.post(f"{path}advance/").json()
    assert (done["state"], done["counts"]) == ("done", {"done": 1, "bad": 2})
    assert Patient.objects.get().email == "zoe@patients.example"
    assert desk_api.get("/imports/").json()["results"][0]["id"] == sent["id"]

    assert desk_api.post(f"{path}undo/").status_code == 403
    undone = doctor_api.post(f"{path}undo/").json()
    assert undone["state"] == "undone"
    assert doctor_api.name in undone["undone_by"]
    assert not Patient.objects.exists()
    again = doctor_api.post(f"{path}undo/")
    assert (again.status_code, again.json()["code"]) == (409, "import_not_undoable")


def test_what_makes_no_sense_is_refused_at_its_field(sent: dict[str, Any], desk_api: Api) -> None:
    path = f"/imports/{sent['id']}/mapping/"
    for columns, field in (
        ({"0": "shoe_size"}, "columns"),
        ({"first": "name"}, "columns"),
        ({"1": "birth_date"}, "field"),
        ({"0": "name", "1": "name"}, "field"),
    ):
        refused = desk_api.put(path, {"columns": columns, "dates": "dmy"})
        assert refused.status_code == 400, columns
        assert field in refused.json(), columns
    assert desk_api.put(path, {}).json().keys() == {"columns", "dates"}
    assert desk_api.post(f"/imports/{sent['id']}/start/").json()["code"] == "import_not_ready"
    assert ImportRun.objects.get().state == "mapping"


def test_what_is_no_table_is_refused_and_leaves_nothing(desk_api: Api) -> None:
    refused = desk_api.upload("/imports/", "x.xlsx", b"PK\x03\x04 broken")
    assert (refused.status_code, refused.json()["code"]) == (400, "table_unreadable")
    assert desk_api.post("/imports/").json().keys() == {"file"}
    assert not ImportRun.objects.exists()


def test_a_table_that_was_not_imported_is_discarded(
    sent: dict[str, Any], desk_api: Api, other_practitioner: Membership
) -> None:
    path = f"/imports/{sent['id']}/"
    assert Api(other_practitioner).delete(path).status_code == 404
    assert desk_api.delete(path).status_code == 204
    assert desk_api.get(path).status_code == 404
