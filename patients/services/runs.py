"""Imports as runs that can be looked at first, gone on with after a crash, and taken back.

A table goes mapping → checking → checked → running → done. Checking and running go forward in
batches, each one transaction: `advance_run` takes the next one, whoever asks (the page that shows
the progress, or the clock), and a second one who asks at once waits for nothing and does nothing.
A line is imported whole or not at all. Bundles are one run per upload, done at once.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import asdict
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import DatabaseError, transaction
from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _

from mesoclinic.audit.actors import Actor
from mesoclinic.audit.services import audited
from mesoclinic.clinic.models import Clinic
from mesoclinic.common.errors import DomainError, Invalid
from patients.domain.fhir import BundleError, ParsedRecord, parse_bundles
from patients.domain.tables import (
    ORDERS,
    TARGETS,
    Plan,
    Problem,
    Reading,
    guess,
    plan_problems,
    read_line,
    same_person_key,
)
from patients.exceptions import BundleUnreadable, ImportNotReady
from patients.models import ImportRow, ImportRun
from patients.selectors import clinic_terms
from patients.selectors.imports import Alike, alike_patients, known_numbers
from patients.services.contact import is_country, normalise_phone
from patients.services.importing import ImportOutcome, import_record
from patients.services.sheets import read_sheet
from patients.services.undoing import fingerprint

UNDO_FOR = dt.timedelta(days=30)
MOST_MEGABYTES = 20
CHECKED_AT_ONCE, IMPORTED_AT_ONCE = 500, 25
_State, _Line = ImportRun.State, ImportRow.State


def start_table(
    *, actor: Actor, clinic: Clinic, name: str, data: bytes, now: dt.datetime
) -> ImportRun:
    """Read a table and keep its lines, with a guess at what the columns are. Imports nothing.

    Raises TableUnreadable.
    """
    sheet = read_sheet(data)
    plan = guess(sheet.columns, [cells for _number, cells in sheet.lines[:200]])
    with audited(actor):
        run = ImportRun.objects.create(
            clinic=clinic, kind=ImportRun.Kind.TABLE, state=_State.MAPPING, file_name=name[:200],
            columns=list(sheet.columns), mapping={str(n): one for n, one in plan.columns.items()},
            options={"dates": plan.dates, "twice": "skip"}, started_by=actor.label[:200],
            created_at=now,
        )  # fmt: skip
        ImportRow.objects.bulk_create(
            [
                ImportRow(clinic=clinic, run=run, number=number, values=list(cells), created_at=now)
                for number, cells in sheet.lines
            ],
            batch_size=500,
        )
    return run


def set_mapping(
    *, actor: Actor, run: ImportRun, columns: dict[int, str], dates: str, twice: str
) -> ImportRun:
    """Say what each column is, and have every line checked; can be said again until it is imported.

    `twice`: "skip" or "import" lines that look like somebody who is here. Raises Invalid, ImportNotReady.
    """
    plan = Plan({n: one for n, one in columns.items() if one in TARGETS}, dates)
    if dates not in ORDERS or twice not in {"skip", "import"}:
        raise Invalid(_("Choose one of the ways that are offered."), field="dates")
    for problem in plan_problems(plan):
        raise Invalid(_mapping_problem(problem), field="columns")
    with audited(actor):
        stored = _locked(run, {_State.MAPPING, _State.CHECKING, _State.CHECKED})
        stored.mapping = {str(n): one for n, one in plan.columns.items()}
        stored.options = {"dates": dates, "twice": twice}
        stored.state = _State.CHECKING
        stored.save(update_fields=["mapping", "options", "state"])
        stored.rows.update(state=_Line.WAITING, problems=[], trace={}, label="")
    return stored


def start_importing(*, actor: Actor, run: ImportRun) -> ImportRun:
    """Import what was found good. A second click finds it under way. Raises ImportNotReady."""
    with audited(actor):
        stored = _locked(run, {_State.CHECKED, _State.RUNNING, _State.DONE})
        if stored.state == _State.CHECKED:
            if not importable(stored).exists():
                raise ImportNotReady(_("There is no line that could be imported."))
            stored.state = _State.RUNNING
            stored.save(update_fields=["state"])
    return stored


def discard_run(*, actor: Actor, run: ImportRun) -> None:
    """Forget a table that was not imported, with all it said. Raises ImportNotReady."""
    with audited(actor):
        stored = _locked(run, {_State.MAPPING, _State.CHECKING, _State.CHECKED})
        stored.delete()


def advance_run(*, actor: Actor, run: ImportRun, now: dt.datetime) -> ImportRun:
    """Check or import the next batch. Where somebody else is at it, nothing is done."""
    with audited(actor, reason="import"):
        rows = ImportRun.objects.select_related("clinic").select_for_update(
            of=("self",), skip_locked=True
        )
        stored = rows.filter(pk=run.pk).first()
        if stored is None:
            return run
        if stored.state == _State.CHECKING:
            _check_batch(stored, now)
        elif stored.state == _State.RUNNING:
            _import_batch(actor, stored, now)
    return stored


def go_on_with_runs(*, now: dt.datetime) -> int:
    """For the clock: one batch of every run that is under way; returns how many there are."""
    under_way = list(
        ImportRun.objects.filter(state__in=[_State.CHECKING, _State.RUNNING]).order_by("created_at")
    )
    for run in under_way:
        advance_run(actor=Actor.system(run.clinic_id, label="import"), run=run, now=now)
    return len(under_way)


def forget_old_cells(*, now: dt.datetime) -> int:
    """What stood in files goes when it is of no use any more: thirty days after. Run daily."""
    before = now - UNDO_FOR
    old = ImportRun.objects.filter(created_at__lt=before)
    never = old.filter(state__in=[_State.MAPPING, _State.CHECKING, _State.CHECKED])
    count = never.count()
    for run in never:
        run.delete()
    rows = ImportRow.objects.filter(run__in=old).exclude(values=[], trace={})
    return count + rows.update(values=[], trace={}, problems=[], label="")


def importable(run: ImportRun) -> QuerySet[ImportRow]:
    """The lines that will be imported: good ones, and those alike where that was chosen."""
    states = [_Line.GOOD, *([_Line.TWICE] if run.options.get("twice") == "import" else [])]
    return run.rows.filter(state__in=states).order_by("number")


def import_bundle(
    *,
    actor: Actor,
    clinic: Clinic,
    data: bytes,
    now: dt.datetime,
    run: ImportRun | None = None,
    name: str = "",
) -> list[ImportOutcome]:
    """Import every patient of a FHIR R4 bundle, all of them or none.

    `run` takes several bundles together, to be taken back together; without one the bundle is a
    run of its own. Raises BundleUnreadable with a sentence that says what to do.
    """
    try:
        records = parse_bundles(data)
    except BundleError as error:
        raise BundleUnreadable(str(error)) from error
    with audited(actor):
        terms = clinic_terms(clinic)
        outcomes = [
            import_record(actor=actor, clinic=clinic, record=record, now=now, terms=terms)
            for record in records
        ]
        stored = run or start_bundles(actor=actor, clinic=clinic, name=name, now=now)
        first = stored.rows.count() + 1
        ImportRow.objects.bulk_create(
            [
                _finished(ImportRow(clinic=clinic, run=stored, number=number), outcome)
                for number, outcome in enumerate(outcomes, start=first)
            ]
        )
    return outcomes


def start_bundles(*, actor: Actor, clinic: Clinic, name: str, now: dt.datetime) -> ImportRun:
    """A run for bundles that belong together; discard it with `drop_if_empty` where none was good."""
    with audited(actor):
        return ImportRun.objects.create(
            clinic=clinic, kind=ImportRun.Kind.BUNDLE, state=_State.DONE,
            file_name=name[:200] or _("FHIR bundle"), started_by=actor.label[:200],
            created_at=now, finished_at=now, undo_until=now + UNDO_FOR,
        )  # fmt: skip


def drop_if_empty(*, actor: Actor, run: ImportRun) -> bool:
    """Forget a run that has imported nothing; True if it was."""
    with audited(actor):
        if run.rows.exists():
            return False
        run.delete()
    return True


def _locked(run: ImportRun, states: Iterable[str]) -> ImportRun:
    stored = ImportRun.objects.select_for_update(of=("self",)).filter(pk=run.pk).first()
    if stored is None or stored.state not in set(states):
        raise ImportNotReady
    return stored


def _plan(run: ImportRun) -> Plan:
    return Plan({int(n): one for n, one in run.mapping.items()}, run.options.get("dates", "ymd"))


def _check_batch(run: ImportRun, now: dt.datetime) -> None:
    plan, today = _plan(run), run.clinic.today(now)
    rows = list(run.rows.filter(state=_Line.WAITING).order_by("number")[:CHECKED_AT_ONCE])
    read = [(row, read_line(row.values, plan, today)) for row in rows]
    records = [one.record for _row, one in read if one.record is not None]
    numbers = known_numbers(run.clinic, records)
    alike = alike_patients(run.clinic, records)
    seen = set(run.rows.exclude(state=_Line.WAITING).values_list("trace__key", flat=True))
    for row, reading in read:
        _judge(row, reading, run.clinic, numbers, alike, seen)
    ImportRow.objects.bulk_update(rows, ["state", "label", "problems", "trace"], batch_size=250)
    if len(rows) < CHECKED_AT_ONCE:
        run.state = _State.CHECKED
        run.save(update_fields=["state"])


def _judge(
    row: ImportRow,
    reading: Reading,
    clinic: Clinic,
    numbers: dict[str, UUID],
    alike: Alike,
    seen: set[str],
) -> None:
    """What becomes of one line: good, to be corrected, or somebody who seems to be here already."""
    row.label = reading.label[:200]
    row.problems = [in_words(one) for one in reading.problems]
    record = reading.record
    if record is not None:
        row.problems = _unusable(record, clinic)
    if record is None or row.problems:
        row.state = _Line.BAD
        return
    row.state, key = _Line.GOOD, same_person_key(record)
    number = record.patient.identifiers[0].value if record.patient.identifiers else ""
    if number in numbers:
        row.problems = [_("Known by this number: what is missing is filled in.")]
    elif key in seen:
        row.state, row.problems = _Line.TWICE, [_("The same person stands further up in the file.")]
    elif found := alike.of(record):
        row.state = _Line.TWICE
        row.problems = [
            _("Looks like %(name)s, %(number)s.")
            % {"name": found.name, "number": found.record_number}
        ]
    seen.add(key)
    row.trace = {"key": key}


def _unusable(record: ParsedRecord, clinic: Clinic) -> list[str]:
    """What only the libraries of the house can tell: phone numbers and e-mail addresses."""
    found = []
    who = record.patient
    if who.country and not is_country(who.country):
        found.append(in_words(Problem("country", "unknown", who.country)))
    try:
        normalise_phone(who.phone, who.country or clinic.country)
    except DomainError:
        found.append(in_words(Problem("phone", "unreadable", who.phone[:40])))
    try:
        if who.email:
            validate_email(who.email)
    except ValidationError:
        found.append(in_words(Problem("email", "unreadable", who.email[:60])))
    return found


def _import_batch(actor: Actor, run: ImportRun, now: dt.datetime) -> None:
    plan, today, terms = _plan(run), run.clinic.today(now), clinic_terms(run.clinic)
    rows = list(importable(run)[:IMPORTED_AT_ONCE])
    for row in rows:
        record = read_line(row.values, plan, today).record
        if record is None:  # cannot be: the check read the same
            row.state, row.problems = _Line.BAD, [_("This line can't be read.")]
            continue
        try:
            with transaction.atomic():
                outcome = import_record(
                    actor=actor, clinic=run.clinic, record=record, now=now, terms=terms
                )
        except DomainError as error:
            row.state, row.problems = _Line.BAD, [error.message]
        except DatabaseError:
            row.state = _Line.BAD
            row.problems = [_("The database refused this line; nothing of it was imported.")]
        else:
            _finished(row, outcome)
    ImportRow.objects.bulk_update(
        rows, ["state", "label", "problems", "trace", "values", "patient"], batch_size=250
    )
    if not importable(run).exists():
        run.state, run.finished_at, run.undo_until = _State.DONE, now, now + UNDO_FOR
        run.save(update_fields=["state", "finished_at", "undo_until"])


def _finished(row: ImportRow, outcome: ImportOutcome) -> ImportRow:
    row.patient, row.values = outcome.patient, []
    row.state = _Line.KNOWN if outcome.is_unchanged else _Line.DONE
    row.label = outcome.patient.name[:200]
    row.problems = list(outcome.problems)
    row.trace = asdict(outcome.trace)
    if outcome.created:
        outcome.patient.refresh_from_db()
        row.trace["identity"] = fingerprint(outcome.patient)
    return row


def counts_of(run: ImportRun) -> dict[str, int]:
    """How many lines are in each state. One query."""
    rows = run.rows.order_by().values_list("state").annotate(n=Count("pk"))
    return dict(rows)


def in_words(problem: Problem) -> str:
    """A sentence about what must be corrected."""
    words = {
        ("name", "missing"): _("The name is missing."),
        ("birth_date", "unreadable"): _("“%(value)s” is no date that can be read."),
        ("birth_date", "impossible"): _("Nobody is born on %(value)s."),
        ("email", "unreadable"): _("“%(value)s” is no e-mail address."),
        ("phone", "unreadable"): _("“%(value)s” is no phone number."),
        ("sex", "unknown"): _("“%(value)s” is no sex that is known here: write f, m or other."),
        ("country", "unknown"): _("“%(value)s” is no country: write two letters, such as FR."),
        ("language", "unknown"): _("“%(value)s” is no language: write two letters, such as fr."),
        ("phototype", "unknown"): _("“%(value)s” is no phototype from 1 to 6."),
    }
    text = words.get((problem.target, problem.kind), _("“%(value)s” is too long."))
    return text % {"value": problem.value}


def _mapping_problem(problem: str) -> str:
    if problem == "name":
        return _("Say which column is the name.")
    return _("Two columns can't be the same: “%(what)s”.") % {
        "what": problem.removeprefix("twice:").replace("_", " ")
    }
