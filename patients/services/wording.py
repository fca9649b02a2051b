"""Rows in words and in plain values, whatever their table: for the person they are about."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Field, ForeignKey, Model
from django.utils.formats import date_format, number_format, time_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from mesoclinic.clinic.models import Clinic
from mesoclinic.common.calendar import to_local
from patients.domain.answers import AnswerState, read_answers
from patients.domain.dossier import Line
from patients.domain.questionnaire import say
from patients.holdings import Holding, holding
from patients.models import Patient, Screening, ScreeningResult
from patients.services.questionnaires import check_spec

_FRAME = frozenset({"id", "clinic", "patient", "created_at", "search"})


def plain_row(row: Model, secret: Iterable[str] = ()) -> dict[str, Any]:
    """Every column of a row but the secret ones, as JSON can carry it; keys with what they mean."""
    hidden = set(secret)
    found: dict[str, Any] = {}
    for field in row._meta.concrete_fields:
        if field.name in hidden:
            continue
        value = getattr(row, field.attname)
        found[field.attname] = plain(value)
        if isinstance(field, ForeignKey) and value is not None and _is_named(field):
            found[field.name] = str(getattr(row, field.name))
    return found


def plain(value: Any) -> Any:
    """A value as JSON can carry it: dates and instants in ISO, ranges as their two ends."""
    if isinstance(value, dt.date | dt.datetime | dt.time):
        return value.isoformat()
    if isinstance(value, UUID | Decimal):
        return str(value)
    if hasattr(value, "lower_inc"):
        return [plain(value.lower), plain(value.upper)]
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    return value


def _is_named(field: ForeignKey[Any, Any]) -> bool:
    return field.related_model not in {Clinic, Patient}


def worded_row(row: Model, holding: Holding, zone: ZoneInfo) -> tuple[Line, ...]:
    """What a row says, in words of the active language; nothing for what it does not say."""
    if holding.lines is not None:
        return tuple(holding.lines(row))
    silent = {*_FRAME, *holding.secret, *holding.quiet}
    return tuple(
        Line(_label(field), text)
        for field in row._meta.concrete_fields
        if field.name not in silent and (text := worded(row, field, zone))
    )


def _label(field: Field[Any, Any]) -> str:
    """What stands before a value; tables that Django makes itself name their columns after code."""
    named = field.related_model if field.model._meta.auto_created else None
    return capfirst(
        str(named._meta.verbose_name if isinstance(named, type) else field.verbose_name)
    )


def worded(row: Model, field: Field[Any, Any], zone: ZoneInfo) -> str:
    """One value in words; "" where there is none."""
    if isinstance(field, ForeignKey):
        named = getattr(row, field.attname) is not None and _is_named(field)
        return _called(getattr(row, field.name), zone) if named else ""
    value = getattr(row, field.attname)
    if field.choices and value not in (None, ""):
        return str(getattr(row, f"get_{field.name}_display")())
    return said(value, zone)


def _called(row: Model, zone: ZoneInfo) -> str:
    called = holding(type(row)).called
    return said(called(row), zone) if called else str(row)


def said(value: Any, zone: ZoneInfo) -> str:
    """Any stored value in words: instants on the clinic's clock, lists and tables line by line."""
    if value is None or value == "" or value == [] or value == {}:
        return ""
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, dt.date | dt.time):
        return _moment(value, zone)
    if isinstance(value, int | float | Decimal):
        return str(number_format(value, use_l10n=True))
    if hasattr(value, "lower_inc"):
        return f"{said(value.lower, zone)} - {said(value.upper, zone)}"
    if isinstance(value, Mapping):
        return "\n".join(_table(value, zone))
    if isinstance(value, list | tuple):
        several = any(isinstance(one, Mapping) for one in value)
        return ("\n" if several else ", ").join(filter(None, (said(one, zone) for one in value)))
    return str(value)


def _moment(value: dt.date | dt.time, zone: ZoneInfo) -> str:
    if isinstance(value, dt.datetime):
        return str(date_format(to_local(value, zone), "DATETIME_FORMAT"))
    if isinstance(value, dt.date):
        return str(date_format(value, "DATE_FORMAT"))
    return str(time_format(value))


def _table(value: Mapping[Any, Any], zone: ZoneInfo) -> Iterator[str]:
    for key, one in value.items():
        text = said(one, zone)
        if text:
            yield f"{str(key).replace('_', ' ').capitalize()}: {text}"


def screening_lines(row: Screening) -> Iterator[Line]:
    """The questions that were answered, with the answers as the patient saw them."""
    language = row.patient.language
    spec = check_spec(row.questionnaire.spec)
    read = read_answers(spec, row.answers)
    words = {"yes": _("Yes"), "no": _("No"), "unknown": _("I don't know")}
    state = row.get_channel_display() if row.submitted_at else _("not finished")
    yield Line(_("Questionnaire"), f"{row.questionnaire} · {state}")
    for key, question in spec.questions.items():
        answer = read[key]
        if answer.state is not AnswerState.ABSENT:
            text = date_format(answer.day) if answer.day else words.get(answer.shown, answer.shown)
            yield Line(say(question.text, language), text)
    if row.signed_name:
        yield Line(_("Signed"), row.signed_name)


def judgement_lines(row: ScreeningResult) -> Iterator[Line]:
    """The outcome and every finding with its advice."""
    yield Line(_("Outcome"), row.get_outcome_display())
    for one in row.findings:
        text = "\n".join(filter(None, (str(one.get("message", "")), str(one.get("advice", "")))))
        yield Line(_("Finding"), text)
