"""Proposals and obstacles in words, with the one-click way out of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from django.utils import formats
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mesoclinic.common.calendar import add_days, local_date
from scheduling.domain.courses import Emphasis, PlannedVisit, Proposal
from scheduling.domain.obstacles import WORDS, Obstacle
from scheduling.domain.slots import Slot
from scheduling.domain.words import Code, Reason, describe
from scheduling.selectors.courses import Planned, Wishes
from treatments.domain.protocol import Verdict, Window, window_after
from treatments.selectors.windows import gap_of

_EDGE = 3
_MOST_OBSTACLES = 4

# What a suggestion changes in the wishes, as parameters to take out of the address.
_WAYS_OUT: dict[Code, tuple[str, ...]] = {
    Code.DROP_WEEKDAYS: ("weekdays", "strict"),
    Code.DROP_TIMES: ("starts_from", "starts_until", "strict"),
    Code.DROP_DATES: ("not_from", "not_until", "not_months"),
    Code.OTHER_PRACTITIONER: ("only",),
}


@dataclass(frozen=True, slots=True)
class Card:
    """A proposal to choose: what it is best at, and what that means here."""

    index: int
    title: str
    summary: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Swap:
    """Another practitioner for one session."""

    number: int
    practitioner_id: UUID
    start: datetime

    @property
    def value(self) -> str:
        """As the address carries it."""
        return f"{self.number}|{self.practitioner_id}|{self.start.isoformat()}"


@dataclass(frozen=True, slots=True)
class Problem:
    """The one thing about a proposal that somebody should know, and what would mend it."""

    title: str
    text: str
    swap: Swap | None = None
    action: str = ""


@dataclass(frozen=True, slots=True)
class WayOut:
    """A suggestion; `drop` names what to take out of the wishes (empty: nothing to click)."""

    text: str
    drop: tuple[str, ...]


def cards(planned: Planned, wishes: Wishes, chosen: int) -> list[Card]:
    """The proposals as cards."""
    titles: set[str] = set()
    found = []
    for index, proposal in enumerate(planned.result.proposals):
        title = _title(proposal, index, planned)
        if title in titles:
            title = _("Another way")
        titles.add(title)
        summary = _summary(proposal, planned, wishes)
        found.append(Card(index, title, summary, index == chosen))
    return found


def _title(proposal: Proposal, index: int, planned: Planned) -> str:
    if index == 0:
        return _("Best fit")
    if proposal.emphasis is Emphasis.SAME_PRACTITIONER:
        member = planned.members[proposal.visits[0].slot.practitioner_id]
        return _("Always %(name)s") % {"name": member.display_name}
    titles = {
        Emphasis.PROTOCOL: _("Closest to the protocol"),
        Emphasis.PREFERRED_TIME: _("Preferred times first"),
        Emphasis.OTHER_DAYS: _("On other days"),
    }
    return titles.get(proposal.emphasis, _("Another way"))


def _summary(proposal: Proposal, planned: Planned, wishes: Wishes) -> str:
    """How far from ideal, with whom, and how many at the wished times."""
    farthest = max(
        (abs(one.from_ideal) for one in proposal.visits if not one.window.is_open), default=0
    )
    within = ngettext("Within %(n)s day of ideal", "Within %(n)s days of ideal", farthest) % {
        "n": farthest
    }
    parts = [within if farthest else _("All on the ideal day"), _people(proposal, planned)]
    if wishes.starts_from:
        met = sum(1 for one in proposal.visits if _clock(planned, one.slot) >= wishes.starts_from)
        parts.append(
            _("%(met)s of %(all)s after %(time)s")
            % {"met": met, "all": len(proposal.visits), "time": f"{wishes.starts_from:%H:%M}"}
        )
    if wishes.weekdays:
        met = sum(1 for one in proposal.visits if one.day.weekday() in wishes.weekdays)
        parts.append(
            _("%(met)s of %(all)s on preferred days") % {"met": met, "all": len(proposal.visits)}
        )
    return " · ".join(parts)


def _clock(planned: Planned, slot: Slot):  # type: ignore[no-untyped-def]
    return slot.start.astimezone(planned.request.zone).time()


def _people(proposal: Proposal, planned: Planned) -> str:
    counts: dict[UUID, int] = {}
    for visit in proposal.visits:
        counts[visit.slot.practitioner_id] = counts.get(visit.slot.practitioner_id, 0) + 1
    if len(counts) == 1:
        (only,) = counts
        return _("%(name)s each time") % {"name": planned.members[only].display_name}
    ordered = sorted(counts.items(), key=lambda item: -item[1])
    return ", ".join(f"{planned.members[who].display_name} {count}" for who, count in ordered)


# --- The one problem -------------------------------------------------------------------------


def problem_of(planned: Planned, proposal: Proposal) -> Problem | None:
    """The session that lies worst in its window, why, and who else could take it nearer."""
    worst = max(
        (one for one in proposal.visits if not one.window.is_open),
        key=lambda one: abs(one.from_ideal),
        default=None,
    )
    if worst is None or abs(worst.from_ideal) < _EDGE:
        return None
    end = _("late") if worst.from_ideal > 0 else _("early")
    title = _("Session %(number)s sits at the %(end)s end of its window.") % {
        "number": worst.number, "end": end,
    }  # fmt: skip
    text = " ".join(obstacle_words(planned, _between(planned, worst)))
    swap = _better(planned, proposal, worst)
    if swap is None:
        return Problem(title, text)
    name = planned.members[swap.practitioner_id].display_name
    when = formats.date_format(swap.start.astimezone(planned.request.zone), "D j M H:i")
    text += " " + _("%(name)s is free on %(when)s.") % {"name": name, "when": when}
    action = _("Take %(name)s for session %(number)s") % {"name": name, "number": worst.number}
    return Problem(title, text.strip(), swap, action)


def _between(planned: Planned, visit: PlannedVisit) -> Sequence[Obstacle]:
    """Why the days between the ideal day and the chosen one have no time with this practitioner."""
    first, last = sorted((visit.window.ideal, visit.day))
    known = planned.request.obstacles
    found = known(first, last) if callable(known) else known
    who = visit.slot.practitioner_id
    return [one for one in found if one.practitioner_id in {None, who}]


def obstacle_words(planned: Planned, found: Sequence[Obstacle]) -> list[str]:
    """Obstacles as sentences, the longest first, at most four."""
    by_length = sorted(_in_a_row(found), key=lambda one: one.first - one.last)
    words = []
    for one in by_length[:_MOST_OBSTACLES]:
        member = planned.members.get(one.practitioner_id) if one.practitioner_id else None
        what = _(WORDS[one.kind])
        if one.label:
            what = f"{what} ({one.label})"
        said = f"{member.display_name}: {what}" if member else capfirst(what)
        words.append(f"{said}, {_days(one.first, one.last)}.")
    return words


def _in_a_row(found: Sequence[Obstacle]) -> list[Obstacle]:
    """Equal obstacles of days that follow each other, put together."""
    joined: list[Obstacle] = []
    for one in sorted(found, key=lambda it: (it.kind, str(it.practitioner_id), it.label, it.first)):
        last = joined[-1] if joined else None
        if (
            last is not None
            and replace(last, first=one.first, last=one.last) == one
            and one.first <= add_days(last.last, 1)
        ):
            joined[-1] = replace(last, last=max(last.last, one.last))
        else:
            joined.append(one)
    return joined


def _days(first: date, last: date) -> str:
    if first == last:
        return formats.date_format(first, "j M")
    return f"{formats.date_format(first, 'j M')} - {formats.date_format(last, 'j M')}"


def _better(planned: Planned, proposal: Proposal, worst: PlannedVisit) -> Swap | None:
    """A time of somebody else, two days nearer to the ideal or more, that the next gap allows.

    It is nothing that the patient left out, and no worse for the patient's wishes.
    """
    known = planned.request.candidates
    pool = known(worst.number, worst.window.earliest, worst.window.latest) if callable(
        known
    ) else known  # fmt: skip
    zone = planned.request.zone
    after = next((one for one in proposal.visits if one.number == worst.number + 1), None)
    wishes, there = planned.request.preferences, worst.slot.start.astimezone(zone)
    clock, suited = there.time(), wishes.suit(there)
    best: tuple[tuple[int, int], Slot] | None = None
    for slot in pool:
        day = local_date(slot.start, zone)
        if slot.practitioner_id == worst.slot.practitioner_id or not _fits(worst.window, day):
            continue
        if after is not None and not _next_fits(planned, after, day):
            continue
        local = slot.start.astimezone(zone)
        if wishes.leave_out(day) or (suited and not wishes.suit(local)):
            continue
        away = abs((local.hour - clock.hour) * 60 + local.minute - clock.minute)
        rank = (abs(worst.window.distance(day)), away)
        if best is None or rank < best[0]:
            best = (rank, slot)
    if best is None or best[0][0] > abs(worst.from_ideal) - 2:
        return None
    return Swap(worst.number, best[1].practitioner_id, best[1].start)


def _fits(window: Window, day: date) -> bool:
    return window.verdict(day) is Verdict.INSIDE


def _next_fits(planned: Planned, after: PlannedVisit, day: date) -> bool:
    session = next(one for one in planned.course.to_place if one.number == after.number)
    gap = gap_of(session)
    return gap is None or _fits(window_after(day, gap), after.day)


def with_swap(planned: Planned, proposal: Proposal, swap: Swap | None) -> Proposal:
    """The proposal with another practitioner for one session, where that time is really free."""
    if swap is None:
        return proposal
    target = next((one for one in proposal.visits if one.number == swap.number), None)
    known = planned.request.candidates
    if target is None or callable(known):
        return proposal
    slot = next(
        (
            one
            for one in known
            if one.start == swap.start and one.practitioner_id == swap.practitioner_id
        ),
        None,
    )
    if slot is None:
        return proposal
    day = local_date(slot.start, planned.request.zone)
    changed = replace(target, slot=slot, day=day, reasons=())
    visits = [changed if one is target else one for one in proposal.visits]
    return replace(proposal, visits=tuple(_rewindowed(planned, visits)))


def _rewindowed(planned: Planned, visits: Sequence[PlannedVisit]) -> list[PlannedVisit]:
    gaps = {one.number: gap_of(one) for one in planned.course.to_place}
    fresh: list[PlannedVisit] = []
    for visit in visits:
        gap = gaps.get(visit.number)
        if fresh and gap is not None:
            fresh.append(replace(visit, window=window_after(fresh[-1].day, gap)))
        else:
            fresh.append(visit)
    return fresh


def ways_out(planned: Planned) -> list[WayOut]:
    """What would help where there is no plan."""
    blocked = planned.result.blocked
    if blocked is None:
        return []
    return [WayOut(_say(planned, one), _WAYS_OUT.get(one.code, ())) for one in blocked.suggestions]


def _say(planned: Planned, suggestion: Reason) -> str:
    words = describe(suggestion, _, lambda day: formats.date_format(day, "j M Y"))
    if suggestion.code is Code.OTHER_PRACTITIONER and suggestion.ids:
        names = _names(planned.members, suggestion.ids)
        if names:
            words = f"{words} ({names})"
    return words


def _names(members: Mapping[UUID, object], ids: Sequence[str]) -> str:
    by_text = {str(pk): member for pk, member in members.items()}
    return ", ".join(
        str(getattr(by_text[one], "display_name", "")) for one in ids if one in by_text
    )
