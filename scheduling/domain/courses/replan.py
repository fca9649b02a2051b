"""Moving one visit of a course: what follows, with as little change as can be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise

from scheduling.domain.courses.explain import Explainer, window_from
from scheduling.domain.courses.model import (
    Change,
    CourseRequest,
    OffProtocol,
    Replan,
    Visit,
)
from scheduling.domain.courses.pool import CellSource, Clock, SessionPool, cell_of
from scheduling.domain.courses.search import (
    Layers,
    Node,
    Prices,
    Problem,
    Step,
    chain_cost,
    cheapest_chain,
)
from scheduling.domain.slots import Slot
from treatments.domain.protocol import Verdict, Window, reach


def replan_after_move(
    request: CourseRequest,
    booked: Sequence[Visit],
    moved: Visit,
    locked: frozenset[int] = frozenset(),
) -> Replan:
    """What happens to a booked course when one visit moves to another slot.

    ``request.sessions`` names the sessions of the course; ``booked`` the visits of those that
    are booked, given ones included; ``moved`` is the visit with its new slot. Candidates should
    be loaded without counting the course's own visits as busy.

    Visits before the moved one never move, nor do those whose number is ``locked``. Of all ways
    to place the later ones, the result is the best in this order (exactly): fewest visits
    newly outside their window, fewest moved visits, least cost. So a visit that still fits
    stays unless its moving would let another one fit. A later visit is never *moved* to a day
    outside its window; one that can't be put inside stays and is listed in ``off_protocol``.
    A gap that was off protocol before, between two visits that both stay, counts as accepted.
    A session without a booking lets the gaps on both its sides add up.

    Raises ``ValueError`` when the moved visit is not booked, or a booking's session is not in
    the request.
    """
    ordered = sorted(booked, key=lambda visit: visit.number)
    numbers = {session.number for session in request.sessions}
    if not {visit.number for visit in ordered} <= numbers:
        raise ValueError("every booked visit must belong to a session of the course")
    old = {visit.number: visit.slot for visit in ordered}
    if moved.number not in old:
        raise ValueError("only a booked visit can move")
    at = next(i for i, visit in enumerate(ordered) if visit.number == moved.number)
    clock = Clock(request)
    mover = Mover(request, clock, locked, steps_of(request, ordered))
    chain = mover.best(moved, old[moved.number], ordered[at + 1 :])
    after = [*ordered[:at], *chain]
    return mover.replan(old, after, at)


@dataclass(frozen=True, slots=True)
class Mover:
    """One replanning: the request, its clock, what may not move, and the step into each visit."""

    request: CourseRequest
    clock: Clock
    locked: frozenset[int]
    steps: Mapping[int, Step]

    def best(self, moved: Visit, before: Slot, later: Sequence[Visit]) -> list[Visit]:
        """The moved visit and the best placing of those after it."""
        pools = self._pools(moved, later)
        start = self.node(moved.slot, kept=moved.slot == before)
        layers = [[start]]
        for visit, pool in zip(later, pools, strict=True):
            weights = self.request.weights
            free = [cell.node(cell.cost(weights)) for cell in pool.cells if cell.slot != visit.slot]
            layers.append(
                sorted([*free, self.node(visit.slot, kept=True)], key=lambda node: node.day)
            )
        steps = [self.steps[visit.number] for visit in later]
        problem = ranked(Problem(layers, steps, prices_of(self.request)))
        chain = cheapest_chain(problem, _cost_of_keeping(problem))
        return [
            Visit(visit.number, node.slot)
            for visit, node in zip([moved, *later], chain, strict=True)
        ]

    def node(self, slot: Slot, *, kept: bool) -> Node:
        """A slot as a node; `kept` marks the one that the visit has already."""
        cell = cell_of(self.request, self.clock, slot)
        return cell.node(cell.cost(self.request.weights), kept=kept)

    def _pools(self, moved: Visit, later: Sequence[Visit]) -> list[SessionPool]:
        """What each later visit may move to: nothing when it is locked or can't be reached."""
        day = date.fromordinal(self.clock.day(moved.slot))
        sessions = [s for s in self.request.sessions if s.number >= moved.number]
        windows = dict(
            zip(
                (session.number for session in sessions),
                reach(Window(day, day, day), sessions, max(day, self.request.until)),
                strict=False,
            )
        )
        cells = CellSource(self.request, self.clock)
        pools: list[SessionPool] = []
        for visit in later:
            window = windows.get(visit.number)
            if window is None or visit.number in self.locked:
                pools.append(SessionPool(visit.number, Window(day, day, day), ()))
                continue
            pools.append(SessionPool(visit.number, window, cells.within(visit.number, window)))
        return pools

    def replan(self, old: Mapping[int, Slot], after: Sequence[Visit], at: int) -> Replan:
        """The difference between the old and the new course from the moved visit on."""
        explainer = Explainer(self.request, self.clock)
        changes: list[Change] = []
        off: list[OffProtocol] = []
        for index in range(at, len(after)):
            visit = after[index]
            before = after[index - 1] if index else None
            window = self._window(visit, before)
            day = date.fromordinal(self.clock.day(visit.slot))
            stays = visit.slot == old[visit.number]
            verdict = window.verdict(day)
            if verdict is not Verdict.INSIDE:
                same_gap = stays and (before is None or before.slot == old[before.number])
                off.append(OffProtocol(visit.number, day, window, verdict, same_gap))
            if not stays:
                pool = SessionPool(visit.number, window, ())
                reasons = explainer.reasons(
                    visit.slot, window, before.slot if before else None, pool
                )
                changes.append(
                    Change(visit.number, old[visit.number], visit.slot, day, window, reasons)
                )
        kept = tuple(visit for visit in after if visit.slot == old[visit.number])
        return Replan(tuple(changes), kept, tuple(off))

    def _window(self, visit: Visit, before: Visit | None) -> Window:
        if before is None:
            return self.request.first
        return window_from(self.steps[visit.number], self.clock.day(before.slot))


