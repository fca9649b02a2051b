"""The exact search: the cheapest chain of choices, one for each session, gaps inside windows.

Days are ordinals (``date.toordinal``) and costs whole numbers, so that equal means equal.
Practitioners and rooms are the numbers of their ids: those hash many times faster.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from operator import attrgetter
from typing import Protocol, TypeVar

from scheduling.domain.slots import Slot
from treatments.domain.protocol import Gap, window_after

Span = tuple[int, int, int]
"""Earliest, ideal and latest day of a window, as ordinals."""

Combination = tuple[int, int]


class OnDay(Protocol):
    """Anything that lies on a day."""

    @property
    def day(self) -> int:
        """The day, as an ordinal."""


Placed = TypeVar("Placed", bound=OnDay)


@dataclass(frozen=True, slots=True)
class Node:
    """One choice for one session: a slot with its own cost, whatever is chosen around it.

    ``who`` and ``room`` stand for practitioner and room (-1: none). ``kept`` marks the time at which the session is booked already.
    """

    day: int
    who: int
    room: int
    cost: int
    slot: Slot
    kept: bool = False


@dataclass(frozen=True, slots=True)
class Prices:
    """What lies between two sessions costs: per squared day, and per change of whom or where."""

    day: int
    practitioner: int
    room: int

    def change(self, before: Node, after: Node) -> int:
        """What changing practitioner and room costs."""
        who = self.practitioner if before.who != after.who else 0
        return who + (self.room if before.room != after.room else 0)


class Step:
    """The window that a day opens for the next session, through one gap or several in a row.

    Later days open later (or equal) earliest, ideal and latest days; the search relies on it.
    """

    __slots__ = ("_gaps", "_known")

    def __init__(self, gaps: Sequence[Gap]) -> None:
        self._gaps = tuple(gaps)
        self._known: dict[int, Span] = {}

    def __call__(self, day: int) -> Span:
        """Earliest, ideal and latest day after a session on ``day``."""
        span = self._known.get(day)
        if span is None:
            span = self._known[day] = self._span(date.fromordinal(day))
        return span

    def _span(self, day: date) -> Span:
        earliest = ideal = latest = day
        for gap in self._gaps:
            earliest = window_after(earliest, gap).earliest
            ideal = window_after(ideal, gap).ideal
            latest = window_after(latest, gap).latest
        return earliest.toordinal(), ideal.toordinal(), latest.toordinal()


def steps_between(gaps: Iterable[Gap]) -> list[Step]:
    """A step for each gap; equal gaps share one, and so what it remembers."""
    known: dict[Gap, Step] = {}
    steps: list[Step] = []
    for gap in gaps:
        if gap not in known:
            known[gap] = Step([gap])
        steps.append(known[gap])
    return steps


Loose = Callable[[int, Node, Node], int | None]
"""What reaching a kept node outside its window costs on top, by layer; ``None`` forbids it."""

Layers = Sequence[Sequence[Node]]


@dataclass(frozen=True, slots=True)
class Problem:
    """Layers of choices (each sorted by day), the step into each layer after the first, prices."""

    layers: Layers
    steps: Sequence[Step]
    prices: Prices
    loose: Loose | None = None


def reach_forward(layers: Sequence[Sequence[Placed]], steps: Sequence[Step]) -> list[list[Placed]]:
    """What of each layer some choice for the layers before can reach; ends after an empty one."""
    reached: list[list[Placed]] = []
    for index, layer in enumerate(layers):
        if index == 0:
            alive = list(layer)
        else:
            spans = [steps[index - 1](day) for day in days_of(reached[-1])]
            latest = [span[2] for span in spans]
            days = {day for day in days_of(layer) if _within_some(day, spans, latest)}
            alive = [node for node in layer if node.day in days]
        reached.append(alive)
        if not alive:
            break
    return reached


def reach_backward(layers: Sequence[Sequence[Placed]], steps: Sequence[Step]) -> list[list[Placed]]:
    """What of each layer leads on to the last layer."""
    alive = [list(layers[-1])]
    for index in range(len(layers) - 2, -1, -1):
        ahead = days_of(alive[-1])
        step = steps[index]
        days = {day for day in days_of(layers[index]) if _leads_on(step(day), ahead)}
        alive.append([node for node in layers[index] if node.day in days])
    return alive[::-1]


def cheapest_chain(problem: Problem, bound: int | None = None) -> list[Node]:
    """The chain of least total cost; raises ``ValueError`` when there is none within ``bound``.

    Dynamic programming over layers. Which of two chains to the same node is cheaper does not
    depend on what follows, because a step's cost needs only its two nodes; so one best chain
    for each node is enough. ``bound`` must be the cost of some chain (or more): nodes whose
    cost so far and the least possible rest exceed it can't lie on a cheapest chain.

    Ties go to the earlier day, then to the order of the nodes.
    """
    layers = problem.layers
    rest = _least_rests(layers)
    most = None if bound is None else bound - rest[0]
    found: list[_Values] = [
        {
            at: (node.cost, -1)
            for at, node in enumerate(layers[0])
            if most is None or node.cost <= most
        }
    ]
    for index in range(1, len(layers)):
        limit = None if bound is None else bound - rest[index]
        found.append(_advance(problem, index, found[-1], limit))
    if not found[-1]:
        raise ValueError("no chain of choices keeps every gap inside its window")
    at = min((value, at) for at, (value, _) in found[-1].items())[1]
    chain: list[Node] = []
    for index in range(len(layers) - 1, -1, -1):
        chain.append(layers[index][at])
        at = found[index][at][1]
    return chain[::-1]


def greedy_bound(problem: Problem) -> int:
    """The cost of a chain that always takes the cheapest next node: a bound to prune with.

    Every node must lead on to the last layer (`reach_backward`), so the chain never gets stuck.
    """
    here = min(problem.layers[0], key=lambda node: node.cost)
    total = here.cost
    for step, layer in zip(problem.steps, problem.layers[1:], strict=True):
        earliest, ideal, latest = step(here.day)
        places = _between(layer, earliest, latest)
        options = layer[places.start : places.stop]
        costs = [
            node.cost + problem.prices.day * (node.day - ideal) ** 2
            + problem.prices.change(here, node)
            for node in options
        ]  # fmt: skip
        cost = min(costs)
        here = options[costs.index(cost)]
        total += cost
    return total


def chain_cost(problem: Problem, chain: Sequence[Node]) -> int:
    """The total cost of a chain, whether or not its gaps lie inside their windows."""
    total = sum(node.cost for node in chain)
    for step, before, after in zip(problem.steps, chain, chain[1:], strict=False):
        ideal = step(before.day)[1]
        total += problem.prices.day * (after.day - ideal) ** 2
        total += problem.prices.change(before, after)
    return total


# --- One layer after the other -------------------------------------------------------------

_Values = dict[int, tuple[int, int]]
"""Least cost up to a node and the node before it, by the node's place; unreached ones are absent."""

