"""Read patients from a table of a spreadsheet: which column is what, and each line as a record. Pure.

A table says nothing about itself, so `guess` proposes what each column is and how dates are
written, a person looks at it and corrects it (`Plan`), and `read_line` gives every line as the
same `ParsedRecord` that a FHIR bundle becomes, or sentences about what must be corrected.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from patients.domain.fhir import ParsedAllergy, ParsedCondition, ParsedMedicine, ParsedRecord
from patients.domain.fhir_patient import COUNTRY_CODES, Identifier, ParsedPatient
from patients.domain.record import is_denial
from patients.domain.terms import normalise

NUMBER_SYSTEM = "urn:table:number"
"""System of the identifiers that a column “number in the old system” gives."""
OLDEST = 130
_LISTS = frozenset({"allergies", "medicines", "conditions"})
# Several columns may be these: their cells are put one under the other.
JOINED = frozenset({"address", "notes", *_LISTS})

# What a column may be → words by which it is recognised, without accents and in lower case.
TARGETS: dict[str, tuple[str, ...]] = {
    "name": ("name", "full name", "patient", "patient name", "nom complet", "nom et prenom", "nome completo"),
    "given_name": ("first name", "given name", "given names", "forename", "prenom", "vorname", "nombre", "primeiro nome"),
    "family_name": ("last name", "family name", "surname", "nom", "nom de famille", "nachname", "apellido", "apellidos", "cognome", "apelido", "sobrenome"),
    "preferred_name": ("preferred name", "known as", "nickname", "nom d usage", "rufname"),
    "birth_date": ("birth date", "date of birth", "dob", "born", "birthday", "date de naissance", "naissance", "ne le", "nee le", "ne e le", "geburtsdatum", "geburtstag", "geboren", "fecha de nacimiento", "nacimiento", "data di nascita", "nascita", "data de nascimento", "nascimento"),
    "sex": ("sex", "gender", "sexe", "geschlecht", "sexo", "sesso", "genre"),
    "email": ("email", "e mail", "mail", "email address", "courriel", "adresse email", "correo"),
    "phone": ("phone", "mobile", "telephone", "phone number", "mobile phone", "cell", "tel", "portable", "telefon", "handy", "telefono", "movil", "telemovel"),
    "address": ("address", "street", "address 1", "address 2", "city", "town", "postcode", "postal code", "zip", "zip code", "adresse", "rue", "ville", "code postal", "strasse", "ort", "plz", "direccion", "ciudad", "indirizzo", "morada"),
    "country": ("country", "pays", "land", "pais", "paese"),
    "language": ("language", "langue", "sprache", "idioma", "lingua"),
    "emergency_contact": ("emergency contact", "emergency", "in case of emergency", "next of kin", "contact d urgence", "personne a prevenir", "notfallkontakt"),
    "guardian": ("guardian", "parent", "legal guardian", "representant legal", "tuteur", "vormund"),
    "guardian_contact": ("guardian contact", "guardian phone", "parent phone"),
    "number": ("id", "number", "record number", "patient id", "patient number", "file number", "numero", "n dossier", "numero de dossier", "nummer", "patientennummer", "ref", "reference"),
    "alert": ("alert", "warning", "alerte", "hinweis", "alerta"),
    "notes": ("notes", "note", "comment", "comments", "remarks", "remarque", "remarques", "commentaire", "bemerkung", "bemerkungen", "observaciones"),
    "phototype": ("phototype", "fitzpatrick", "skin type", "skin phototype", "hauttyp", "fototipo"),
    "allergies": ("allergies", "allergy", "allergie", "allergien", "alergias", "allergie connue", "allergies connues"),
    "medicines": ("medicines", "medication", "medications", "drugs", "current medication", "medicaments", "medicaments en cours", "traitement", "traitements", "traitement en cours", "traitements en cours", "medikamente", "medicamentos", "farmaci"),
    "conditions": ("conditions", "diagnoses", "medical history", "history", "antecedents", "diagnosen", "vorerkrankungen", "enfermedades", "patologie"),
}  # fmt: skip

ORDERS = ("ymd", "dmy", "mdy")
_DATE = re.compile(r"(\d{1,4})[-/. ](\d{1,2})[-/. ](\d{1,4})(?:[T ]\d{2}:\d{2}(?::\d{2})?)?")
_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(?:\.[^@\s.]+)+")
_SEXES = {
    "female": ("f", "female", "woman", "w", "weiblich", "femme", "feminin", "mujer", "donna", "mulher", "ms", "mrs", "mme", "frau"),
    "male": ("m", "male", "man", "mannlich", "homme", "masculin", "hombre", "h", "uomo", "homem", "mr", "herr"),
    "other": ("o", "other", "x", "d", "divers", "autre", "non binary", "nonbinary", "otro", "altro", "outro"),
    "unknown": ("", "u", "unknown", "not said", "inconnu", "unbekannt"),
}  # fmt: skip
_ROMAN = {"i": 1, "ii": 2, "iii": 3, "iv": 4, "v": 5, "vi": 6}


@dataclass(frozen=True)
class Plan:
    """What each column is (column number → a key of TARGETS), and how dates are written."""

    columns: Mapping[int, str]
    dates: str = "ymd"


@dataclass(frozen=True)
class Problem:
    """Why a line can't be imported: the target it is about, the kind, and what stood there."""

    target: str
    kind: str
    value: str = ""


