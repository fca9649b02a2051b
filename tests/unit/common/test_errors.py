from __future__ import annotations

import pytest

from mesoclinic.common.errors import Conflict, DomainError, Forbidden, Invalid, NotFound


class SlotTaken(Conflict):
    default_code = "slot_taken"
    default_message = "Somebody else has just booked this time."


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        (NotFound, 404, "not_found"),
        (Forbidden, 403, "forbidden"),
        (Conflict, 409, "conflict"),
        (Invalid, 400, "invalid"),
    ],
)
def test_each_kind_has_its_status_code_and_a_sentence(
    kind: type[DomainError], status: int, code: str
) -> None:
    error = kind()

    assert (error.status, error.code, error.field) == (status, code, None)
    assert error.message.endswith(".")


def test_a_subclass_speaks_for_itself() -> None:
    error = SlotTaken(field="start")

    assert (error.code, error.field) == ("slot_taken", "start")
    assert str(error) == error.message == "Somebody else has just booked this time."


def test_message_and_code_can_be_given() -> None:
    error = Invalid("Too long.", code="too_long", field="name")

    assert (error.message, error.code, error.field) == ("Too long.", "too_long", "name")


def test_a_lazy_message_is_read_late() -> None:
    class Lazy:
        language = "en"

        def __str__(self) -> str:
            return {"en": "No.", "fr": "Non."}[self.language]

    lazy = Lazy()
    error = Invalid(lazy)
    lazy.language = "fr"

    assert error.message == "Non."
