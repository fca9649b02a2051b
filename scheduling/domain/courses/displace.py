"""Finding new times for visits that can't stay, because the practitioner is away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from scheduling.domain.courses.model import CourseRequest, Replan, Visit
from scheduling.domain.courses.pool import Cell, CellSource, Clock, first_cost
from scheduling.domain.courses.replan import Mover, prices_of, ranked, steps_of
from scheduling.domain.courses.search import Node, Problem, Step, cheapest_chain
from treatments.domain.protocol import Window, reach


def replan_displaced(
    request: CourseRequest,
    booked: Sequence[Visit],
    displaced: frozenset[int],
    locked: frozenset[int] = frozenset(),
) -> Replan | None:
    """New times for the ``displaced`` visits of a course, with as little change as can be.

    As `replan_after_move`: visits before the first displaced one never move, nor do ``locked``
    ones; of the others as few as possible, each into its window. Where the first displaced visit
    is the first of all, ``request.first`` is its window (ideal: the day that it had). ``None``
    when no choice of times puts every displaced visit into its window.

    Raises ``ValueError`` when no displaced visit is booked.
    """
    ordered = sorted(booked, key=lambda visit: visit.number)
    at = next((i for i, visit in enumerate(ordered) if visit.number in displaced), None)
    if at is None:
        raise ValueError("only a booked visit can be displaced")
    clock = Clock(request)
    mover = Mover(request, clock, locked, steps_of(request, ordered))
    try:
        problem = _problem(mover, ordered, at, displaced)
        chain = cheapest_chain(problem)
    except ValueError:
        return None
    nodes = chain if at == 0 else chain[1:]
    after = [
        Visit(visit.number, node.slot) for visit, node in zip(ordered[at:], nodes, strict=True)
    ]
    old = {visit.number: visit.slot for visit in ordered}
    return mover.replan(old, [*ordered[:at], *after], at)


def _problem(mover: Mover, ordered: Sequence[Visit], at: int, displaced: frozenset[int]) -> Problem:
    """Layers from the visit before the first displaced one (or from that itself) to the last."""
    windows = _windows(mover, ordered, at)
    cells = CellSource(mover.request, mover.clock)
    layers: list[list[Node]] = [[mover.node(ordered[at - 1].slot, kept=True)]] if at else []
    steps: list[Step] = []
    for visit in ordered[at:]:
        window = None if visit.number in mover.locked else windows.get(visit.number)
        offered = cells.within(visit.number, window) if window is not None else []
        layer = _nodes(mover, [one for one in offered if one.slot != visit.slot], first=not layers)
        if visit.number not in displaced:
            layer.append(mover.node(visit.slot, kept=True))
        if not layer:
            raise ValueError("a displaced visit has no time")
        if layers:
            steps.append(mover.steps[visit.number])
        layers.append(sorted(layer, key=lambda node: node.day))
    return ranked(Problem(layers, steps, prices_of(mover.request)))


def _nodes(mover: Mover, cells: Sequence[Cell], *, first: bool) -> list[Node]:
    """The cells as nodes; those of the first layer carry what their distance from the ideal costs."""
    request = mover.request
    return [
        cell.node(
            cell.cost(request.weights)
            + (first_cost(request, cell, request.weights) if first else 0)
        )
        for cell in cells
    ]


def _windows(mover: Mover, ordered: Sequence[Visit], at: int) -> dict[int, Window]:
    """The days that each visit from the first displaced one on can reach at all."""
    request = mover.request
    if at:
        before = ordered[at - 1]
        day = date.fromordinal(mover.clock.day(before.slot))
        first, number = Window(day, day, day), before.number
    else:
        first, number = request.first, ordered[0].number
    sessions = [one for one in request.sessions if one.number >= number]
    if not at:
        sessions[0] = replace(sessions[0], gap=None)
    windows = reach(first, sessions, max(first.earliest, request.until))
    numbers = [one.number for one in sessions]
    return dict(zip(numbers, windows, strict=False))