@dataclass(frozen=True)
class Reading:
    """One line: the record, or what must be corrected. Never both."""

    record: ParsedRecord | None
    problems: tuple[Problem, ...]
    label: str


def guess(headings: Sequence[str], lines: Sequence[Sequence[str]]) -> Plan:
    """What the columns probably are: by their headings, each target once unless it may be joined.

    Dates are taken as day first where that is possible and month first is not the only reading.
    """
    columns: dict[int, str] = {}
    taken: set[str] = set()
    for number, heading in enumerate(headings):
        target = _target_of(heading)
        if target and (target not in taken or target in JOINED):
            columns[number] = target
            taken.add(target)
    if "name" not in taken and "given_name" not in taken:
        # A lone “last name” column without given names is the whole name.
        columns = {key: "name" if one == "family_name" else one for key, one in columns.items()}
    born = [number for number, target in columns.items() if target == "birth_date"]
    return Plan(columns, guess_order(text for number in born for text in _cells(lines, number)))


def _cells(lines: Sequence[Sequence[str]], number: int) -> list[str]:
    return [line[number] for line in lines if number < len(line)]


def _target_of(heading: str) -> str:
    words = normalise(heading)
    return next((target for target, names in TARGETS.items() if words in names), "")


def guess_order(texts: Iterable[str]) -> str:
    """In which order these dates name year, month and day; day first where nothing tells."""
    found = [match for text in texts if (match := _DATE.fullmatch(text.strip()))]
    if found and all(len(match[1]) == 4 for match in found):
        return "ymd"
    short = [match for match in found if len(match[1]) <= 2]
    if any(int(match[2]) > 12 for match in short) and all(int(match[1]) <= 12 for match in short):
        return "mdy"
    return "dmy" if short else "ymd"


def plan_problems(plan: Plan) -> list[str]:
    """What speaks against a plan: keys `name` (no column is the name) and `twice:TARGET`."""
    used = list(plan.columns.values())
    twice = sorted({one for one in used if used.count(one) > 1 and one not in JOINED})
    nameless = not {"name", "given_name", "family_name"} & set(used)
    return [*(["name"] if nameless else []), *(f"twice:{one}" for one in twice)]


def read_line(cells: Sequence[str], plan: Plan, today: date) -> Reading:
    """One line as a record, or its problems. `cells` are texts; dates of a spreadsheet are ISO."""
    said = _by_target(cells, plan)
    problems: list[Problem] = []
    name = " ".join((said.get("name") or f"{said.get('given_name', '')} {said.get('family_name', '')}").split())  # fmt: skip
    if not name:
        problems.append(Problem("name", "missing"))
    patient = ParsedPatient(
        ref=_same_person(said, name),
        identifiers=_identifiers(said),
        name=name,
        family=said.get("family_name", ""),
        given=said.get("given_name", ""),
        preferred=said.get("preferred_name", ""),
        birth_date=_birth_date(said.get("birth_date", ""), plan.dates, today, problems),
        sex=_sex(said.get("sex", ""), problems),
        phone=said.get("phone", ""),
        email=_email(said.get("email", ""), problems),
        address=said.get("address", ""),
        country=_country(said.get("country", ""), problems),
        language=_language(said.get("language", ""), problems),
        emergency_contact=said.get("emergency_contact", ""),
        guardian=said.get("guardian", ""),
        guardian_contact=said.get("guardian_contact", ""),
        alert=said.get("alert", ""),
        notes=said.get("notes", ""),
        phototype=_phototype(said.get("phototype", ""), problems),
    )
    problems += [
        Problem(target, "long", said[target][:40])
        for target, most in _LONGEST.items()
        if len(said.get(target, "")) > most
    ]
    record = None if problems else _record(patient, said)
    return Reading(record, tuple(problems), name or "; ".join(filter(None, cells))[:80])


_LONGEST = {
    "name": 200, "preferred_name": 100, "emergency_contact": 200, "guardian": 200,
    "guardian_contact": 200, "alert": 200, "number": 200,
}  # fmt: skip


def same_person_key(record: ParsedRecord) -> str:
    """By which two lines of one table are taken as one person: name and birth date."""
    born = record.patient.birth_date
    return f"{normalise(record.patient.name)} {born.isoformat() if born else ''}".strip()


def _by_target(cells: Sequence[str], plan: Plan) -> dict[str, str]:
    said: dict[str, str] = {}
    for number, target in plan.columns.items():
        cell = cells[number].strip() if number < len(cells) else ""
        if cell:
            joined = target in JOINED and target in said
            said[target] = f"{said[target]}\n{cell}" if joined else cell
    return said