_Best = tuple[int, int]
"""A value and the place of the node that has it; compares by value, then by order."""


@dataclass(frozen=True, slots=True)
class _Day:
    """The best values on one day of the layer before: by combination, by one of it, of all."""

    exact: dict[Combination, _Best]
    by_who: dict[int, _Best]
    by_room: dict[int, _Best]
    overall: _Best

    def towards(self, target: Combination, prices: Prices) -> _Best:
        """The best value for going on with ``target``, with what the change to it costs.

        Charging a change to a best value that needs none only overstates it, and the exact
        entry beside it has the true price; so the least of the four is right.
        """
        who, room = target
        value, at = self.overall
        best = (value + prices.practitioner + prices.room, at)
        if same := self.by_who.get(who):
            best = min(best, (same[0] + prices.room, same[1]))
        if same := self.by_room.get(room):
            best = min(best, (same[0] + prices.practitioner, same[1]))
        if same := self.exact.get(target):
            best = min(best, same)
        return best


def _advance(problem: Problem, index: int, before: _Values, limit: int | None) -> _Values:
    """The values of a layer from those of the layer before; costs beyond the limit are dropped."""
    layer, step, prices = problem.layers[index], problem.steps[index - 1], problem.prices
    table = _by_day(problem.layers[index - 1], before)
    spans = [step(day) for day in table]
    earliest = [span[0] for span in spans]
    ideal = [span[1] for span in spans]
    latest = [span[2] for span in spans]
    channels: dict[Combination, tuple[list[int], list[int]]] = {}
    values: _Values = {}
    for place in _touched(problem, index, spans):
        node = layer[place]
        target = (node.who, node.room)
        channel = channels.get(target)
        if channel is None:
            towards = [day.towards(target, prices) for day in table.values()]
            channel = ([value for value, _ in towards], [at for _, at in towards])
            channels[target] = channel
        low, high = bisect_left(latest, node.day), bisect_right(earliest, node.day)
        near = _nearest(channel[0], ideal, range(low, high), (node.day, prices.day))
        best = None if near is None else (near[0], channel[1][near[1]])
        if node.kept and problem.loose is not None:
            best = _loosely(problem, index, before, node, best)
        if best is not None and (limit is None or best[0] + node.cost <= limit):
            values[place] = (best[0] + node.cost, best[1])
    return values


