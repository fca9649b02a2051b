"""The table: ours, the floor, the ratio, the target, the peers."""

from __future__ import annotations

from collections.abc import Iterable

from tests.benchmarks.harness import Figure
from tests.benchmarks.peers import MAIL_PEERS, PEERS, ROWS

_HEAD = (
    "",
    "MesoClinic",
    "p95",
    "SQL",
    "floor",
    "to floor",
    "target",
    "",
    *PEERS,
    "their floor",
)


def table(figures: Iterable[Figure]) -> str:
    """A Markdown table, aligned for reading in a terminal."""
    lines = [_HEAD, *(_line(figure) for figure in figures)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(_HEAD))]
    text = [_row(lines[0], widths), "|" + "|".join("-" * (w + 2) for w in widths) + "|"]
    text += [_row(line, widths) for line in lines[1:]]
    mail = "; ".join(f"{name} {rate}" for name, rate in MAIL_PEERS)
    return "\n".join([*text, "", f"Reminders a second on the peers' machine: {mail}."])


def missed(figures: Iterable[Figure]) -> list[str]:
    """The rows that miss their target."""
    return [f.key for f in figures if ROWS[f.key].is_met(f.value) is False]


def _row(cells: Iterable[str], widths: list[int]) -> str:
    return "| " + " | ".join(c.ljust(w) for c, w in zip(cells, widths, strict=True)) + " |"


def _line(figure: Figure) -> tuple[str, ...]:
    row = ROWS[figure.key]
    met = row.is_met(figure.value)
    target = "" if row.target is None else f"{'≥' if row.at_least else '≤'} {row.target:g}"
    return (
        row.label,
        f"{_number(figure.value)} {row.unit}",
        "" if figure.p95 is None else _number(figure.p95),
        "" if figure.queries is None else str(figure.queries),
        f"{_number(figure.floor)} ({row.floor_is})" if figure.floor else "",
        _ratio(figure),
        target,
        {True: "✓", False: "✗", None: ""}[met],
        *row.peers,
        row.peer_floor,
    )


def _ratio(figure: Figure) -> str:
    return f"{figure.value / figure.floor:.2f}" if figure.floor else ""


def _number(value: float) -> str:
    if value == int(value):
        return str(int(value))
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"
