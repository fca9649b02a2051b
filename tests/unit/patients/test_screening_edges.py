"""Conditions, answers, records and merges at their edges."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from patients.domain.answers import AnswerState, list_items, read_answers
from patients.domain.findings import Finding, FindingKind, Outcome
from patients.domain.matching import Context, MatchState, answer_hits
from patients.domain.merge import ALLERGY_CERTAINTIES, stricter
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
    ALLERGY,
    MEDICINE,
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
from tests.unit.patients.screening_small import ADULT, QUESTIONS, RULE, found, spec
from tests.unit.patients.screening_worlds import SPEC, TERMS, TODAY, clear_answers


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

    assert kinds("yes", "no") == kinds("no", "no") == []
    # The rule cannot hold, but not to know is something to find out.
    assert kinds("unknown", "no") == kinds("no", "unknown") == [FindingKind.UNKNOWN]
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
    dated = replace(odd, rule="s", until=TODAY + timedelta(days=3))
    assert replace(result, findings=(odd, dated)).deferred_until == dated.until
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


@pytest.mark.parametrize("empty", [None, "", [], (), {}])
def test_what_is_empty_is_not_answered_and_not_wrong(empty: object) -> None:
    for key in ("sure", "kilos", "day", "allergies", "words"):
        answer = read_answers(spec(), {key: empty})[key]
        assert (answer.state, answer.missing) == (AnswerState.ABSENT, False)
        assert read_answers(spec(required=key), {key: empty})[key].missing
    assert read_answers(spec(), {"words": "X"})["words"].text == "X"


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
    names = (
        "Zocor",
        "Bisoprolol",
        "Aaa",
        "Ramipril",
        "Ebastine",
        "Metformin",
        "Lasix",
        "Ibuprofen",
    )
    medicines = [RecordItem(ItemKind.MEDICINE, name) for name in names]
    allergies = [RecordItem(ItemKind.ALLERGY, "Xyz", active=active) for active in (False, True)]
    person = Person(date(1990, 1, 1), "female", guardian_consent=True)
    facts = build_record_facts([*medicines, *allergies], (), person, TODAY)
    assert facts.medicines == tuple(sorted(names))
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
    dated = RecordItem(ItemKind.ALLERGY, "Egg", since=TODAY)
    assert stricter((dated,), (egg,)) == stricter((egg,), (dated,)) == (egg, dated)


def test_words_that_are_stored_stay() -> None:
    """These stand in stored results and in the API: they may never change."""
    assert [one.value for one in FindingKind] == [
        "answered", "record", "contradiction", "unknown", "unanswered",
    ]  # fmt: skip
    assert [one.value for one in AnswerState] == ["given", "unknown", "absent"]
    assert [one.value for one in ItemKind] == ["allergy", "condition", "medicine"]
    assert [one.value for one in MatchState] == ["no", "maybe", "yes"]
    assert (ALLERGY, MEDICINE) == ("allergy", "medicine")
    assert ALLERGY_CERTAINTIES == ("suspected", "confirmed")


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


def test_what_is_listed_stands_in_one_order() -> None:
    """Words are drawn from sets, whose order changes from one start of the program to the next."""
    tags = ("stroke", "asthma", "gout", "rash", "lupus", "flu", "cancer", "hiv")
    asked = replace(QUESTIONS[0], tags=tags)
    rule = replace(
        RULE,
        areas=("scalp", "face", "neck"),
        ingredient_tags=("soya", "egg", "fish"),
        when=(Trigger(question="sure", values=("yes",), tags=tags),),
    )
    record = replace(ADULT, facts=tuple(Fact(tag, f"Had {tag}") for tag in tags))
    small = QuestionnaireSpec("1", 1, (Section("s", {"en": "S"}, (asked,)),), (rule,))
    for said in ("yes", "unknown"):
        for one in evaluate(small, {"sure": said}, record, TODAY, TERMS).findings:
            for words in (one.tags, one.areas, one.ingredient_tags, one.evidence):
                assert list(words) == sorted(words)
    denied, *_rest = (
        one
        for one in evaluate(small, {"sure": "no"}, record, TODAY, TERMS).findings
        if one.kind is FindingKind.CONTRADICTION
    )
    assert list(denied.evidence) == [*sorted(f"Had {tag}" for tag in tags), "no"]


def test_an_answer_without_words_of_the_record_names_its_question() -> None:
    (one,) = found(
        replace(RULE, when=(Trigger(question="other", values=("yes",)),)), said={"other": "yes"}
    )
    assert (one.question, one.tags) == ("other", ())


def test_medicines_that_were_only_told_leave_no_empty_words() -> None:
    several = replace(RULE, when=(Trigger(medicines_at_least=1),))
    found_ones = [one for one in found(several, said={"medicines": ["Xyz"]}) if one.rule == "rule"]
    assert [one.evidence for one in found_ones] == [()]


def test_a_denial_needs_one_condition_and_a_readable_answer() -> None:
    record = replace(ADULT, facts=(Fact("stroke", "Stroke in 2019"),))

    def denied(rule: Rule, said: str) -> bool:
        kinds = {one.kind for one in found(rule, said={"sure": said}, record=record)}
        return FindingKind.CONTRADICTION in kinds

    assert denied(RULE, "no")
    assert not denied(RULE, "yes")
    assert not denied(RULE, "unknown")
    assert not denied(RULE, "nonsense")
    two = replace(RULE, when=(*RULE.when, Trigger(tags=("stroke",))))
    assert not denied(two, "no")


def test_not_to_know_is_told_once_also_where_no_rule_comes_to_it() -> None:
    answers = {**clear_answers(), "medicine_count": "unknown"}
    well = evaluate(SPEC, answers, ADULT, TODAY)
    ill = evaluate(SPEC, {**answers, "heart_disease": "yes"}, ADULT, TODAY)

    assert well.outcome is Outcome.REVIEW
    [doubt] = well.findings
    assert (doubt.rule, doubt.severity, doubt.question) == (
        "unknown", Severity.CAUTION, "medicine_count"
    )  # fmt: skip
    assert "How many different medicines" in doubt.message
    assert "unknown" not in {one.rule for one in ill.findings}