def _touched(problem: Problem, index: int, spans: Sequence[Span]) -> Iterable[int]:
    """The places of a layer that may be reached: between the windows' ends, and kept nodes."""
    layer = problem.layers[index]
    places = _between(layer, spans[0][0], spans[-1][2]) if spans else range(0)
    if problem.loose is None or not spans:
        return places
    kept = [at for at, node in enumerate(layer) if node.kept and at not in places]
    return [*places, *kept]


def _between(layer: Sequence[Node], first: int, last: int) -> range:
    """The places of a layer on days from first to last."""
    low = bisect_left(layer, first, key=attrgetter("day"))
    return range(low, bisect_right(layer, last, low, key=attrgetter("day")))


def _nearest(
    channel: list[int], ideal: list[int], places: range, target: tuple[int, int]
) -> tuple[int, int] | None:
    """The least of channel value plus price per squared day from ideal; the inner loop."""
    day, price = target
    best: int | None = None
    best_at = -1
    for at in places:
        off = day - ideal[at]
        value = channel[at] + price * off * off
        if best is None or value < best:
            best, best_at = value, at
    return None if best is None else (best, best_at)


def _loosely(
    problem: Problem, index: int, before: _Values, node: Node, best: _Best | None
) -> _Best | None:
    """The best way into a kept node when ways outside its window count too, at their price."""
    step, prices = problem.steps[index - 1], problem.prices
    for at, (so_far, _) in before.items():
        source = problem.layers[index - 1][at]
        earliest, ideal, latest = step(source.day)
        if problem.loose is None or earliest <= node.day <= latest:
            continue
        extra = problem.loose(index, source, node)
        if extra is None:
            continue
        cost = so_far + prices.day * (node.day - ideal) ** 2 + prices.change(source, node) + extra
        if best is None or cost < best[0]:
            best = (cost, at)
    return best


def _by_day(layer: Sequence[Node], values: _Values) -> dict[int, _Day]:
    """The reached nodes of a layer by day, days in order."""
    days: dict[int, _Day] = {}
    for at in sorted(values):
        node = layer[at]
        best = (values[at][0], at)
        target = (node.who, node.room)
        day = days.get(node.day)
        if day is None:
            days[node.day] = _Day({target: best}, {node.who: best}, {node.room: best}, best)
            continue
        day.exact[target] = min(day.exact.get(target, best), best)
        day.by_who[node.who] = min(day.by_who.get(node.who, best), best)
        day.by_room[node.room] = min(day.by_room.get(node.room, best), best)
        if best < day.overall:
            days[node.day] = _Day(day.exact, day.by_who, day.by_room, best)
    return days


def _least_rests(layers: Layers) -> list[int]:
    """For each layer the least that the layers after it can cost."""
    rests = [0]
    for layer in reversed(layers[1:]):
        rests.append(rests[-1] + min((node.cost for node in layer), default=0))
    return rests[::-1]


def days_of(layer: Iterable[OnDay]) -> list[int]:
    """The days of a layer, sorted, each once."""
    return sorted({node.day for node in layer})


def _within_some(day: int, spans: Sequence[Span], latest: Sequence[int]) -> bool:
    """Whether a day lies in one of the windows, which are sorted by both ends."""
    at = bisect_left(latest, day)
    return at < len(spans) and spans[at][0] <= day


def _leads_on(span: Span, days: Sequence[int]) -> bool:
    at = bisect_left(days, span[0])
    return at < len(days) and days[at] <= span[2]
