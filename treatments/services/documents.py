"""Plans on paper: the signed consent as a PDF.

Made anew whenever somebody asks: what it says is frozen in the row, so the same signature gives
the same bytes. It carries the SHA-256 of the text that was signed.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from django.utils import translation
from django.utils.translation import gettext as _
from PIL import Image, ImageDraw

from mesoclinic.clinic.templatetags.mesoclinic import local_datetime
from treatments.domain.paper import read_paper
from treatments.models import Consent
from treatments.services.consents import paper_language

if TYPE_CHECKING:
    from mesoclinic.clinic.pdf import Document

DRAWING_SIZE = (600, 200)
_SCALE = 2
_INK = (23, 35, 43)


def consent_document(consent: Consent) -> bytes:
    """The text as it was signed, with signature, hash and, where it was, the withdrawal.

    In the language of `paper_language`. Needs patient, clinic and cocktail at hand.
    """
    # Here and not above: it takes half a second, which only who prints should wait for.
    from mesoclinic.clinic.pdf import Document, letterhead

    clinic = consent.clinic
    with translation.override(paper_language(consent.patient, clinic)):
        document = Document(
            title=_("Consent to treatment"),
            letterhead=letterhead(clinic),
            created=consent.withdrawn_at or consent.signed_at,
            foot=f"{consent.patient.name} · {consent.patient.record_number}",
        )
        _write_text(document, consent.text)
        document.heading(_("Signature"))
        if consent.drawing:
            document.picture(drawn(consent.drawing), width=70)
        document.facts(
            [
                (_("Signed by"), consent.signer_name),
                (_("On"), local_datetime(consent.signed_at, clinic)),
                (_("How"), consent.get_method_display()),
                (_("Cocktail version"), str(consent.cocktail.version)),
            ]
        )
        if consent.withdrawn_at is not None:
            when = local_datetime(consent.withdrawn_at, clinic)
            document.paragraph(_("Withdrawn on %(when)s.") % {"when": when}, bold=True)
        document.note(f"SHA-256 {_('of the text above')}: {consent.text_sha256}")
        return document.content()


def _write_text(document: Document, text: str) -> None:
    """The text below its title, which is the document's own."""
    for paragraph in read_paper(text)[1:]:
        if paragraph.heading:
            document.subheading(paragraph.heading)
        for part in paragraph.parts:
            if part.is_list:
                document.bullets(list(part.lines))
            else:
                for line in part.lines:
                    document.paragraph(line)


def drawn(path: str) -> bytes:
    """A signature's SVG path ("M x y L x y …" in a field of 600 by 200) as a PNG on white."""
    width, height = DRAWING_SIZE
    picture = Image.new("RGB", (width * _SCALE, height * _SCALE), "white")
    pen = ImageDraw.Draw(picture)
    for stroke in path.split("M"):
        numbers = [int(one) * _SCALE for one in stroke.replace("L", " ").split()]
        points = list(zip(numbers[::2], numbers[1::2], strict=False))
        if len(points) == 1:
            (x, y), radius = points[0], 2 * _SCALE
            pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=_INK)
        elif points:
            pen.line(points, fill=_INK, width=3 * _SCALE, joint="curve")
    stream = io.BytesIO()
    picture.save(stream, "PNG")
    return stream.getvalue()
