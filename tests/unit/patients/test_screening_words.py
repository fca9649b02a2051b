"""Every kind of finding in all its words: what staff read is part of the rules too."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from patients.domain.answers import AnswerState, list_items, read_answers
from patients.domain.findings import Finding, FindingKind, Outcome
from patients.domain.matching import Context, MatchState, answer_hits, birthday
from patients.domain.merge import stricter
from patients.domain.questionnaire import (
    Option,
    Question,
    QuestionKind,
    QuestionnaireSpec,
    Rule,
    Section,
    Severity,
    Trigger,
    Until,
)
from patients.domain.record import (
    Fact,
    ItemKind,
    Person,
    RecordFacts,
    RecordItem,
    build_record_facts,
    is_denial,
    medicine_key,
)
from patients.domain.screening import evaluate
from tests.unit.patients.screening_worlds import TERMS, TODAY

QUESTIONS = (
    Question("sure", QuestionKind.YES_NO_UNKNOWN, {"en": "Sure?"}, tags=("stroke", "asthma")),
    Question("other", QuestionKind.YES_NO_UNKNOWN, {"en": "Other?"}),
    Question("allergies", QuestionKind.ALLERGY_LIST, {"en": "Which?"}),
    Question("medicines", QuestionKind.MEDICINE_LIST, {"en": "Which?"}),
    Question("words", QuestionKind.TEXT, {"en": "Else?"}),
    Question("kilos", QuestionKind.NUMBER, {"en": "How heavy?"}, unit="kg",
             minimum=Decimal(1), maximum=Decimal(300)),
    Question("day", QuestionKind.DATE, {"en": "When?"}),
)  # fmt: skip
RULE = Rule(
    key="rule",
    severity=Severity.ABSOLUTE,
    message={"en": "It is so."},
    when=(Trigger(question="sure", values=("yes",), tags=("stroke",)),),
    source="S9",
    advice={"en": "Be careful."},
    temporary=True,
)
ADULT = RecordFacts(birth_date=date(1980, 1, 1))


def spec(*rules: Rule, required: str = "") -> QuestionnaireSpec:
    asked = tuple(replace(one, required=one.key == required) for one in QUESTIONS)
    return QuestionnaireSpec("7", 100, (Section("s", {"en": "S"}, asked),), tuple(rules))


def found(
    *rules: Rule, said: dict[str, object], record: RecordFacts = ADULT, required: str = ""
) -> tuple[Finding, ...]:
    return evaluate(spec(*rules, required=required), said, record, TODAY, TERMS).findings


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


def test_a_birthday_in_the_last_year_of_the_calendar() -> None:
    assert birthday(date(9981, 5, 1), 18) == date(9999, 5, 1)
    assert birthday(date(9982, 5, 1), 18) == date.max


def test_any_way_of_one_condition_is_enough() -> None:
    trigger = Trigger(
        question="kilos", at_least=Decimal(100), values=("never",), within_days=7, tags=("stroke",)
    )
    context = Context.build(spec(), {"kilos": 120, "day": TODAY.isoformat()}, ADULT, TODAY, TERMS)
    assert answer_hits(trigger, context)
    light = Context.build(spec(), {"kilos": 99}, ADULT, TODAY, TERMS)
    assert not answer_hits(trigger, light)
    choice = Trigger(question="sure", values=("yes",), at_least=Decimal(1), within_days=1)
    said = Context.build(spec(), {"sure": "yes"}, ADULT, TODAY, TERMS)
    assert answer_hits(choice, said)


def test_every_condition_must_hold_and_a_doubt_is_no_yes() -> None:
    plain = replace(QUESTIONS[1], key="plain")
    asked = (Section("s", {"en": "S"}, (QUESTIONS[1], plain)),)
    both = replace(
        RULE,
        when=(
            Trigger(question="plain", values=("yes",)),
            Trigger(question="other", values=("yes",)),
        ),
    )

    def kinds(one: str, two: str) -> list[FindingKind]:
        said = {"plain": one, "other": two}
        questions = QuestionnaireSpec("1", 1, asked, (both,))
        return [one.kind for one in evaluate(questions, said, ADULT, TODAY).findings]

    assert kinds("yes", "no") == kinds("unknown", "no") == kinds("no", "no") == []
    assert kinds("yes", "unknown") == [FindingKind.UNKNOWN]
    assert kinds("yes", "yes") == [FindingKind.ANSWERED]


def test_an_end_on_the_very_day_is_over() -> None:
    rule = replace(RULE, until=Until(days=7, question="day"), defers=True)
    for ago, end in ((7, None), (6, TODAY + timedelta(days=1))):
        said: dict[str, object] = {"sure": "yes", "day": str(TODAY - timedelta(days=ago))}
        (one,) = found(rule, said=said)
        assert (one.until, one.defers) == (end, end is not None)
    (one,) = found(replace(rule, until=Until(days=None, question="day")), said=said)
    assert (one.until, one.defers) == (None, False)


def test_a_deferring_finding_without_a_day_does_not_defer() -> None:
    result = evaluate(spec(), {}, ADULT, TODAY, TERMS)
    odd = Finding("r", Severity.CAUTION, FindingKind.ANSWERED, "m", defers=True)
    undated = replace(result, findings=(odd,))
    assert undated.deferred_until is None
    assert undated.outcome_on(TODAY) is Outcome.REVIEW


@pytest.mark.parametrize("kilos", [1, "1,0", 300, 1.5])
def test_both_ends_of_a_number_count(kilos: object) -> None:
    assert read_answers(spec(), {"kilos": kilos})["kilos"].state is AnswerState.GIVEN


def test_odd_answers_are_kept_in_the_words_they_came_in() -> None:
    read = read_answers(spec(), {"sure": "x" * 300, "kilos": True, "day": ["soon"]})
    assert read["sure"].shown == "x" * 200
    assert read["kilos"].state is AnswerState.UNKNOWN
    assert read["day"].shown == "['soon']"
    photographs = Question("p", QuestionKind.PHOTOGRAPH, {"en": "P"})
    asked = QuestionnaireSpec("1", 1, (Section("s", {"en": "S"}, (photographs,)),), ())
    assert read_answers(asked, {"p": ["1", 2]})["p"].state is AnswerState.UNKNOWN


def test_true_is_yes_only_where_yes_can_be_said() -> None:
    one = Question("o", QuestionKind.ONE_OF, {"en": "O"}, options=(Option("yes", {"en": "Y"}),))
    asked = QuestionnaireSpec("1", 1, (Section("s", {"en": "S"}, (one,)),), ())
    assert read_answers(asked, {"o": True})["o"].state is AnswerState.UNKNOWN
    assert read_answers(spec(), {"sure": True})["sure"].values == ("yes",)
    assert read_answers(spec(), {"sure": False})["sure"].values == ("no",)


def test_lists_are_read_in_order_with_their_codes() -> None:
    said = [{"name": "b", "codes": ["2"]}, {"name": "a", "codes": ["1"]}, "d", "c"]
    answer = read_answers(spec(), {"allergies": said})["allergies"]
    assert answer.shown == "a, b, c, d"
    items = list_items(QUESTIONS[2], answer)
    assert [(one.text, one.codes) for one in items] == [
        ("a", ("1",)), ("b", ("2",)), ("c", ()), ("d", ()),
    ]  # fmt: skip
    assert {one.kind for one in items} == {ItemKind.ALLERGY}


def test_facts_of_a_record_stand_in_a_stable_order() -> None:
    medicines = [RecordItem(ItemKind.MEDICINE, name) for name in ("Zocor", "Bisoprolol", "Aaa")]
    allergies = [RecordItem(ItemKind.ALLERGY, "Xyz", active=active) for active in (False, True)]
    person = Person(date(1990, 1, 1), "female", guardian_consent=True)
    facts = build_record_facts([*medicines, *allergies], (), person, TODAY)
    assert facts.medicines == ("Aaa", "Bisoprolol", "Zocor")
    assert [one.active for one in facts.facts] == [True, False]
    assert (facts.birth_date, facts.sex, facts.guardian_consent) == (
        date(1990, 1, 1), "female", True,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "denies"),
    [
        ("", True), ("None", True), ("nil", True), ("NKDA", True), ("nka", True), ("no", True),
        ("No known allergies", True), ("No allergies", True), ("Not allergic to fish", True),
        ("Fish", False), ("Nile perch", False), ("Known: no", False),
    ],
)  # fmt: skip
def test_denials(text: str, denies: bool) -> None:
    assert is_denial(text) is denies


def test_only_an_active_pregnancy_grows_unclear() -> None:
    old = TODAY - timedelta(weeks=60)
    lines = (
        RecordItem(ItemKind.CONDITION, "Pregnancy", since=old, active=False),
        RecordItem(ItemKind.CONDITION, "Stroke", since=old),
    )
    facts = build_record_facts(lines, TERMS, Person(), TODAY)
    assert {one.tag for one in facts.facts} == {"pregnancy", "stroke"}


def test_the_word_by_which_medicines_are_one() -> None:
    assert medicine_key("ASS 100 Bayer") == "bayer"
    assert medicine_key("Iron 20 mg tablets") == "iron"
    assert medicine_key("5mgx Zocor") == "zocor"
    assert medicine_key("B12") == "b12"


def test_merged_lines_stand_in_order() -> None:
    a = RecordItem(ItemKind.ALLERGY, "Fish", ("9", "1"))
    b = RecordItem(ItemKind.ALLERGY, "fish", ("5",))
    egg = RecordItem(ItemKind.ALLERGY, "Egg")
    merged = stricter((a, RecordItem(ItemKind.MEDICINE, "Zocor")), (b, egg))
    assert [one.text for one in merged] == ["Egg", "Fish", "Zocor"]
    assert merged[1].codes == ("1", "5", "9")


def test_words_that_are_stored_stay() -> None:
    """These stand in stored results and in the API: they may never change."""
    assert [one.value for one in FindingKind] == [
        "answered", "record", "contradiction", "unknown", "unanswered",
    ]  # fmt: skip
    assert [one.value for one in AnswerState] == ["given", "unknown", "absent"]
    assert [one.value for one in ItemKind] == ["allergy", "condition", "medicine"]
    assert [one.value for one in MatchState] == ["no", "maybe", "yes"]


def test_what_nobody_said_is_empty() -> None:
    answer = read_answers(spec(), {})["sure"]
    assert (answer.text, answer.shown, answer.missing) == ("", "", False)
    bare = Finding("r", Severity.NOTE, FindingKind.RECORD, "m")
    assert (bare.advice, bare.source, bare.question) == ("", "", "")
    assert (bare.temporary, bare.defers, bare.limited) == (False, False, False)
    assert (RecordFacts().sex, Person().sex, Person().guardian_consent) == ("", "", False)


def test_the_question_named_is_the_first_that_was_answered() -> None:
    rule = replace(
        RULE,
        when=(Trigger(question="other", values=("yes",), tags=("stroke", "allergen:fish")),),
    )
    record = RecordFacts((Fact("stroke", "Stroke"),))
    (one,) = found(rule, said={"other": "yes"}, record=record)
    assert one.question == "other"
    both = found(rule, said={"other": "yes", "allergies": ["Fish"]})
    assert [one.question for one in both if one.rule == "rule"] == ["allergies"]


def test_only_what_was_chosen_counts_as_told() -> None:
    options = (Option("a", {"en": "A"}, ("asthma",)), Option("b", {"en": "B"}, ("stroke",)))
    one = Question("o", QuestionKind.ONE_OF, {"en": "O"}, options=options)
    rule = replace(RULE, when=(Trigger(question="o", values=("a", "b")),))
    asked = QuestionnaireSpec("1", 1, (Section("s", {"en": "S"}, (one,)),), (rule,))
    (only,) = evaluate(asked, {"o": "a"}, ADULT, TODAY).findings
    assert only.tags == ("asthma",)
