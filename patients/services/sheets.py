"""CSV and XLSX files as tables of text. What they claim to be is not believed."""

from __future__ import annotations

import csv
import datetime as dt
import io
import zipfile
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import ParseError

from django.utils.translation import gettext as _

from patients.exceptions import TableUnreadable

MAX_LINES = 5000
MAX_COLUMNS = 60
_LONGEST_CELL = 2000
_MOST_UNPACKED = 200_000_000
_DELIMITERS = ",;\t|"


@dataclass(frozen=True)
class Sheet:
    """The headings, and every line that is not empty with its number in the file."""

    columns: tuple[str, ...]
    lines: tuple[tuple[int, tuple[str, ...]], ...]


def read_sheet(data: bytes) -> Sheet:
    """The first sheet of a workbook, or a CSV in whatever delimiter and encoding.

    Raises TableUnreadable with a sentence that says what to do.
    """
    if not data.strip():
        raise TableUnreadable(_("The file is empty."))
    rows = _workbook(data) if data.startswith(b"PK\x03\x04") else _csv(data)
    filled = [(number, row) for number, row in enumerate(rows, start=1) if any(row)]
    if len(filled) < 2:
        raise TableUnreadable(
            _("There is nothing below the headings. The first line names the columns.")
        )
    if len(filled) - 1 > MAX_LINES:
        raise TableUnreadable(
            _("The file has more than %(n)d lines. Divide it into several files.")
            % {"n": MAX_LINES}
        )
    width = max(len(row) for _number, row in filled)
    if width > MAX_COLUMNS:
        raise TableUnreadable(_("The file has more than %(n)d columns.") % {"n": MAX_COLUMNS})
    (_first, head), *lines = filled
    columns = tuple(
        head[n] if n < len(head) and head[n] else _("Column %(n)d") % {"n": n + 1}
        for n in range(width)
    )
    return Sheet(columns, tuple((number, tuple(row)) for number, row in lines))


def _csv(data: bytes) -> list[list[str]]:
    text = _decoded(data)
    if "\x00" in text:
        raise TableUnreadable(_("This is not a table. Save it as CSV or XLSX."))
    sample = text[:8192]
    try:
        delimiter = csv.Sniffer().sniff(sample, delimiters=_DELIMITERS).delimiter
    except csv.Error:
        delimiter = max(_DELIMITERS, key=sample.split("\n")[0].count)
    try:
        return [
            [_cell(cell) for cell in row]
            for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        ]
    except csv.Error as error:
        raise TableUnreadable(
            _("This table can't be read. Save it again as CSV or XLSX.")
        ) from error


def _decoded(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        # What spreadsheets of Western Europe write when they don't write UTF-8.
        return data.decode("cp1252", errors="replace")


def _workbook(data: bytes) -> list[list[str]]:
    # Here and not above: only who imports a workbook should wait for it.
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    _check_unpacked(data)
    try:
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        sheet = book.worksheets[0]
        rows = sheet.iter_rows(max_row=MAX_LINES + 2, max_col=MAX_COLUMNS + 1, values_only=True)
        return [_trimmed([_cell(value) for value in row]) for row in rows]
    except (
        InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, TypeError, IndexError,
        AttributeError, OSError, ParseError,
    ) as error:  # fmt: skip
        raise TableUnreadable(
            _("This workbook can't be read. Save it again as XLSX, or as CSV.")
        ) from error


def _check_unpacked(data: bytes) -> None:
    """A workbook is a ZIP: one that would fill the memory is refused before it is unpacked."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            size = sum(one.file_size for one in archive.infolist())
    except zipfile.BadZipFile as error:
        raise TableUnreadable(_("This workbook is damaged. Save it again.")) from error
    if size > _MOST_UNPACKED:
        raise TableUnreadable(_("This workbook is too large. Keep only the sheet with patients."))


def _trimmed(row: list[str]) -> list[str]:
    while row and not row[-1]:
        row.pop()
    return row


def _cell(value: Any) -> str:
    """A cell as text: days in ISO, whole numbers without a point, without control characters."""
    if value is None:
        return ""
    if isinstance(value, dt.datetime):
        value = value.date().isoformat()
    elif isinstance(value, dt.date):
        value = value.isoformat()
    elif isinstance(value, float) and value.is_integer():
        value = int(value)
    text = "".join(char if char.isprintable() or char == "\n" else " " for char in str(value))
    return text.strip()[:_LONGEST_CELL]
