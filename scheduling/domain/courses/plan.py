"""Planning a whole course: the best proposals, or what blocks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from scheduling.domain.courses.blocked import explain_block
from scheduling.domain.courses.explain import Explainer
from scheduling.domain.courses.model import (
    CoursePlan,
    CourseRequest,
    Emphasis,
    Proposal,
    Weights,
)
from scheduling.domain.courses.pool import Cell, Clock, SessionPool, first_cost, session_pools
from scheduling.domain.courses.search import (
    Node,
    Prices,
    Problem,
    Step,
    chain_cost,
    cheapest_chain,
    greedy_bound,
    reach_backward,
    reach_forward,
    steps_between,
)

PROPOSALS = 3
_DIFFERENT_TIME = timedelta(hours=1)
_FIRST_OF_ALL = 1_000_000_000  # factor by which an emphasis outweighs everything else

Cells = Sequence[Sequence[Cell]]


def plan_course(request: CourseRequest) -> CoursePlan:
    """The best times for every session of a course, in up to three really different proposals.

    Every gap lies inside its window, counted in local calendar days between the days chosen.
    The first proposal has the least cost of all plans under the request's weights (exactly:
    see `search.cheapest_chain`). The others are optima too, of another `Emphasis`, and are
    given only when *really different* from those before: at least one session on another
    day, with another practitioner, or an hour or more apart. If these are too few, the best
    plan that shares no session's day with them follows, or the best that starts on another day.

    When there is no plan at all, ``blocked`` says which session is the first that can't be
    placed, why, and what would help.
    """
    clock = Clock(request)
    pools = session_pools(request, clock)
    steps = steps_between(session.gap for session in request.sessions[1:] if session.gap)
    reached = reach_forward([pool.cells for pool in pools], steps)
    if len(reached) < len(request.sessions) or not reached[-1]:
        return CoursePlan((), explain_block(request, clock, reached, steps))
    planner = _Planner(request, steps, Explainer(request, clock), pools)
    return CoursePlan(tuple(planner.proposals(reach_backward(reached, steps))))


@dataclass(frozen=True, slots=True)
class _Planner:
    request: CourseRequest
    steps: Sequence[Step]
    explainer: Explainer
    pools: Sequence[SessionPool]

    def proposals(self, cells: Cells) -> list[Proposal]:
        """Up to three proposals from cells that all lead on to the last session."""
        chains: list[list[Node]] = []
        emphases: list[list[Emphasis]] = []
        for emphasis in self._asked(cells):
            weights = emphasised(self.request.weights, emphasis)
            chain = self._best(cells, weights, chains)
            same = next((at for at, known in enumerate(chains) if _alike(chain, known)), None)
            if same is not None:
                emphases[same].append(emphasis)
            elif len(chains) < PROPOSALS:
                chains.append(chain)
                emphases.append([emphasis])
        while len(chains) < PROPOSALS and (other := self._elsewhere(cells, chains)):
            chains.append(other)
            emphases.append([Emphasis.OTHER_DAYS])
        return [
            self._proposal(cells, chain, tuple(names))
            for chain, names in zip(chains, emphases, strict=True)
        ]

    def _asked(self, cells: Cells) -> list[Emphasis]:
        """The emphases that mean something for this request."""
        wishes = self.request.preferences
        asked = [Emphasis.BALANCED, Emphasis.PROTOCOL]
        if wishes.weekdays or wishes.times:
            asked.append(Emphasis.PREFERRED_TIME)
        if len({cell.slot.practitioner_id for layer in cells for cell in layer}) > 1:
            asked.append(Emphasis.SAME_PRACTITIONER)
        return asked

    def _best(
        self, cells: Cells, weights: Weights, known: Sequence[Sequence[Node]] = ()
    ) -> list[Node]:
        """The best plan; plans known from other weights are plans here too, and bound its cost."""
        problem = self._problem(cells, weights)
        bounds = [self._cost(cells, chain, weights) for chain in known]
        return cheapest_chain(problem, min([greedy_bound(problem), *bounds]))

    def _problem(self, cells: Cells, weights: Weights) -> Problem:
        prices = Prices(weights.day, weights.practitioner_change, weights.room_change)
        # Sessions share cells when they share candidates: make each node once.
        nodes: dict[int, Node] = {}
        for layer in cells[1:]:
            for cell in layer:
                if id(cell) not in nodes:
                    nodes[id(cell)] = cell.node(cell.cost(weights))
        first = [
            cell.node(cell.cost(weights) + first_cost(self.request, cell, weights))
            for cell in cells[0]
        ]
        layers = [first, *([nodes[id(cell)] for cell in layer] for layer in cells[1:])]
        return Problem(layers, self.steps, prices)

    def _elsewhere(self, cells: Cells, chains: Sequence[Sequence[Node]]) -> list[Node] | None:
        """The best plan that shares no session's day with the chains, or no first day at least."""
        for shared in (range(len(cells)), range(1)):
            left = [
                [cell for cell in layer if all(cell.day != chain[at].day for chain in chains)]
                if at in shared
                else layer
                for at, layer in enumerate(cells)
            ]
            reached = reach_forward(left, self.steps)
            if len(reached) == len(cells) and reached[-1]:
                return self._best(reach_backward(reached, self.steps), self.request.weights)
        return None

    def _proposal(
        self, cells: Cells, chain: Sequence[Node], emphases: tuple[Emphasis, ...]
    ) -> Proposal:
        slots = [node.slot for node in chain]
        visits = self.explainer.visits(slots, self.pools, self.steps)
        return Proposal(emphases, visits, self._cost(cells, chain, self.request.weights))

    def _cost(self, cells: Cells, chain: Sequence[Node], weights: Weights) -> int:
        """What a plan costs under some weights."""
        chosen = [
            [next(cell for cell in layer if cell.slot is node.slot)]
            for layer, node in zip(cells, chain, strict=True)
        ]
        problem = self._problem(chosen, weights)
        return chain_cost(problem, [layer[0] for layer in problem.layers])


def emphasised(weights: Weights, emphasis: Emphasis) -> Weights:
    """The weights with one side of them put before everything else."""
    if emphasis is Emphasis.PROTOCOL:
        return replace(weights, day=_first(weights.day), wait=_first(weights.wait))
    if emphasis is Emphasis.PREFERRED_TIME:
        return replace(
            weights,
            weekday=_first(weights.weekday),
            time=_first(weights.time),
            time_hour=_first(weights.time_hour),
        )
    if emphasis is Emphasis.SAME_PRACTITIONER:
        return replace(weights, practitioner_change=_first(weights.practitioner_change))
    return weights


def _first(weight: int) -> int:
    return max(weight, 1) * _FIRST_OF_ALL


def _alike(one: Sequence[Node], other: Sequence[Node]) -> bool:
    """Whether two plans are not really different (see `plan_course`)."""
    return all(
        a.day == b.day and a.who == b.who and abs(a.slot.start - b.slot.start) < _DIFFERENT_TIME
        for a, b in zip(one, other, strict=True)
    )
