"""Read who a FHIR Patient resource is about, as written there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from patients.domain.fhir_values import (
    GUARDIAN,
    IN_EMERGENCY,
    Json,
    day,
    has_coding,
    lines,
    node,
    nodes,
    text,
    texts,
    whole_day,
)


@dataclass(frozen=True)
class Identifier:
    """An identifier of the patient at the source; `system` is a URI."""

    system: str
    value: str


@dataclass(frozen=True)
class ParsedPatient:
    """Who the record is about, as written there. Empty strings and None where it does not say.

    `sex` is female, male, other or unknown; `country` two letters; `language` a BCP 47 tag.
    `alert`, `notes` and `phototype` (1 to 6) come from tables only.
    """

    ref: str
    identifiers: tuple[Identifier, ...] = ()
    name: str = ""
    family: str = ""
    given: str = ""
    preferred: str = ""
    birth_date: date | None = None
    sex: str = "unknown"
    deceased: bool = False
    deceased_on: date | None = None
    phone: str = ""
    email: str = ""
    address: str = ""
    country: str = ""
    language: str = ""
    emergency_contact: str = ""
    guardian: str = ""
    guardian_contact: str = ""
    alert: str = ""
    notes: str = ""
    phototype: int | None = None


def read_patient(ref: str, body: Json, problems: list[str]) -> ParsedPatient:
    """Read a Patient resource; what a person must complete by hand is added to `problems`."""
    official = _official_name(body)
    given, family = " ".join(texts(official, "given")), text(official, "family")
    written = text(official, "text") or f"{given} {family}".strip()
    if not written:
        problems.append("The record has no name: enter it by hand.")
    born = whole_day(body.get("birthDate"))
    if born is None:
        problems.append("The record has no full date of birth: enter it by hand.")
    sex = text(body, "gender").lower()
    died_on = day(body.get("deceasedDateTime"))
    address = _current(body, "address")
    guardian = _person(body, *GUARDIAN)
    return ParsedPatient(
        ref=ref,
        identifiers=tuple(
            dict.fromkeys(
                Identifier(text(item, "system"), text(item, "value"))
                for item in nodes(body, "identifier")
                if text(item, "value")
            )
        ),
        name=written,
        family=family,
        given=given,
        preferred=_nickname(body),
        birth_date=born,
        sex=sex if sex in {"female", "male", "other"} else "unknown",
        deceased=body.get("deceasedBoolean") is True or "deceasedDateTime" in body,
        deceased_on=died_on,
        phone=_contact(body, {"phone", "sms"}),
        email=_contact(body, {"email"}),
        address=_address(address),
        country=_country(text(address, "country")),
        language=_language(body),
        emergency_contact=text(node(_person(body, *IN_EMERGENCY), "name"), "text"),
        guardian=text(node(guardian, "name"), "text"),
        guardian_contact=", ".join(
            text(point, "value") for point in nodes(guardian, "telecom") if text(point, "value")
        ),
    )


def _official_name(body: Json) -> Json:
    names = nodes(body, "name")
    order = ("official", "usual", "", "temp", "anonymous", "nickname", "maiden", "old")
    ranked = sorted(
        names,
        key=lambda one: (
            "end" in node(one, "period"),
            order.index(text(one, "use")) if text(one, "use") in order else len(order),
        ),
    )
    return ranked[0] if ranked else {}


def _nickname(body: Json) -> str:
    for name in nodes(body, "name"):
        if text(name, "use") == "nickname":
            return text(name, "text") or " ".join(texts(name, "given"))
    return ""


def _current(body: Json, key: str) -> Json:
    entries = nodes(body, key)
    current = [one for one in entries if "end" not in node(one, "period")]
    return next(iter(sorted(current, key=lambda one: text(one, "use") == "old")), {})


def _contact(body: Json, systems: set[str]) -> str:
    points = [
        point
        for point in nodes(body, "telecom")
        if text(point, "system") in systems
        and text(point, "value")
        and text(point, "use") != "old"
        and "end" not in node(point, "period")
    ]
    order = {"mobile": 0, "home": 1, "": 2, "work": 3}
    points.sort(key=lambda point: order.get(text(point, "use"), 4))
    return text(points[0], "value") if points else ""


def _person(body: Json, system: str, code: str) -> Json:
    """The contact person in this relation to the patient, or an empty object."""
    return next(
        (
            one
            for one in nodes(body, "contact")
            if any(has_coding(word, system, code) for word in nodes(one, "relationship"))
        ),
        {},
    )


def _address(address: Json) -> str:
    written = lines(address, "text")
    if written:
        return written
    city = " ".join(word for word in (text(address, "postalCode"), text(address, "city")) if word)
    local = [*texts(address, "line"), *(word for word in (city, text(address, "state")) if word)]
    # A country alone is no address.
    return "\n".join(word for word in [*local, text(address, "country")] if word) if local else ""


COUNTRY_CODES = {
    "USA": "US", "GBR": "GB", "FRA": "FR", "DEU": "DE", "ESP": "ES", "ITA": "IT", "PRT": "PT",
    "BEL": "BE", "CHE": "CH", "AUT": "AT", "NLD": "NL", "CAN": "CA", "AUS": "AU", "NZL": "NZ",
    "BRA": "BR", "MEX": "MX", "ARG": "AR", "IRL": "IE", "LUX": "LU", "POL": "PL", "GRC": "GR",
    "SWE": "SE", "NOR": "NO", "DNK": "DK", "FIN": "FI", "TUR": "TR", "JPN": "JP", "IND": "IN",
}  # fmt: skip


def _country(word: str) -> str:
    upper = word.upper()
    if len(upper) == 2 and upper.isascii() and upper.isalpha():
        return upper
    return COUNTRY_CODES.get(upper, "")


def _language(body: Json) -> str:
    spoken = nodes(body, "communication")
    ordered = sorted(spoken, key=lambda one: one.get("preferred") is not True)
    for one in ordered:
        for coding in nodes(node(one, "language"), "coding"):
            if text(coding, "code"):
                return text(coding, "code")
    return ""
