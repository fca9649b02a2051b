"""When each session of a plan should be: windows anchored to what really took place."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from treatments.domain.protocol import (
    Gap,
    GapUnit,
    SessionSpec,
    Verdict,
    Window,
    chain_windows,
    window_after,
)
from treatments.models import PlannedSession, TreatmentPlan


@dataclass(frozen=True)
class PlanWindow:
    """A remaining session with its window (local days, both ends included).

    `anchor` is the day the window counts from: the last session really given or, before that,
    the chosen or ideal day of the session before. None where the window is free. `after_actual`
    tells that the anchor is a session that took place.
    """

    session: PlannedSession
    spec: SessionSpec
    window: Window
    anchor: dt.date | None
    after_actual: bool

    def verdict(self, day: dt.date) -> Verdict:
        """Where a local day lies against the window."""
        return self.window.verdict(day)


def gap_of(session: PlannedSession) -> Gap | None:
    """The gap before a session as the domain has it; None before the first."""
    if session.gap_min is None or session.gap_ideal is None or session.gap_max is None:
        return None
    return Gap(session.gap_min, session.gap_ideal, session.gap_max, GapUnit(session.gap_unit))


def given_days(sessions: Iterable[PlannedSession]) -> dict[UUID, dt.date]:
    """The local day of every session that has begun, by planned session (rows with `record`)."""
    return {session.pk: session.record.performed_on for session in sessions if has_record(session)}


def has_record(session: PlannedSession) -> bool:
    """Whether the session has begun, signed or not (no query where `record` was selected)."""
    return getattr(session, "record", None) is not None


def sessions_of(plans: Iterable[UUID]) -> dict[UUID, list[PlannedSession]]:
    """The sessions that were not dropped, by plan, in order, with their records: one query."""
    rows = (
        PlannedSession.objects.filter(plan__in=set(plans), dropped_at__isnull=True)
        .select_related("record", "plan")
        .order_by("plan_id", "number")
    )
    by_plan: dict[UUID, list[PlannedSession]] = {}
    for row in rows:
        by_plan.setdefault(row.plan_id, []).append(row)
    return by_plan


def plan_windows(
    plan: TreatmentPlan, on: dt.date, chosen: Mapping[UUID, dt.date] | None = None
) -> tuple[PlanWindow, ...]:
    """The window of every session that has not begun, in order.

    The first counts from the last session really given (S1, S4: gaps are between treatments, not
    between plans), or is free from the plan's first day, or from `on` where that is later. Each
    further one counts from the `chosen` day of the session before it (by planned session id: the
    bookings), else from its ideal day. One query.
    """
    return windows_among(plan, sessions_of([plan.pk]).get(plan.pk, []), on, chosen)


def windows_among(
    plan: TreatmentPlan,
    sessions: Sequence[PlannedSession],
    on: dt.date,
    chosen: Mapping[UUID, dt.date] | None = None,
) -> tuple[PlanWindow, ...]:
    """`plan_windows` on rows that are loaded already (of `sessions_of`)."""
    given = given_days(sessions)
    remaining = [session for session in sessions if session.pk not in given]
    if not remaining:
        return ()
    booked = chosen or {}
    specs = [_spec(session, place) for place, session in enumerate(remaining, start=1)]
    last = max(given.values(), default=None)
    first = _first_window(plan, specs[0], last, on)
    days = {
        spec.number: booked[session.pk]
        for spec, session in zip(specs, remaining, strict=True)
        if session.pk in booked
    }
    chain = chain_windows(first, specs, {}, days)
    anchors = [last, *(link.day for link in chain[:-1])]
    return tuple(
        PlanWindow(
            session=session,
            spec=link.session,
            window=link.window,
            anchor=anchor if link.session.gap is not None else None,
            after_actual=place == 0 and last is not None,
        )
        for place, (session, link, anchor) in enumerate(zip(remaining, chain, anchors, strict=True))
    )


def window_verdict(
    session: PlannedSession,
    siblings: Sequence[PlannedSession],
    day: dt.date,
    chosen: Mapping[UUID, dt.date],
) -> Verdict:
    """Where `day` lies for one session, given what took place and what is booked before it.

    Too early is judged against the last day of any other session that was given or is booked
    before `day`; off protocol only where the session just before is known to be given or booked.
    """
    gap = gap_of(session)
    given = given_days(siblings)
    days = {**chosen, **given}
    before = [
        row for row in siblings if row.pk != session.pk and row.pk in days and days[row.pk] <= day
    ]
    earlier = [row for row in siblings if row.number < session.number]
    if gap is None or not before:
        return Verdict.TOO_EARLY if day < session.plan.start_on else Verdict.INSIDE
    anchor = max(days[row.pk] for row in before)
    verdict = window_after(anchor, gap).verdict(day)
    predecessor_known = bool(earlier) and earlier[-1].pk in days
    if verdict is Verdict.OFF_PROTOCOL and not predecessor_known:
        return Verdict.INSIDE
    return verdict


def _spec(session: PlannedSession, place: int) -> SessionSpec:
    return SessionSpec(place, session.phase_name, session.phase_index, gap_of(session))


def _first_window(
    plan: TreatmentPlan, spec: SessionSpec, last: dt.date | None, on: dt.date
) -> Window:
    if last is not None and spec.gap is not None:
        return window_after(last, spec.gap)
    return Window.open_from(max(plan.start_on, on))
