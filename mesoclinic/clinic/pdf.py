"""Documents on paper: letterhead, headings, paragraphs, facts, tables and pictures on A4.

The same calls with the same ``created`` give the same bytes, so that the SHA-256 of a document
proves that it is unchanged. Lengths are millimetres. Text is set in Inter, which covers the Latin,
Greek, Cyrillic and Vietnamese alphabets; a character outside of them is drawn as an empty box.
Every block breaks over pages by itself, whatever its length.

    document = Document(title=..., letterhead=letterhead(clinic), created=now)
    document.heading(_("Treatment"))
    document.facts([(_("Indication"), "Hair loss")])
    document.table([_("Ingredient"), _("Dose")], [["Zinc", "2 mg"]], widths=(3, 1), right=(1,))
    content = document.content()
"""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import cast

from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from fpdf import FPDF
from fpdf.enums import Align, MethodReturnValue, TableBordersLayout, XPos, YPos
from fpdf.fonts import FontFace
from PIL import Image, ImageOps

from mesoclinic.clinic.models import Clinic
from mesoclinic.staticfinder import vendor_file

Text = str | Promise

FONTS = {"": "vendor/inter/inter-400.ttf", "B": "vendor/inter/inter-600.ttf"}
"""Style as fpdf2 names it → the public path of the font file."""

MARGIN = 18.0
INK, QUIET, LINE, ACCENT = (23, 35, 43), (81, 97, 108), (195, 206, 211), (14, 111, 109)
BODY, SMALL = 10.0, 8.5
LEADING = 0.5
"""Height of a line in millimetres per point of type."""

FACT_LABEL_WIDTH = 48.0
LINES_A_ROW = 30
PRINT_DPI = 200
JPEG_QUALITY = 85


@dataclass(frozen=True)
class Letterhead:
    """What stands at the top of the first page: who sends this."""

    name: str
    address: str = ""
    phone: str = ""

    def lines(self) -> list[str]:
        """The small lines below the name."""
        address = ", ".join(line.strip() for line in self.address.splitlines() if line.strip())
        return [line for line in (address, self.phone) if line]


def letterhead(clinic: Clinic) -> Letterhead:
    """The clinic's letterhead."""
    return Letterhead(name=clinic.name, address=clinic.address, phone=clinic.phone)


class _Sheet(FPDF):
    """A4 pages with the document's title and "page x of y" at their foot."""

    foot = ""

    def footer(self) -> None:
        """Called by fpdf2 at the end of each page."""
        self.set_y(-MARGIN + 4)
        self.set_font("Inter", "", SMALL)
        self.set_text_color(*QUIET)
        page = _("Page %(page)d of %(pages)s") % {"page": self.page_no(), "pages": "{nb}"}
        self.cell(self.epw * 0.75, 5, self.foot, align=Align.L)
        self.cell(0, 5, page, align=Align.R)


