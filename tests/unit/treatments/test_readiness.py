"""The gate: what each input does to the verdict, at each moment."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patients.domain.screening import Outcome
from treatments.domain.cocktail import Finding, Level
from treatments.domain.protocol import Verdict as WindowVerdict
from treatments.domain.readiness import (
    ConsentFacts,
    Decision,
    LotFacts,
    LotProblem,
    Moment,
    PlanStatus,
    ReadinessInputs,
    ScreeningFacts,
    Verdict,
    assess,
)

DAY = date(2026, 3, 16)
GOOD_SCREENING = ScreeningFacts(
    Outcome.CLEARED, valid_until=DAY + timedelta(days=90), reconfirmed_on=DAY
)
GOOD = ReadinessInputs(
    at=Moment.CHAIR,
    visit_on=DAY,
    screening=GOOD_SCREENING,
    consent=ConsentFacts(signed_version=2, current_version=2),
    window=WindowVerdict.INSIDE,
    lots=(LotFacts("Biotin", "A1"),),
    licence_valid_until=DAY,
)


def screened(**changes: Any) -> dict[str, Any]:
    return {"screening": replace(GOOD_SCREENING, **changes)}


def cocktail(level: Level, code: str = "ceiling") -> dict[str, Any]:
    found = Finding(level, code, "What", "Why", "G", "Do", "zinc", "session")
    return {"cocktail": (found,)}


def test_everything_in_order_is_a_go_at_every_moment() -> None:
    for moment in Moment:
        ready = assess(replace(GOOD, at=moment))
        assert (ready.verdict, ready.reasons) == (Verdict.GO, ())
        assert not ready.can_be_overridden


GO, REVIEW, STOP = Verdict.GO, Verdict.REVIEW, Verdict.STOP


@pytest.mark.parametrize(
    ("changes", "code", "verdicts"),
    [
        ({"screening": ScreeningFacts()}, "screening_missing", (REVIEW, STOP, STOP)),
        (screened(outcome=Outcome.CONTRAINDICATED), "contraindicated", (STOP, STOP, STOP)),
        (
            screened(outcome=Outcome.CONTRAINDICATED, decision=Decision.TREAT),
            "contraindicated",
            (STOP, STOP, STOP),
        ),
        (screened(outcome=Outcome.INCOMPLETE), "screening_incomplete", (REVIEW, STOP, STOP)),
        (screened(outcome=Outcome.REVIEW), "screening_undecided", (REVIEW, REVIEW, STOP)),
        (screened(outcome=Outcome.DEFERRED), "screening_deferred", (STOP, STOP, STOP)),
        (
            screened(outcome=Outcome.REVIEW, decision=Decision.DO_NOT_TREAT),
            "decided_no",
            (STOP, STOP, STOP),
        ),
        (
            screened(outcome=Outcome.REVIEW, decision=Decision.DEFER),
            "decided_later",
            (STOP, STOP, STOP),
        ),
        (
            screened(
                outcome=Outcome.REVIEW,
                decision=Decision.DEFER,
                decided_until=DAY + timedelta(days=1),
            ),
            "decided_later",
            (STOP, STOP, STOP),
        ),
        (
            screened(outcome=Outcome.REVIEW, decision=Decision.DEFER, decided_until=DAY),
            "decided_later_over",
            (REVIEW, REVIEW, STOP),
        ),
        (
            screened(
                outcome=Outcome.REVIEW,
                decision=Decision.TREAT_WITH_CONDITIONS,
                conditions="finest needle",
            ),
            "conditions",
            (REVIEW, REVIEW, REVIEW),
        ),
        (
            screened(valid_until=DAY - timedelta(days=1)),
            "screening_expired",
            (REVIEW, STOP, STOP),
        ),
        (
            screened(reconfirmed_on=DAY - timedelta(days=1)),
            "screening_not_reconfirmed",
            (GO, GO, STOP),
        ),
        (cocktail(Level.STOP), "cocktail:ceiling:zinc:session", (STOP, STOP, STOP)),
        (cocktail(Level.REVIEW), "cocktail:ceiling:zinc:session", (REVIEW, REVIEW, REVIEW)),
        (cocktail(Level.NOTE), "cocktail:ceiling:zinc:session", (GO, GO, GO)),
        ({"consent": ConsentFacts()}, "consent_missing", (REVIEW, REVIEW, STOP)),
        ({"consent": ConsentFacts(1, 2)}, "consent_outdated", (REVIEW, REVIEW, STOP)),
        (
            {"consent": ConsentFacts(2, 2, withdrawn=True)},
            "consent_withdrawn",
            (STOP, STOP, STOP),
        ),
        ({"window": WindowVerdict.TOO_EARLY}, "window_too_early", (STOP, STOP, STOP)),
        ({"window": WindowVerdict.OFF_PROTOCOL}, "window_off_protocol", (REVIEW, REVIEW, REVIEW)),
        ({"open_severe_events": 1}, "severe_event_open", (STOP, STOP, STOP)),
        (
            {"lots": (LotFacts("Biotin", "A1", LotProblem.EXPIRED),)},
            "lot:Biotin",
            (GO, REVIEW, STOP),
        ),
        ({"licence_known": False}, "licence_missing", (REVIEW, REVIEW, STOP)),
        (
            {"licence_valid_until": DAY - timedelta(days=1)},
            "licence_expired",
            (REVIEW, REVIEW, STOP),
        ),
        ({"plan": PlanStatus.DRAFT}, "plan_not_active", (REVIEW, REVIEW, STOP)),
        ({"plan": PlanStatus.STOPPED}, "plan_not_active", (STOP, STOP, STOP)),
        ({"deceased": True}, "deceased", (STOP, STOP, STOP)),
    ],
)
def test_each_reason_weighs_as_it_should(
    changes: dict[str, Any], code: str, verdicts: tuple[Verdict, Verdict, Verdict]
) -> None:
    for moment, verdict in zip(Moment, verdicts, strict=True):
        ready = assess(replace(GOOD, at=moment, **changes))
        assert ready.verdict is verdict, moment
        codes = {one.code for one in ready.reasons}
        if verdict is not GO:
            assert codes == {code}
            assert all(one.message for one in ready.reasons)


def test_a_decision_to_treat_settles_a_review_and_a_deferral() -> None:
    for outcome in (Outcome.REVIEW, Outcome.DEFERRED):
        ready = assess(replace(GOOD, **screened(outcome=outcome, decision=Decision.TREAT)))
        assert ready.verdict is Verdict.GO


def test_a_decision_not_to_treat_holds_for_a_cleared_screening_too() -> None:
    assert assess(replace(GOOD, **screened(decision=Decision.DO_NOT_TREAT))).verdict is STOP


def test_an_override_lifts_what_may_be_lifted() -> None:
    early = replace(GOOD, window=WindowVerdict.TOO_EARLY)
    assert assess(early).can_be_overridden
    lifted = assess(replace(early, overrides=frozenset({"window_too_early"})))
    assert lifted.verdict is Verdict.GO
    assert [one.overridden for one in lifted.reasons] == [True]


@pytest.mark.parametrize(
    "changes",
    [
        screened(outcome=Outcome.CONTRAINDICATED),
        screened(decision=Decision.DO_NOT_TREAT),
        cocktail(Level.STOP, "allergy"),
        {"consent": ConsentFacts(2, 2, withdrawn=True)},
        {"open_severe_events": 1},
        {"deceased": True},
    ],
)
def test_an_override_never_lifts_the_rest(changes: dict[str, Any]) -> None:
    barred = assess(replace(GOOD, **changes))
    assert not barred.can_be_overridden
    every = frozenset(one.code for one in barred.reasons)
    assert assess(replace(GOOD, overrides=every, **changes)).verdict is STOP


INPUTS = st.builds(
    ReadinessInputs,
    at=st.sampled_from(Moment),
    visit_on=st.just(DAY),
    screening=st.builds(
        ScreeningFacts,
        outcome=st.none() | st.sampled_from(Outcome),
        valid_until=st.sampled_from([DAY, DAY - timedelta(days=1)]),
        decision=st.none() | st.sampled_from(Decision),
        reconfirmed_on=st.sampled_from([None, DAY]),
    ),
    consent=st.builds(ConsentFacts, st.sampled_from([None, 1, 2]), st.just(2), st.booleans()),
    window=st.none() | st.sampled_from(WindowVerdict),
    open_severe_events=st.integers(0, 2),
    plan=st.sampled_from(PlanStatus),
    licence_known=st.booleans(),
)


@given(INPUTS)
def test_the_verdict_is_the_gravest_reason(inputs: ReadinessInputs) -> None:
    ready = assess(inputs)
    ranks = [one.weighs.rank for one in ready.reasons]
    assert ready.verdict.rank == max(ranks, default=0)
    assert ranks == sorted(ranks, reverse=True)


@given(INPUTS)
def test_coming_nearer_is_never_more_lenient(inputs: ReadinessInputs) -> None:
    ranks = [assess(replace(inputs, at=moment)).verdict.rank for moment in Moment]
    assert ranks == sorted(ranks)


@given(INPUTS)
def test_the_verdict_without_the_window_weighs_what_is_left(inputs: ReadinessInputs) -> None:
    left = assess(inputs).without("window")
    assert left == assess(replace(inputs, window=None))


@given(INPUTS)
def test_contraindicated_patients_are_never_a_go(inputs: ReadinessInputs) -> None:
    barred = replace(inputs.screening, outcome=Outcome.CONTRAINDICATED)
    codes = frozenset(one.code for one in assess(inputs).reasons) | {"contraindicated"}
    assert assess(replace(inputs, screening=barred, overrides=codes)).verdict is Verdict.STOP
