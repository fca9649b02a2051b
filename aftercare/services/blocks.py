"""The blocks of a message's text, as plain text and as their HTML twins.

A template is plain text; an empty line parts its blocks. What a block is shows in how it begins:
`# ` heading, `- ` list, `• ` visits, `! ` what to do in an emergency. A block whose last line is
`Label: https://…` ends in a button; the first of a mail is filled, those after it are outlined.
Anything else is a paragraph.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from html import escape

VISIT = "• "
ACCENT = "#0e6f6d"
"""The colour of buttons and times where a clinic has chosen none."""

_BUTTON = re.compile(r"^(?P<label>[^:\n]{1,60}): (?P<url>https?://\S+)$")

_BEFORE_MARK = re.compile(r" (?=[?!:;»])")

# Mail programs drop style sheets: what a block looks like stands at the block. Tables and bgcolor
# are for programs that know no padding.
_PARAGRAPH = '<p style="margin:0 0 16px">{}</p>'
_HEADING = (
    '<h1 style="color:#17232b;font-size:22px;font-weight:650;letter-spacing:-0.01em;'
    'line-height:1.3;margin:0 0 18px">{}</h1>'
)
_LIST = '<ul style="margin:0 0 18px;padding-left:20px">{}</ul>'
_ITEM = '<li style="margin:0 0 9px;padding-left:4px">{}</li>'
_CALL = (
    '<p style="background:#fde8e6;border-radius:10px;color:#7d1a14;margin:20px 0 16px;'
    'padding:14px 16px">{}</p>'
)
_VISITS = (
    '<table role="presentation" width="100%" cellpadding="0" cellspacing="0" '
    'style="background:#f0f6f6;border-collapse:separate;border-radius:10px;margin:0 0 20px">'
    "{}</table>"
)
_LINE = ";border-top:1px solid #dbe8e7"
_VISIT_ROW = (
    '<tr><td style="font-weight:600;padding:12px 12px 12px 16px{line}">{day}</td>'
    '<td align="right" style="color:{accent};font-weight:650;padding:12px 16px 12px 0;'
    'white-space:nowrap{line}">{time}</td></tr>'
)
_BUTTON_HTML = (
    '<table role="presentation" cellpadding="0" cellspacing="0" style="margin:22px 0 24px"><tr>'
    '<td bgcolor="{ground}" style="border-radius:10px"><a href="{url}" style="background:{ground};'
    "border:1px solid {edge};border-radius:10px;color:{ink};display:inline-block;font-weight:600;"
    'padding:13px 25px;text-decoration:none">{label}</a></td></tr></table>'
)
_PAPER, _EDGE = "#ffffff", "#c3d3d4"


def blocks_of(text: str) -> list[str]:
    """The blocks of a text; a mark of punctuation never begins a line (French puts a space)."""
    kept = _BEFORE_MARK.sub("\u00a0", text.strip())
    return [block.strip() for block in re.split(r"\n\s*\n", kept) if block.strip()]


def as_text(blocks: Sequence[str]) -> str:
    """What a patient reads without HTML: no marks, links on lines of their own."""
    return "\n\n".join(block_text(block) for block in blocks) + "\n"


def as_html(blocks: Sequence[str], accent: str = ACCENT) -> str:
    """The HTML twin: every line is escaped here, the tags around them are ours."""
    return "\n".join(block_html(block, accent, first=first) for block, first in firsts(blocks))


def firsts(blocks: Iterable[str]) -> Iterator[tuple[str, bool]]:
    """The blocks of a mail, each with whether no button stands before it."""
    first = True
    for block in blocks:
        yield block, first
        first = first and not _ends_in_button(block)


def _ends_in_button(block: str) -> bool:
    return _BUTTON.match(block.rpartition("\n")[2]) is not None


def block_text(block: str) -> str:
    """One block as plain text."""
    lines = [
        f"{button['label']}\n{button['url']}" if (button := _BUTTON.match(line)) else line
        for line in block.removeprefix("# ").removeprefix("! ").splitlines()
    ]
    return "\n".join(lines)


def block_html(block: str, accent: str, *, first: bool = True) -> str:
    """One block as HTML, escaped. `first`: no button stands before it."""
    lines = block.splitlines()
    if button := _BUTTON.match(lines[-1]):
        rest = "\n".join(lines[:-1])
        before = block_html(rest, accent, first=first) if rest else ""
        filled = first and not _ends_in_button(rest)
        ground, edge, ink = (accent, accent, _PAPER) if filled else (_PAPER, _EDGE, accent)
        made = _BUTTON_HTML.format(
            url=escape(button["url"]), label=escape(button["label"]),
            ground=ground, edge=edge, ink=ink,
        )  # fmt: skip
        return before + made
    if block.startswith("# "):
        return _HEADING.format(_joined(lines)[2:])
    if block.startswith("! "):
        return _CALL.format(_joined(lines)[2:])
    if all(line.startswith(VISIT) for line in lines):
        rows = [_visit(line, accent, first=not n) for n, line in enumerate(lines)]
        return _VISITS.format("".join(rows))
    if all(line.startswith("- ") for line in lines):
        return _LIST.format("".join(_ITEM.format(escape(line[2:])) for line in lines))
    return _PARAGRAPH.format(_joined(lines))


def _joined(lines: Sequence[str]) -> str:
    return "<br>".join(escape(line) for line in lines)


def _visit(line: str, accent: str, *, first: bool) -> str:
    day, _comma, time = line.removeprefix(VISIT).rpartition(", ")
    rule = "" if first else _LINE
    return _VISIT_ROW.format(day=escape(day), time=escape(time), line=rule, accent=accent)