class Document:
    """One document, written from top to bottom; :meth:`content` ends it."""

    def __init__(
        self,
        *,
        title: Text,
        letterhead: Letterhead,
        created: dt.datetime,
        foot: Text = "",
        language: str = "",
    ) -> None:
        """``created`` is aware; ``foot`` (default: the title) is repeated on every page."""
        if created.tzinfo is None:
            raise ValueError("created must be aware")
        sheet = _Sheet(format="A4")
        sheet.set_margins(MARGIN, MARGIN, MARGIN)
        sheet.set_auto_page_break(auto=True, margin=MARGIN + 4)
        sheet.c_margin = 0
        for style, path in FONTS.items():
            sheet.add_font("Inter", style, vendor_file(path))
        sheet.set_title(str(title))
        sheet.set_author(letterhead.name)
        sheet.set_creator("MesoClinic")
        sheet.set_lang(language or get_language() or "en")
        sheet.set_creation_date(created.astimezone(dt.UTC).replace(microsecond=0))
        sheet.foot = str(foot or title)
        self._sheet = sheet
        sheet.add_page()
        self._head(str(title), letterhead)

    def heading(self, text: Text) -> None:
        """A section's title; also an entry of the outline."""
        self._keep_together(22)
        self._sheet.ln(4)
        self._sheet.start_section(str(text))
        self._write(str(text), size=12.5, bold=True, colour=ACCENT)
        self._sheet.ln(1.2)

    def subheading(self, text: Text) -> None:
        """A title below a section's."""
        self._keep_together(16)
        self._sheet.ln(2)
        self._write(str(text), size=10.5, bold=True)
        self._sheet.ln(0.6)

    def paragraph(self, text: Text, *, bold: bool = False) -> None:
        """Text; line breaks are kept."""
        self._write(str(text), bold=bold)
        self._sheet.ln(1.6)

    def note(self, text: Text) -> None:
        """Small, quiet text."""
        self._write(str(text), size=SMALL, colour=QUIET)
        self._sheet.ln(1.2)

    def bullets(self, items: Iterable[Text]) -> None:
        """A list with dots."""
        for item in items:
            self._pair("•", str(item), label_width=4, gap=1)
        self._sheet.ln(1.2)

    def facts(self, rows: Iterable[tuple[Text, Text]]) -> None:
        """Label and value, one pair a line; a pair without a value is left out."""
        for label, value in rows:
            if str(value).strip():
                self._pair(str(label), str(value), label_width=FACT_LABEL_WIDTH)
        self._sheet.ln(1.2)

    def table(
        self,
        head: Sequence[Text],
        rows: Iterable[Sequence[Text]],
        *,
        widths: Sequence[float] | None = None,
        right: Sequence[int] = (),
    ) -> None:
        """A table whose head is repeated on each page.

        ``widths`` are shares of the page, one for each column; ``right`` names by index the columns
        set at their right edge. A cell too long for a page goes on in the row below it.
        """
        sheet = self._sheet
        shares = tuple(widths or [1] * len(head))
        cell_widths = [sheet.epw * share / sum(shares) - 2.4 for share in shares]
        sheet.set_font("Inter", "", SMALL + 0.5)
        sheet.set_text_color(*INK)
        sheet.set_draw_color(*LINE)
        with sheet.table(
            borders_layout=TableBordersLayout.HORIZONTAL_LINES,
            col_widths=shares,
            headings_style=FontFace(emphasis="BOLD", color=QUIET),
            line_height=(SMALL + 0.5) * LEADING,
            padding=1.2,
            text_align=tuple(Align.R if i in right else Align.L for i in range(len(head))),
            v_align="TOP",
        ) as table:
            table.row([str(cell) for cell in head])
            for row in rows:
                for part in self._parts([str(cell) for cell in row], cell_widths):
                    table.row(part)
        sheet.ln(2.4)

    def picture(self, content: bytes, *, caption: Text = "", width: float | None = None) -> None:
        """A picture (any format Pillow reads), scaled to ``width`` or the page's, never above it."""
        self.pictures([(content, caption)], columns=1, width=width)

    def pictures(
        self,
        items: Sequence[tuple[bytes, Text]],
        *,
        columns: int = 2,
        width: float | None = None,
    ) -> None:
        """Pictures with captions side by side, ``columns`` of them in a row."""
        gap = 6.0
        cell = (min(width or self._sheet.epw, self._sheet.epw) - gap * (columns - 1)) / columns
        for start in range(0, len(items), columns):
            self._picture_row(items[start : start + columns], cell, gap)
        self._sheet.ln(2)

    def rule(self) -> None:
        """A thin line across the page."""
        sheet = self._sheet
        sheet.ln(2)
        sheet.set_draw_color(*LINE)
        sheet.line(sheet.l_margin, sheet.get_y(), sheet.w - sheet.r_margin, sheet.get_y())
        sheet.ln(3)

    def new_page(self) -> None:
        """Go on at the top of a page."""
        self._sheet.add_page()

    def content(self) -> bytes:
        """The finished PDF."""
        return bytes(self._sheet.output())

    def _head(self, title: str, sender: Letterhead) -> None:
        self._write(sender.name, size=11.5, bold=True, colour=ACCENT)
        for line in sender.lines():
            self._write(line, size=SMALL, colour=QUIET)
        self.rule()
        self._write(title, size=17, bold=True)
        self._sheet.ln(2)

    def _keep_together(self, height: float) -> None:
        """Start a page when less than this height is left."""
        if self._sheet.will_page_break(height):
            self._sheet.add_page()

    def _write(
        self,
        text: str,
        *,
        size: float = BODY,
        bold: bool = False,
        colour: tuple[int, int, int] = INK,
        width: float = 0,
    ) -> None:
        sheet = self._sheet
        sheet.set_font("Inter", "B" if bold else "", size)
        sheet.set_text_color(*colour)
        sheet.multi_cell(
            width, size * LEADING, text, align=Align.L, new_x=XPos.LMARGIN, new_y=YPos.NEXT
        )

    def _pair(self, label: str, value: str, *, label_width: float, gap: float = 3) -> None:
        """Both columns start on one line; a long value goes on over the page's end."""
        sheet = self._sheet
        sheet.set_font("Inter", "", BODY)
        lines = self._lines(label, label_width - gap)
        self._keep_together(len(lines) * BODY * LEADING)
        top, page = sheet.get_y(), sheet.page_no()
        self._write(label, colour=QUIET, width=label_width - gap)
        bottom = sheet.get_y()
        left = sheet.l_margin
        sheet.set_y(top)
        sheet.set_left_margin(left + label_width)
        self._write(value)
        sheet.set_left_margin(left)
        sheet.set_x(left)
        if sheet.page_no() == page:
            sheet.set_y(max(bottom, sheet.get_y()))
        sheet.ln(0.8)

    def _lines(self, text: str, width: float) -> list[str]:
        """The text as it would be broken at this width, in the current font."""
        lines = self._sheet.multi_cell(
            width, text=text, dry_run=True, output=MethodReturnValue.LINES, align=Align.L
        )
        return cast("list[str]", lines)

    def _parts(self, row: list[str], widths: list[float]) -> list[list[str]]:
        """A table row as one row, or as several where a cell would fill a page."""
        longest = [len(text) + 60 * text.count("\n") for text in row]
        if all(size < width * 12 for size, width in zip(longest, widths, strict=True)):
            return [row]
        cells = [
            self._lines(text, width - 0.5) or [""] for text, width in zip(row, widths, strict=True)
        ]
        return [
            ["\n".join(cell[start : start + LINES_A_ROW]) for cell in cells]
            for start in range(0, max(map(len, cells)), LINES_A_ROW)
        ]

    def _picture_row(self, row: Sequence[tuple[bytes, Text]], cell: float, gap: float) -> None:
        sheet = self._sheet
        sheet.set_font("Inter", "", SMALL)
        sizes = [_fitted(content, cell) for content, _caption in row]
        captions = max(len(self._lines(str(caption), cell)) for _content, caption in row)
        below = captions * SMALL * LEADING + 2
        self._keep_together(max(height for _picture, _width, height in sizes) + below)
        top = sheet.get_y()
        tallest = max(height for _picture, _width, height in sizes)
        for column, ((picture, width, height), (_content, caption)) in enumerate(
            zip(sizes, row, strict=True)
        ):
            left = sheet.l_margin + column * (cell + gap)
            sheet.image(picture, x=left, y=top, w=width, h=height, alt_text=str(caption))
            sheet.set_xy(left, top + tallest + 1)
            self._write(str(caption), size=SMALL, colour=QUIET, width=cell)
        sheet.set_y(top + tallest + below + 1)


def _fitted(content: bytes, cell: float) -> tuple[io.BytesIO, float, float]:
    """A picture upright, without metadata, at print resolution; its width and height in mm."""
    picture = ImageOps.exif_transpose(Image.open(io.BytesIO(content)))
    flat = Image.new("RGB", picture.size, "white")
    rgba = picture.convert("RGBA")
    flat.paste(rgba, mask=rgba.getchannel("A"))
    tallest = 200.0
    width = min(cell, tallest * flat.width / flat.height)
    flat.thumbnail((int(width / 25.4 * PRINT_DPI), flat.height))
    stream = io.BytesIO()
    flat.save(stream, "JPEG", quality=JPEG_QUALITY)
    stream.seek(0)
    return stream, width, width * flat.height / flat.width
