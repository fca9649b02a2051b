"""Every kind of finding in all its words: what staff read is part of the rules too."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from patients.domain.findings import Finding, FindingKind
from patients.domain.matching import birthday
from patients.domain.questionnaire import (
    Rule,
    Severity,
    Trigger,
    Until,
)
from patients.domain.record import (
    Fact,
    RecordFacts,
)
from tests.unit.patients.screening_small import RULE, found
from tests.unit.patients.screening_worlds import TODAY


def test_an_answer_in_full() -> None:
    assert found(RULE, said={"sure": "yes"}) == (
        Finding(
            rule="rule",
            severity=Severity.ABSOLUTE,
            kind=FindingKind.ANSWERED,
            message="It is so.",
            advice="Be careful.",
            source="S9",
            question="sure",
            evidence=("yes",),
            tags=("asthma", "stroke"),
            temporary=True,
        ),
    )


def test_a_doubt_in_full() -> None:
    assert found(RULE, said={"sure": "unknown"}) == (
        Finding(
            rule="rule",
            severity=Severity.CAUTION,
            kind=FindingKind.UNKNOWN,
            message="It is so.",
            advice="Be careful.",
            source="S9",
            question="sure",
            evidence=("unknown",),
            tags=("asthma", "stroke"),
            temporary=True,
        ),
    )


@pytest.mark.parametrize(
    ("severity", "weighs"),
    [
        (Severity.ABSOLUTE, Severity.CAUTION),
        (Severity.CAUTION, Severity.CAUTION),
        (Severity.NOTE, Severity.NOTE),
    ],
)
def test_a_contradiction_in_full(severity: Severity, weighs: Severity) -> None:
    record = RecordFacts((Fact("stroke", "Stroke 2019"), Fact("stroke", "CVA")))
    told, recorded = sorted(
        found(replace(RULE, severity=severity), said={"sure": "no"}, record=record),
        key=lambda one: one.kind.value,
    )
    assert told == Finding(
        rule="rule",
        severity=weighs,
        kind=FindingKind.CONTRADICTION,
        message="The record says “CVA, Stroke 2019”; the answer was “no”.",
        advice="Ask the patient, then correct the record or the answer.",
        source="S9",
        question="sure",
        evidence=("CVA", "Stroke 2019", "no"),
    )
    assert recorded == Finding(
        rule="rule",
        severity=severity,
        kind=FindingKind.RECORD,
        message="It is so.",
        advice="Be careful.",
        source="S9",
        evidence=("CVA", "Stroke 2019"),
        tags=("stroke",),
        temporary=True,
    )


def test_answer_and_record_together_are_an_answer() -> None:
    (one,) = found(RULE, said={"sure": "yes"}, record=RecordFacts((Fact("stroke", "Stroke 2019"),)))
    assert one.kind is FindingKind.ANSWERED
    assert one.evidence == ("Stroke 2019", "yes")


def test_a_denial_of_another_question_is_none() -> None:
    """The fact was told to one question; “no” to the one that the rule asks stays a denial."""
    rule = replace(RULE, when=(Trigger(question="other", values=("yes",), tags=("stroke",)),))
    record = RecordFacts((Fact("stroke", "Stroke 2019"),))
    kinds = [one.kind for one in found(rule, said={"other": "no", "sure": "yes"}, record=record)]
    assert FindingKind.CONTRADICTION in kinds
    unsaid = found(rule, said={"sure": "yes"}, record=record)
    assert FindingKind.CONTRADICTION not in [one.kind for one in unsaid]


def test_another_rule_that_agrees_as_gravely_takes_the_contradiction_away() -> None:
    record = RecordFacts((Fact("cancer", "Tumour"),))
    first = replace(RULE, when=(Trigger(question="sure", values=("yes",), tags=("cancer",)),))
    same = replace(RULE, key="same", when=(Trigger(question="sure", values=("no",)),))
    milder = replace(same, severity=Severity.CAUTION)
    elsewhere = replace(same, when=(Trigger(question="other", values=("yes",)),))
    said: dict[str, object] = {"sure": "no", "other": "yes"}

    def denied(second: Rule) -> bool:
        kinds = [one.kind for one in found(first, second, said=said, record=record)]
        return FindingKind.CONTRADICTION in kinds

    assert not denied(same)
    assert denied(milder)
    assert denied(elsewhere)


def test_what_is_told_and_not_asked_about_is_a_note_in_full() -> None:
    fish, general = found(said={"allergies": ["Fish"], "medicines": ["Nothing known"]})
    assert {fish.tags, general.tags} == {("allergen:fish",), ("allergy",)}
    assert replace(fish, tags=()) == Finding(
        rule="told",
        severity=Severity.NOTE,
        kind=FindingKind.ANSWERED,
        message="Told by the patient: Fish",
        advice="The cocktail check looks for ingredients that do not go with it.",
        source="G",
        question="allergies",
        evidence=("Fish",),
    )


def test_what_a_rule_speaks_of_is_not_told_again() -> None:
    rule = replace(RULE, when=(Trigger(tags=("allergen:fish",)),))
    told = [one for one in found(rule, said={"allergies": ["Fish"]}) if one.rule == "told"]
    assert [one.tags for one in told] == [("allergy",)]


def test_a_missing_answer_in_full() -> None:
    assert found(said={}, required="sure") == (
        Finding(
            rule="unanswered",
            severity=Severity.CAUTION,
            kind=FindingKind.UNANSWERED,
            message="Not answered: Sure?",
            advice="Ask the patient before going on.",
            source="G",
            question="sure",
        ),
    )


def test_an_entry_of_a_list_in_full() -> None:
    rule = replace(RULE, limit_to_matched_tags=True, when=(Trigger(tags=("allergen:*",)),))
    fish = next(one for one in found(rule, said={"allergies": ["Fish"]}) if one.rule == "rule")
    assert fish.question == "allergies"
    assert fish.kind is FindingKind.ANSWERED
    assert fish.ingredient_tags == fish.tags == ("allergen:fish",)


def test_a_rule_that_limits_to_the_tag_keeps_its_own_where_no_tag_matched() -> None:
    rule = replace(RULE, limit_to_matched_tags=True, ingredient_tags=("b", "a"))
    rule = replace(rule, when=(Trigger(question="other", values=("yes",), tags=("stroke",)),))
    (one,) = found(rule, said={"other": "yes"})
    assert one.ingredient_tags == ("a", "b")
    record = RecordFacts((Fact("stroke", "Stroke"),))
    (one,) = found(rule, said={}, record=record)
    assert one.ingredient_tags == ("stroke",)
    (one,) = found(replace(rule, limit_to_matched_tags=False), said={}, record=record)
    assert one.ingredient_tags == ("a", "b")


def test_a_word_in_a_free_text_in_full() -> None:
    rule = replace(RULE, when=(Trigger(tags=("str*", "cancer")),))
    (one,) = found(rule, said={"words": "I had a stroke"})
    assert (one.kind, one.question) == (FindingKind.UNKNOWN, "words")
    assert one.evidence == ("I had a stroke",)
    assert one.tags == ("stroke",)
    for pattern in ("stroke", "*"):
        assert found(replace(rule, when=(Trigger(tags=(pattern,)),)), said={"words": "stroke"})
    for pattern in ("oke", "x*", "roke*", "strok", "ke*"):
        assert not found(replace(rule, when=(Trigger(tags=(pattern,)),)), said={"words": "stroke"})


def test_age_in_full() -> None:
    rule = replace(RULE, when=(Trigger(age_under=18),), until=Until(age=18))
    born = TODAY - timedelta(days=3000)
    (one,) = found(rule, said={}, record=RecordFacts(birth_date=born))
    assert (one.kind, one.question) == (FindingKind.RECORD, "")
    assert one.evidence == (f"born {born}",)
    assert one.until == birthday(born, 18)
    (one,) = found(rule, said={}, record=RecordFacts())
    assert (one.kind, one.question) == (FindingKind.UNKNOWN, "")
    assert one.evidence == ("no date of birth",)
    assert one.until is None


def test_the_number_of_medicines_in_full() -> None:
    rule = replace(RULE, when=(Trigger(medicines_at_least=2),))
    record = RecordFacts(medicines=("Zocor", "Amlodipine"))
    (one,) = found(rule, said={}, record=record)
    assert one.kind is FindingKind.RECORD
    assert one.evidence == ("Amlodipine, Zocor",)
    told = found(rule, said={"medicines": ["Zocor"]}, record=RecordFacts(medicines=("Zocor",)))
    assert "rule" not in {one.rule for one in told}
    # An allergy that is told is no medicine.
    told = found(rule, said={"allergies": ["Fish"]}, record=RecordFacts(medicines=("Zocor",)))
    assert "rule" not in {one.rule for one in told}


def test_a_doubt_that_no_rule_comes_to_in_full() -> None:
    both = tuple(Trigger(question=key, values=("yes",)) for key in ("sure", "other"))
    assert found(replace(RULE, when=both), said={"sure": "unknown", "other": "no"}) == (
        Finding(
            rule="unknown",
            severity=Severity.CAUTION,
            kind=FindingKind.UNKNOWN,
            message="Not known: Sure?",
            advice="Find out before going on.",
            source="G",
            question="sure",
        ),
    )


def test_a_birthday_in_the_last_year_of_the_calendar() -> None:
    assert birthday(date(9981, 5, 1), 18) == date(9999, 5, 1)
    assert birthday(date(9982, 5, 1), 18) == date.max
