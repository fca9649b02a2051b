"""Tables become records or sentences, never both, and never another error."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patients.domain.tables import (
    ORDERS,
    TARGETS,
    Plan,
    guess,
    guess_order,
    plan_problems,
    read_date,
    read_line,
    same_person_key,
)

TODAY = date(2026, 3, 10)
cells = st.lists(st.text(max_size=30), max_size=8)
plans = st.builds(
    Plan,
    st.dictionaries(st.integers(0, 9), st.sampled_from(sorted(TARGETS))),
    st.sampled_from(ORDERS),
)


@given(cells, plans)
def test_a_line_is_a_record_or_has_problems(line: list[str], plan: Plan) -> None:
    found = read_line(line, plan, TODAY)
    assert (found.record is None) == bool(found.problems)
    if found.record is not None:
        assert found.record.patient.name.strip()
        born = found.record.patient.birth_date
        assert born is None or date(1896, 1, 1) <= born <= TODAY


@given(st.dates(date(1000, 1, 1), date(2026, 3, 10)), st.sampled_from(["-", "/", ".", " "]))
def test_a_date_is_read_in_its_order(day: date, mark: str) -> None:
    parts = {"y": f"{day.year}", "m": f"{day.month:02}", "d": f"{day.day}"}
    for order in ORDERS:
        assert read_date(mark.join(parts[one] for one in order), order) == day
    assert read_date(day.isoformat(), "mdy") == day


@pytest.mark.parametrize(
    ("texts", "order"),
    [
        (["1980-05-17", "1991-12-31"], "ymd"),
        (["17.05.1980", "01.02.1990"], "dmy"),
        (["05/17/1980", "01/02/1990"], "mdy"),
        (["01/02/1990"], "dmy"),
        (["05/17/1980", "17/05/1980"], "dmy"),
        ([], "ymd"),
    ],
)
def test_the_order_is_guessed(texts: list[str], order: str) -> None:
    assert guess_order(texts) == order


def test_headings_are_recognised_in_several_languages() -> None:
    headings = [
        "N° dossier",
        "Nom",
        "Prénom",
        "Né le",
        "Courriel",
        "Portable",
        "Rue",
        "Ville",
        "Vu",
    ]
    plan = guess(headings, [["7", "Le Goff", "Anaïs", "17/05/1980"]])
    assert list(plan.columns.values()) == [
        "number", "family_name", "given_name", "birth_date", "email", "phone", "address", "address",
    ]  # fmt: skip
    assert (plan.dates, plan_problems(plan)) == ("dmy", [])
    assert guess(["Nom", "Tel"], []).columns == {0: "name", 1: "phone"}
    assert guess(["Nom", "Née le"], [["A", "17/05/1980"]]) == Plan(
        {0: "name", 1: "birth_date"}, "dmy"
    )
    assert plan_problems(Plan({0: "email", 1: "email"})) == ["name", "twice:email"]


def test_a_line_is_read_whole() -> None:
    headings = [
        "name",
        "dob",
        "sex",
        "allergies",
        "medication",
        "street",
        "city",
        "skin type",
        "id",
    ]
    plan = guess(headings, [])
    line = ["  Anaïs  Le Goff ", "1980-05-17", "Frau", "Fish, none; latex", "Warfarin 5 mg, daily; Zinc", "1 rue X", "Rennes", "IV", "77"]  # fmt: skip
    record = read_line(line, plan, TODAY).record
    assert record is not None
    who = record.patient
    assert (who.name, who.sex, who.address, who.phototype) == ("Anaïs Le Goff", "female", "1 rue X\nRennes", 4)  # fmt: skip
    assert [one.substance for one in record.allergies] == ["Fish", "latex"]
    assert [one.name for one in record.medicines] == ["Warfarin 5 mg, daily", "Zinc"]
    assert who.identifiers[0].value == "77"
    assert same_person_key(record) == "anais le goff 1980-05-17"


@pytest.mark.parametrize(
    ("target", "text", "kind"),
    [
        ("birth_date", "17 May", "unreadable"),
        ("birth_date", "2031-01-01", "impossible"),
        ("birth_date", "1880-01-01", "impossible"),
        ("email", "anais@", "unreadable"),
        ("sex", "maybe", "unknown"),
        ("country", "Atlantis", "unknown"),
        ("language", "Elvish", "unknown"),
        ("phototype", "9", "unknown"),
        ("alert", "x" * 201, "long"),
    ],
)
def test_what_must_be_corrected_is_said(target: str, text: str, kind: str) -> None:
    found = read_line(["Anaïs", text], Plan({0: "name", 1: target}), TODAY)
    assert [(one.target, one.kind) for one in found.problems] == [(target, kind)]
    assert found.label == "Anaïs"


def test_the_same_line_is_the_same_person_wherever_it_stands() -> None:
    plan = Plan({0: "name", 1: "email"})
    one, two = (read_line(["Ana", mail], plan, TODAY).record for mail in ("A@x.org", "a@x.org "))
    assert one is not None
    assert two is not None
    assert one.patient.ref == two.patient.ref
