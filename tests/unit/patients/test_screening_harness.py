"""The harness itself: an engine with a planted bug must not get past the properties."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from patients.domain import findings, matching, merge, questionnaire, screening
from patients.domain.answers import Answer, read_answers
from patients.domain.matching import Context
from patients.domain.questionnaire import QuestionnaireSpec, Severity
from tests.unit.patients.screening_properties import PROPERTIES

EXAMPLES = 150

pytestmark = pytest.mark.slow


def inverted_severities(patch: pytest.MonkeyPatch) -> None:
    order = [Severity.ABSOLUTE, Severity.CAUTION, Severity.NOTE]
    patch.setattr(questionnaire.Severity, "rank", property(order.index))


def unknown_taken_for_no(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(matching, "_doubts", lambda trigger, context: ())


def record_dropped(patch: pytest.MonkeyPatch) -> None:
    for module in (matching, screening):
        patch.setattr(module, "recorded_facts", lambda trigger, context: ())


def missing_answers_ignored(patch: pytest.MonkeyPatch) -> None:
    read = read_answers

    def forgiving(spec: QuestionnaireSpec, given: Mapping[str, object]) -> Mapping[str, Answer]:
        return {key: replace(one, missing=False) for key, one in read(spec, given).items()}

    patch.setattr(matching, "read_answers", forgiving)


def hidden_questions_required(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("patients.domain.answers.visible", lambda question, read: True)


def told_lists_ignored(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(matching, "list_items", lambda question, answer: ())


def first_rule_wins(patch: pytest.MonkeyPatch) -> None:
    judge = screening._judge

    def once(rule: Any, context: Context) -> Any:
        before = context.spec.rules[: context.spec.rules.index(rule)]
        return () if any(judge(one, context) for one in before) else judge(rule, context)

    patch.setattr(screening, "_judge", once)


def absolute_hidden_by_missing(patch: pytest.MonkeyPatch) -> None:
    fold = findings.outcome_of

    def eager(found: Any, missing: tuple[str, ...], day: Any) -> findings.Outcome:
        return findings.Outcome.INCOMPLETE if missing else fold(found, missing, day)

    patch.setattr(screening, "outcome_of", eager)


def findings_unsorted(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(screening, "weight", lambda finding: (finding.rule, finding.kind.value))


def limits_forgotten(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(findings.Finding, "touches", lambda finding, tags, areas: False)


def merge_keeps_one_side(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(merge, "stricter", lambda a, b: a)


def merge_trusts_the_end(patch: pytest.MonkeyPatch) -> None:
    """Where one record says that it is over, believe it: the milder of the two."""
    whole = merge.stricter

    def trusting(a: merge.RecordItems, b: merge.RecordItems) -> merge.RecordItems:
        lines = whole(a, b)
        over = {item.text for item in lines if not item.active}
        return tuple(item for item in lines if not (item.active and item.text in over))

    patch.setattr(merge, "stricter", trusting)


Plant = Callable[[pytest.MonkeyPatch], None]
PLANTS: tuple[tuple[Plant, str], ...] = (
    (inverted_severities, "a_graver_answer_is_never_milder"),
    (unknown_taken_for_no, "not_knowing_is_a_caution_by_any_rules"),
    (record_dropped, "a_fact_that_a_rule_asks_for_is_found"),
    (missing_answers_ignored, "not_knowing_or_not_answering_is_never_safer_than_no"),
    (hidden_questions_required, "missing_is_what_is_required_shown_and_not_given"),
    (told_lists_ignored, "what_a_list_names_is_found"),
    (first_rule_wins, "order_never_matters_by_any_rules"),
    (absolute_hidden_by_missing, "missing_answers_never_hide_an_absolute_finding"),
    (findings_unsorted, "findings_come_gravest_first"),
    (limits_forgotten, "a_limited_finding_weighs_in_its_place"),
    (merge_keeps_one_side, "merging_takes_the_stricter"),
    (merge_trusts_the_end, "merging_takes_the_stricter"),
)
STATEMENTS = {statement.name: statement for statement in PROPERTIES}


@pytest.mark.parametrize(("plant", "name"), PLANTS, ids=[plant.__name__ for plant, _ in PLANTS])
def test_a_planted_bug_turns_its_property_red(
    plant: Plant, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    STATEMENTS[name].run(EXAMPLES, shrink=False)
    plant(monkeypatch)
    with pytest.raises(AssertionError):
        STATEMENTS[name].run(EXAMPLES, shrink=False)
