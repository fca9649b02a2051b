"""How findings fold into an outcome, on one day and on another."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from patients.domain.findings import Finding, FindingKind, Outcome, ScreeningResult, outcome_of
from patients.domain.findings import weight as order
from patients.domain.questionnaire import Severity

TODAY = date(2026, 3, 16)
NOTE = Finding("note", Severity.NOTE, FindingKind.ANSWERED, "A note")
CAUTION = Finding("caution", Severity.CAUTION, FindingKind.RECORD, "A caution")
ABSOLUTE = Finding("absolute", Severity.ABSOLUTE, FindingKind.ANSWERED, "Stop")
FISH = Finding(
    "fish", Severity.ABSOLUTE, FindingKind.ANSWERED, "Fish", ingredient_tags=("allergen:fish",)
)
FACE = Finding("face", Severity.ABSOLUTE, FindingKind.ANSWERED, "Face", areas=("face",))
UNTIL = Finding(
    "until", Severity.CAUTION, FindingKind.ANSWERED, "Wait",
    until=TODAY + timedelta(days=3), defers=True,
)  # fmt: skip
ENDS = Finding(
    "ends", Severity.CAUTION, FindingKind.ANSWERED, "Ends", until=TODAY + timedelta(days=5)
)


def result(*findings: Finding, missing: tuple[str, ...] = ()) -> ScreeningResult:
    outcome = outcome_of(findings, missing, TODAY)
    return ScreeningResult(outcome, findings, missing, TODAY, TODAY, "1")


@pytest.mark.parametrize(
    ("findings", "missing", "outcome"),
    [
        ((), (), Outcome.CLEARED),
        ((NOTE,), (), Outcome.CLEARED),
        ((NOTE, CAUTION), (), Outcome.REVIEW),
        ((FISH,), (), Outcome.REVIEW),
        ((FACE,), (), Outcome.REVIEW),
        ((CAUTION, UNTIL), (), Outcome.DEFERRED),
        ((CAUTION, UNTIL, ABSOLUTE), (), Outcome.CONTRAINDICATED),
        ((ENDS,), (), Outcome.REVIEW),
        ((), ("stroke",), Outcome.INCOMPLETE),
        ((UNTIL, CAUTION), ("stroke",), Outcome.INCOMPLETE),
        ((ABSOLUTE,), ("stroke",), Outcome.CONTRAINDICATED),
    ],
)
def test_the_gravest_finding_decides(
    findings: tuple[Finding, ...], missing: tuple[str, ...], outcome: Outcome
) -> None:
    assert outcome_of(findings, missing, TODAY) is outcome
    assert outcome_of(reversed(findings), missing, TODAY) is outcome


def test_the_lattice_and_the_severities_in_order() -> None:
    assert [one.rank for one in Outcome] == [0, 1, 2, 3, 1]
    assert [one.value for one in Outcome][:4] == [
        "cleared",
        "review",
        "deferred",
        "contraindicated",
    ]
    assert [one.rank for one in Severity] == [0, 1, 2]
    assert [one.value for one in Severity] == ["note", "caution", "absolute"]


def test_dated_findings_end_on_their_day() -> None:
    waiting = result(UNTIL, ENDS)
    assert waiting.deferred_until == TODAY + timedelta(days=3)
    assert waiting.outcome_on(TODAY + timedelta(days=2)) is Outcome.DEFERRED
    assert waiting.outcome_on(TODAY + timedelta(days=3)) is Outcome.REVIEW
    assert waiting.outcome_on(TODAY + timedelta(days=5)) is Outcome.CLEARED
    assert result(ENDS).deferred_until is None
    assert result().deferred_until is None


def test_the_last_of_several_ends_counts() -> None:
    later = Finding(
        "later", Severity.CAUTION, FindingKind.ANSWERED, "Wait",
        until=TODAY + timedelta(days=9), defers=True,
    )  # fmt: skip
    assert result(UNTIL, later).deferred_until == TODAY + timedelta(days=9)


def test_limited_findings_weigh_where_they_apply() -> None:
    both = result(FISH, FACE, NOTE)
    assert both.severity_for(["allergen:fish"], []) is Severity.ABSOLUTE
    assert both.severity_for([], ["face"]) is Severity.ABSOLUTE
    assert both.severity_for(["allergen:egg"], ["scalp"]) is Severity.CAUTION
    assert both.limited_findings(["allergen:fish"], ["scalp"]) == (FISH,)
    assert both.limited_findings(["allergen:fish"], ["face"]) == (FISH, FACE)
    assert both.limited_findings([], []) == ()
    assert result().severity_for(["allergen:fish"], ["face"]) is None
    assert result(NOTE).severity_for([], []) is Severity.NOTE
    assert [one.limited for one in (FISH, FACE, NOTE)] == [True, True, False]
    limited_caution = Finding("c", Severity.CAUTION, FindingKind.ANSWERED, "C", areas=("face",))
    assert limited_caution.general_severity is Severity.CAUTION
    limited_note = Finding("n", Severity.NOTE, FindingKind.ANSWERED, "N", areas=("face",))
    assert limited_note.general_severity is Severity.NOTE


def test_findings_sort_gravest_first_and_then_by_name() -> None:
    expected = [ABSOLUTE, FACE, FISH, CAUTION, ENDS, UNTIL, NOTE]
    backwards = expected[::-1]
    assert sorted(backwards, key=order) == expected


def test_findings_of_one_rule_keep_a_stable_order() -> None:
    def finding(kind: FindingKind, question: str, tag: str, evidence: str) -> Finding:
        return Finding(
            "r", Severity.CAUTION, kind, "m", question=question, evidence=(evidence,),
            ingredient_tags=(tag,),
        )  # fmt: skip

    expected = [
        finding(FindingKind.ANSWERED, "b", "b", "b"),
        finding(FindingKind.RECORD, "a", "b", "b"),
        finding(FindingKind.RECORD, "b", "a", "b"),
        finding(FindingKind.RECORD, "b", "b", "a"),
        finding(FindingKind.RECORD, "b", "b", "b"),
    ]
    backwards = expected[::-1]
    assert sorted(backwards, key=order) == expected