def _identifiers(said: Mapping[str, str]) -> tuple[Identifier, ...]:
    number = said.get("number", "")
    return (Identifier(NUMBER_SYSTEM, number),) if number else ()


def _same_person(said: Mapping[str, str], name: str) -> str:
    """The same line again is the same person, wherever in the table it stands."""
    told = (said.get("email", "").lower(), re.sub(r"\D", "", said.get("phone", "")))
    return " ".join(("table", *filter(None, told)))


def _record(patient: ParsedPatient, said: Mapping[str, str]) -> ParsedRecord:
    return ParsedRecord(
        patient,
        allergies=tuple(
            ParsedAllergy(ref=f"allergy/{normalise(word)}", substance=word)
            for word in _split(said.get("allergies", ""), commas=True)
        ),
        conditions=tuple(
            ParsedCondition(ref=f"condition/{normalise(word)}", name=word)
            for word in _split(said.get("conditions", ""))
        ),
        medicines=tuple(
            ParsedMedicine(ref=f"medicine/{normalise(word)}", name=word)
            for word in _split(said.get("medicines", ""))
        ),
    )


def _split(text: str, *, commas: bool = False) -> tuple[str, ...]:
    """The items of a cell, without denials; a comma parts allergens, but not doses."""
    words = (" ".join(word.split()) for word in re.split(r"[;|\n,]" if commas else r"[;|\n]", text))
    kept = {normalise(word): word for word in words if normalise(word) and not is_denial(word)}
    return tuple(kept.values())


def read_date(text: str, order: str) -> date | None:
    """A date written in this order, or in ISO; two-digit years are not guessed."""
    match = _DATE.fullmatch(text.strip())
    if match is None:
        return None
    parts = dict(zip("ymd" if len(match[1]) == 4 else order, map(int, match.groups()), strict=True))
    try:
        return date(parts["y"], parts["m"], parts["d"]) if parts["y"] > 999 else None
    except ValueError:
        return None


def _birth_date(text: str, order: str, today: date, problems: list[Problem]) -> date | None:
    if not text:
        return None
    born = read_date(text, order)
    if born is None:
        problems.append(Problem("birth_date", "unreadable", text[:40]))
    elif not today.year - OLDEST <= born.year or born > today:
        problems.append(Problem("birth_date", "impossible", text[:40]))
    return born


def _sex(text: str, problems: list[Problem]) -> str:
    words = normalise(text)
    for sex, names in _SEXES.items():
        if words in names:
            return sex
    problems.append(Problem("sex", "unknown", text[:40]))
    return "unknown"


def _email(text: str, problems: list[Problem]) -> str:
    if text and not _EMAIL.fullmatch(text):
        problems.append(Problem("email", "unreadable", text[:60]))
    return text


def _country(text: str, problems: list[Problem]) -> str:
    upper = text.upper()
    if not text or (len(upper) == 2 and upper.isascii() and upper.isalpha()):
        return upper
    known = COUNTRY_CODES.get(upper) or _COUNTRIES.get(normalise(text), "")
    if not known:
        problems.append(Problem("country", "unknown", text[:40]))
    return known


_COUNTRIES = {
    "france": "FR", "germany": "DE", "deutschland": "DE", "allemagne": "DE", "spain": "ES",
    "espana": "ES", "espagne": "ES", "italy": "IT", "italia": "IT", "italie": "IT",
    "portugal": "PT", "belgium": "BE", "belgique": "BE", "switzerland": "CH", "suisse": "CH",
    "schweiz": "CH", "austria": "AT", "osterreich": "AT", "netherlands": "NL", "ireland": "IE",
    "united kingdom": "GB", "uk": "GB", "great britain": "GB", "luxembourg": "LU", "canada": "CA",
    "united states": "US", "usa": "US", "australia": "AU", "new zealand": "NZ", "brazil": "BR",
    "brasil": "BR", "mexico": "MX", "poland": "PL", "greece": "GR", "turkey": "TR",
}  # fmt: skip
_LANGUAGES = {
    "english": "en", "anglais": "en", "french": "fr", "francais": "fr", "german": "de",
    "deutsch": "de", "allemand": "de", "spanish": "es", "espanol": "es", "espagnol": "es",
    "italian": "it", "italiano": "it", "portuguese": "pt", "portugues": "pt", "turkish": "tr",
}  # fmt: skip


def _language(text: str, problems: list[Problem]) -> str:
    if not text:
        return ""
    lower = text.strip().lower().replace("_", "-")
    if re.fullmatch(r"[a-z]{2}(-[a-z0-9]{2,8})?", lower):
        return lower
    known = _LANGUAGES.get(normalise(text), "")
    if not known:
        problems.append(Problem("language", "unknown", text[:40]))
    return known


def _phototype(text: str, problems: list[Problem]) -> int | None:
    words = normalise(text).removeprefix("type ").strip()
    if not words:
        return None
    number = _ROMAN.get(words) or (int(words) if words.isascii() and words.isdigit() else 0)
    if not 1 <= number <= 6:
        problems.append(Problem("phototype", "unknown", text[:40]))
        return None
    return number