def prices_of(request: CourseRequest) -> Prices:
    """What lies between two sessions costs."""
    weights = request.weights
    return Prices(weights.day, weights.practitioner_change, weights.room_change)


def steps_of(request: CourseRequest, ordered: Sequence[Visit]) -> dict[int, Step]:
    """The step into each booked visit from the booked visit before it, by number."""
    steps: dict[int, Step] = {}
    for before, visit in pairwise(ordered):
        gaps = [
            session.gap
            for session in request.sessions
            if before.number < session.number <= visit.number and session.gap is not None
        ]
        steps[visit.number] = Step(gaps)
    return steps


def ranked(problem: Problem) -> Problem:
    """The problem with cost below moving, and moving below leaving a window.

    One number holds the three: a move costs more than any chain's cost can differ, and
    a visit newly outside its window costs more than all moves together. That makes
    the least sum the first in lexicographic order.
    """
    move = _highest_cost(problem) + 1
    leave = move * (len(problem.layers) + 1)

    def loose(_: int, before: Node, after: Node) -> int:
        return 0 if before.kept and after.kept else leave

    layers = [
        problem.layers[0],
        *(
            [node if node.kept else replace(node, cost=node.cost + move) for node in layer]
            for layer in problem.layers[1:]
        ),
    ]
    return replace(problem, layers=layers, loose=loose)


def _highest_cost(problem: Problem) -> int:
    """A number that no chain's cost exceeds."""
    days = [node.day for node in _all(problem.layers)]
    ideals = [
        step(node.day)[1]
        for step, layer in zip(problem.steps, problem.layers, strict=False)
        for node in layer
    ]
    farthest = max([*days, *ideals]) - min([*days, *ideals])
    prices = problem.prices
    between = prices.day * farthest**2 + prices.practitioner + prices.room
    own = sum(max(node.cost for node in layer) for layer in problem.layers)
    return own + between * len(problem.steps)


def _cost_of_keeping(problem: Problem) -> int:
    """The cost of the chain in which only the moved visit moves: it is always possible."""
    chain = [next(node for node in layer if node.kept) for layer in problem.layers[1:]]
    chain.insert(0, problem.layers[0][0])
    total = chain_cost(problem, chain)
    for index, step in enumerate(problem.steps, start=1):
        before, after = chain[index - 1], chain[index]
        earliest, _, latest = step(before.day)
        if problem.loose is not None and not earliest <= after.day <= latest:
            total += problem.loose(index, before, after) or 0
    return total


def _all(layers: Layers) -> Iterable[Node]:
    return (node for layer in layers for node in layer)
