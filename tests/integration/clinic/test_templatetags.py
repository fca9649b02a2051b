from __future__ import annotations

import datetime as dt
from decimal import Decimal
from types import SimpleNamespace
from uuid import uuid4

import pytest
from django.template import Context, Template
from django.utils import translation

from mesoclinic.audit.actors import Actor
from mesoclinic.clinic.models import Clinic
from mesoclinic.clinic.templatetags.mesoclinic import register_chips

pytestmark = pytest.mark.django_db
MOMENT = dt.datetime(2026, 7, 1, 22, 30, tzinfo=dt.UTC)


def render(source: str, **context: object) -> str:
    return Template("{% load mesoclinic %}" + source).render(Context(context)).strip()


def test_times_are_the_clinics_own(clinic: Clinic, other_clinic: Clinic) -> None:
    assert render("{{ m|local_time:c }}", m=MOMENT, c=clinic) == "00:30"
    assert render("{{ m|local_date:c }}", m=MOMENT, c=clinic) == "2 Jul 2026"
    assert render("{{ m|local_time:c }}", m=MOMENT, c=other_clinic) == "08:30"


def test_and_written_as_the_reader_writes_them(clinic: Clinic) -> None:
    with translation.override("fr"):
        assert render("{{ m|local_datetime:c }}", m=MOMENT, c=clinic) == "2 juillet 2026, 00:30"


def test_a_plain_date_stays_and_nothing_stays_nothing(clinic: Clinic) -> None:
    assert render("{{ m|local_date:c }}", m=dt.date(2026, 7, 1), c=clinic) == "1 Jul 2026"
    for name in ("local_time", "local_date", "local_datetime"):
        assert render("{{ m|" + name + ":c }}", m=None, c=clinic) == ""


def test_numbers_show_the_digits_that_say_something() -> None:
    for number, words in (("1.500", "1.5"), ("100.000", "100"), ("0.0040", "0.004")):
        assert render("{{ n|exact }}", n=Decimal(number)) == words
    assert render("{{ n|exact }}", n=None) == ""
    with translation.override("fr"):
        assert render("{{ n|exact }}", n=Decimal("1.500")) == "1,5"


def test_nobody_reads_the_number_of_a_link() -> None:
    assert render("{{ w|who }}", w=Actor.for_link(uuid4(), uuid4(), uuid4()).label) == (
        "the patient, by link"
    )
    assert render("{{ w|who }}", w="Dr Ayla Kara") == "Dr Ayla Kara"


def test_chips() -> None:
    shown = render('{% status_chip "expired" "licence" %}')

    assert "chip-stop" in shown
    assert "Licence expired" in shown


def test_a_status_nobody_taught_is_not_blank() -> None:
    assert "mystery" in render('{% status_chip "mystery" "licence" %}')
    assert "<b>" not in render("{% status_chip s 'x' %}", s="<b>")


def test_apps_teach_their_own() -> None:
    register_chips("test", {"late": ("warn", "Late", "clock")})

    assert "bi-clock" in render('{% status_chip "late" "test" %}')


def test_initials() -> None:
    assert render("{{ n|initials }}", n="Ayla Kara") == "AK"


@pytest.mark.parametrize(
    ("role", "expected"), [("practitioner", "yes"), ("receptionist", "no"), (None, "no")]
)
def test_may(role: str | None, expected: str) -> None:
    actor = Actor(kind="staff", id="1", label="A", role=role)
    source = '{% may "clinical" as ok %}{{ ok|yesno:"yes,no" }}'

    assert render(source, request=SimpleNamespace(actor=actor)) == expected
    assert render(source, request=SimpleNamespace(actor=Actor.anonymous())) == "no"
    assert render(source) == "no"
