"""The invented clinics and the people who work there."""

from __future__ import annotations

from dataclasses import dataclass

PASSWORD = "demo-Mesoderm-2026"  # noqa: S105  (printed by `make run`, for invented people only)


@dataclass(frozen=True)
class Person:
    """A staff member: e-mail (login), name, role, title, licence number, colour in the calendar."""

    email: str
    name: str
    role: str
    title: str = ""
    licence: str = ""
    colour: str = "#0e6f6d"
    language: str = "en"


@dataclass(frozen=True)
class Place:
    """A clinic with its people, rooms, and how many patients it gets."""

    slug: str
    fields: dict[str, str]
    people: tuple[Person, ...]
    rooms: tuple[str, ...]
    patients: int
    # Numbers that the country's regulator keeps free for films and books.
    phone_prefix: str


ZITA = Person("zita@demo.example", "Zita Novák", "manager")

LICES = Place(
    slug="lices",
    fields={
        "name": "Clinique des Lices",
        "time_zone": "Europe/Paris",
        "hemisphere": "north",
        "country": "FR",
        "language": "fr",
        "address": "12 place des Lices\n35000 Rennes",
        "phone": "+33 2 99 00 00 12",
        "emergency_number": "15",
        "sender_name": "Clinique des Lices",
        "sender_email": "bonjour@lices.example",
    },
    people=(
        Person("ayla@demo.example", "Ayla Kara", "practitioner", "Dr", "FR-35-10291", "#0e6f6d"),
        Person("rui@demo.example", "Rui Lin", "practitioner", "Dr", "FR-35-11872", "#2b5fa8"),
        Person("efe@demo.example", "Efe Öz", "practitioner", "Nurse", "FR-35-20417", "#6a4bb0"),
        Person("noor@demo.example", "Noor Haddad", "receptionist"),
        ZITA,
    ),
    rooms=("Room 1", "Room 2", "Room 3", "Office"),
    patients=170,
    phone_prefix="+3326191",
)

HARBOUR = Place(
    slug="harbour",
    fields={
        "name": "Harbour Skin",
        "time_zone": "Australia/Sydney",
        "hemisphere": "south",
        "country": "AU",
        "language": "en",
        "address": "3 Quay Street\nSydney NSW 2000",
        "phone": "+61 2 5550 0134",
        "emergency_number": "000",
        "sender_name": "Harbour Skin",
        "sender_email": "hello@harbour.example",
    },
    people=(
        Person("ruth@demo.example", "Ruth Tane", "practitioner", "Dr", "MED0001234567", "#0e6f6d"),
        Person(
            "kofi@demo.example", "Kofi Mensah", "practitioner", "Dr", "MED0007654321", "#9a5b00"
        ),
        Person("mia@demo.example", "Mia Johansson", "receptionist"),
        ZITA,
    ),
    rooms=("Harbour room", "Garden room", "Office"),
    patients=130,
    phone_prefix="+6125550",
)

PLACES = (LICES, HARBOUR)
ADMIN = Person("admin@demo.example", "Sam Root", "administrator")
