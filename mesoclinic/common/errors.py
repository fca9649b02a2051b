"""The refusals of the house: every app's `exceptions.py` subclasses one of these four.

A service raises them, and one place per channel translates them: pages in
`mesoclinic.clinic.http`, the API in `mesoclinic.clinic.api`, forms by `add_error`.
"""

from __future__ import annotations

from typing import ClassVar


class DomainError(Exception):
    """A refusal a person can act on.

    `code` is a stable word for programs, `message` the (lazily translated) sentence for people,
    `field` the form or API field it belongs to, `status` the HTTP status the API answers with.
    Subclasses usually set `default_code` and `default_message` and are raised without arguments.
    """

    default_code: ClassVar[str] = "refused"
    default_message: ClassVar[object] = "This can't be done."
    status: ClassVar[int] = 409

    def __init__(
        self, message: object = None, *, code: str | None = None, field: str | None = None
    ) -> None:
        self._message = self.default_message if message is None else message
        self.code = code or self.default_code
        self.field = field
        super().__init__(self._message)

    @property
    def message(self) -> str:
        """The sentence in the language active now (lazy translations are resolved here)."""
        return str(self._message)

    @property
    def details(self) -> dict[str, object]:
        """What programs may want to know besides, ready for JSON; it joins the API's answer."""
        return {}

    def __str__(self) -> str:
        return self.message


class NotFound(DomainError):
    """It does not exist, or not in this clinic: the two are never told apart."""

    default_code: ClassVar[str] = "not_found"
    default_message: ClassVar[object] = "Nothing was found here."
    status: ClassVar[int] = 404


class Forbidden(DomainError):
    """The actor's role does not allow it."""

    default_code: ClassVar[str] = "forbidden"
    default_message: ClassVar[object] = "Your role does not allow this."
    status: ClassVar[int] = 403


class Conflict(DomainError):
    """It clashes with what is stored now: look again and choose anew."""

    default_code: ClassVar[str] = "conflict"
    default_message: ClassVar[object] = (
        "This has changed in the meantime. Look again and repeat it."
    )
    status: ClassVar[int] = 409


class Invalid(DomainError):
    """A value is not acceptable; `field` names it where one field is to blame."""

    default_code: ClassVar[str] = "invalid"
    default_message: ClassVar[object] = "This value is not acceptable."
    status: ClassVar[int] = 400
