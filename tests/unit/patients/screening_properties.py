"""What must hold for every patient, whatever the rules say.

Each property is a plain function with the strategies for its arguments, so that the same harness
runs in the suite, at full size, and against an engine with a planted bug. The order of severities
and outcomes is written out here once more on purpose: a wrong order in the engine must not excuse
itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st

from patients.domain import merge, record, simulation
from patients.domain.codec import from_json, to_json
from patients.domain.questionnaire import ShowIf
from patients.domain.record import Fact, ItemKind, Person, RecordFacts, RecordItem
from patients.domain.screening import (
    Outcome,
    QuestionnaireSpec,
    ScreeningResult,
    evaluate,
)
from tests.unit.patients import screening_specs as small
from tests.unit.patients.screening_measures import (
    OUTCOMES,
    SEVERITIES,
    Property,
    assert_not_milder,
    rank,
    weight,
)
from tests.unit.patients.screening_worlds import (
    ANSWERS,
    FACTS,
    RECORDS,
    SPEC,
    TERMS,
    TODAY,
    chains,
    clear_answers,
)


def judge_items(items: Iterable[RecordItem], answers: dict[str, object]) -> ScreeningResult:
    facts = record.build_record_facts(items, TERMS, Person(date(1985, 6, 1)), TODAY)
    return evaluate(SPEC, answers, facts, TODAY, TERMS)


def a_graver_answer_is_never_milder(
    answers: dict[str, object], known: RecordFacts, step: tuple[str, object, object]
) -> None:
    key, mild, grave = step
    before = evaluate(SPEC, {**answers, key: mild}, known, TODAY, TERMS)
    after = evaluate(SPEC, {**answers, key: grave}, known, TODAY, TERMS)
    assert_not_milder(after, before)
    # Saying more may open a follow-up question, which is then missing; it never closes one.
    if after.outcome is not Outcome.INCOMPLETE:
        assert before.outcome is Outcome.INCOMPLETE or rank(after) >= rank(before)


def a_graver_answer_is_never_milder_by_any_rules(
    spec: QuestionnaireSpec,
    answers: dict[str, object],
    known: RecordFacts,
    step: tuple[str, object, object],
) -> None:
    key, mild, grave = step
    before = evaluate(spec, {**answers, key: mild}, known, TODAY, TERMS)
    after = evaluate(spec, {**answers, key: grave}, known, TODAY, TERMS)
    if grave == "yes" and mild == "unknown":  # a note is less than the doubt whether it applies
        return
    assert_not_milder(after, before)


def a_further_fact_is_never_milder(
    answers: dict[str, object], known: RecordFacts, fact: Fact
) -> None:
    before = evaluate(SPEC, answers, known, TODAY, TERMS)
    more = replace(known, facts=(*known.facts, fact))
    after = evaluate(SPEC, answers, more, TODAY, TERMS)
    assert_not_milder(after, before)
    assert rank(after) >= rank(before)


def a_further_fact_is_never_milder_by_any_rules(
    spec: QuestionnaireSpec, answers: dict[str, object], known: RecordFacts, fact: Fact
) -> None:
    before = evaluate(spec, answers, known, TODAY, TERMS)
    more = replace(known, facts=(*known.facts, fact))
    after = evaluate(spec, answers, more, TODAY, TERMS)
    assert_not_milder(after, before)
    assert rank(after) >= rank(before)


def a_fact_that_a_rule_asks_for_is_found(
    answers: dict[str, object], known: RecordFacts, fact: Fact
) -> None:
    after = evaluate(SPEC, answers, replace(known, facts=(*known.facts, fact)), TODAY, TERMS)
    wanted = {
        rule.key
        for rule in SPEC.rules
        for trigger in rule.when
        if len(rule.when) == 1
        for pattern in (trigger.tags if fact.active else trigger.past_tags)
        if fact.tag == pattern or (pattern[-1] == "*" and fact.tag.startswith(pattern[:-1]))
    }
    assert wanted <= {one.rule for one in after.findings}


def what_a_list_names_is_found(
    answers: dict[str, object], known: RecordFacts, named: tuple[str, str, str]
) -> None:
    key, words, rule = named
    result = evaluate(SPEC, {**answers, key: [words]}, known, TODAY, TERMS)
    assert any(one.rule == rule and words in one.evidence for one in result.findings)


def a_limited_finding_weighs_in_its_place(answers: dict[str, object], known: RecordFacts) -> None:
    result = evaluate(SPEC, answers, known, TODAY, TERMS)
    for one in result.findings:
        if one.ingredient_tags or one.areas:
            here = result.severity_for(one.ingredient_tags, one.areas)
            assert here is not None
            assert SEVERITIES.index(here.value) >= SEVERITIES.index(one.severity.value)
            assert one in result.limited_findings(one.ingredient_tags, one.areas)
            assert one not in result.limited_findings(["elsewhere"], ["elsewhere"])
    elsewhere = result.severity_for(["elsewhere"], ["elsewhere"])
    stopped = any(one.severity.value == "absolute" and not one.limited for one in result.findings)
    assert (elsewhere is not None and elsewhere.value == "absolute") == stopped


def a_further_medicine_is_never_milder(answers: dict[str, object], known: RecordFacts) -> None:
    before = evaluate(SPEC, answers, known, TODAY, TERMS)
    more = replace(known, medicines=(*known.medicines, "Something new"))
    assert_not_milder(evaluate(SPEC, answers, more, TODAY, TERMS), before)


def not_knowing_or_not_answering_is_never_safer_than_no(
    answers: dict[str, object], known: RecordFacts, key: str
) -> None:
    question = SPEC.questions[key]
    no = clear_answers()[key]
    denied = evaluate(SPEC, {**answers, key: no}, known, TODAY, TERMS)
    without = {name: value for name, value in answers.items() if name != key}
    unanswered = evaluate(SPEC, without, known, TODAY, TERMS)
    assert unanswered.outcome is not Outcome.CLEARED
    assert key in unanswered.missing
    if "unknown" in (question.values or ()):
        value: object = ["unknown"] if isinstance(no, list) else "unknown"
        unsure = evaluate(SPEC, {**answers, key: value}, known, TODAY, TERMS)
        assert_not_milder(unsure, denied)
        assert unsure.outcome is not Outcome.CLEARED


def not_knowing_is_a_caution_by_any_rules(
    spec: QuestionnaireSpec, answers: dict[str, object], known: RecordFacts, key: str
) -> None:
    value: object = ["unknown"] if key == "many" else "unknown"
    unsure = evaluate(spec, {**answers, key: value}, known, TODAY, TERMS)
    asked = {
        rule.key for rule in spec.rules if len(rule.when) == 1 and rule.when[0].question == key
    }
    doubted = {one.rule for one in unsure.findings if one.severity.value != "note"}
    assert asked <= doubted
    asks = any(one.question == key for rule in spec.rules for one in rule.when)
    assert not asks or weight(unsure) >= 1


def order_never_matters(answers: dict[str, object], known: RecordFacts, turn: bool) -> None:
    shuffled = dict(sorted(answers.items(), reverse=turn))
    turned = replace(
        known, facts=tuple(reversed(known.facts)), medicines=tuple(reversed(known.medicines))
    )
    backwards = replace(SPEC, rules=tuple(reversed(SPEC.rules)))
    first = evaluate(SPEC, answers, known, TODAY, TERMS)
    assert evaluate(backwards, shuffled, turned, TODAY, tuple(reversed(TERMS))) == first


def order_never_matters_by_any_rules(
    spec: QuestionnaireSpec, answers: dict[str, object], known: RecordFacts
) -> None:
    turned = replace(known, facts=tuple(reversed(known.facts)))
    backwards = replace(spec, rules=tuple(reversed(spec.rules)))
    first = evaluate(spec, answers, known, TODAY, TERMS)
    assert evaluate(backwards, dict(reversed(answers.items())), turned, TODAY, TERMS) == first


def findings_come_gravest_first(answers: dict[str, object], known: RecordFacts) -> None:
    found = evaluate(SPEC, answers, known, TODAY, TERMS).findings
    general = [
        1 if (one.areas or one.ingredient_tags) and one.severity.value == "absolute"
        else SEVERITIES.index(one.severity.value)
        for one in found
    ]  # fmt: skip
    assert general == sorted(general, reverse=True)


def results_survive_being_stored(answers: dict[str, object], known: RecordFacts) -> None:
    result = evaluate(SPEC, answers, known, TODAY, TERMS)
    assert from_json(ScreeningResult, to_json(result)) == result


def missing_answers_never_hide_an_absolute_finding(
    answers: dict[str, object], known: RecordFacts
) -> None:
    result = evaluate(SPEC, answers, known, TODAY, TERMS)
    stopped = weight(result) == OUTCOMES.index("contraindicated")
    assert (result.outcome is Outcome.CONTRAINDICATED) == stopped
    if result.missing:
        assert result.outcome in (Outcome.INCOMPLETE, Outcome.CONTRAINDICATED)
    else:
        assert rank(result) == weight(result)


def missing_is_what_is_required_shown_and_not_given(
    spec: QuestionnaireSpec, answers: dict[str, object]
) -> None:
    missing = evaluate(spec, answers, RecordFacts(), TODAY, TERMS).missing
    for key, question in spec.questions.items():
        seen = question.show_if is None or _meets(question.show_if, answers)
        if key not in answers:
            assert (key in missing) == (question.required and seen)


def _meets(condition: ShowIf, answers: dict[str, object]) -> bool:
    given = answers.get(condition.question)
    if condition.question in ("many", "place"):  # a single word is no readable answer there
        return isinstance(given, list) and bool(set(given) & set(condition.values))
    return ("yes" if given is True else given) in condition.values


def waiting_never_makes_it_worse(answers: dict[str, object], known: RecordFacts, days: int) -> None:
    result = evaluate(SPEC, answers, known, TODAY, TERMS)
    assert result.outcome_on(TODAY) is result.outcome
    later = replace(result, outcome=result.outcome_on(TODAY + timedelta(days=days)))
    assert rank(later) <= rank(result)


def odd_answers_never_raise_and_never_clear(answers: dict[str, object]) -> None:
    result = evaluate(SPEC, answers, RecordFacts(), TODAY)
    assert result.outcome is not Outcome.CLEARED


def an_unreadable_answer_is_not_taken_for_no(key: str, junk: object) -> None:
    question = SPEC.questions[key]
    if junk in clear_answers().values() or junk in (False, ["none"], ["no"]):
        return
    if isinstance(junk, str) and junk in (question.values or ()):
        return
    known = RecordFacts(birth_date=date(1985, 6, 1))
    result = evaluate(SPEC, clear_answers() | {key: junk}, known, TODAY)
    assert result.outcome in (Outcome.INCOMPLETE, Outcome.CONTRAINDICATED, Outcome.REVIEW)


def new_rules_leave_old_outcomes_alone(
    spec: QuestionnaireSpec,
    other: QuestionnaireSpec,
    answers: dict[str, object],
    known: RecordFacts,
) -> None:
    result = evaluate(spec, answers, known, TODAY, TERMS)
    stored = to_json(result)
    case = simulation.Case("1", answers, known, TODAY)
    compared = simulation.compare(spec, replace(other, version="2"), [case], TERMS)
    assert [one.before for one in compared.counts] == [result.outcome]
    assert from_json(ScreeningResult, stored) == result
    assert from_json(ScreeningResult, stored).outcome_on(TODAY) is result.outcome
    assert evaluate(spec, answers, known, TODAY, TERMS) == result


def a_further_rule_is_never_milder(
    spec: QuestionnaireSpec, rule: Any, answers: dict[str, object], known: RecordFacts
) -> None:
    before = evaluate(spec, answers, known, TODAY, TERMS)
    after = evaluate(replace(spec, rules=(*spec.rules, rule)), answers, known, TODAY, TERMS)
    assert_not_milder(after, before)
    assert rank(after) >= rank(before)


def merging_takes_the_stricter(
    a: tuple[RecordItem, ...],
    b: tuple[RecordItem, ...],
    answers: dict[str, object],
) -> None:
    merged = merge.stricter(a, b)
    assert merged == merge.stricter(b, a)
    both = judge_items(merged, answers)
    for one in (a, b):
        alone = judge_items(one, answers)
        assert_not_milder(both, alone)
        assert rank(both) >= rank(alone)
        assert merge.stricter(merged, one) == merged


_ODD = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.dates()
_JUNK = st.one_of(
    _ODD,
    st.lists(_ODD, max_size=3),
    st.dictionaries(st.text(max_size=4), _ODD, max_size=3),
    st.lists(st.lists(_ODD, max_size=2) | st.dictionaries(st.just("name"), _ODD), max_size=2),
)
_STEPS = [
    (key, chain[low], chain[high])
    for key, question in SPEC.questions.items()
    for chain in chains(question)
    for high in range(len(chain))
    for low in range(high)
]
_ITEMS = [
    RecordItem(kind, text, codes, active, since)
    for kind, text, codes in (
        (ItemKind.ALLERGY, "Fish", ()),
        (ItemKind.ALLERGY, "fish ", ("snomed:417532002",)),
        (ItemKind.ALLERGY, "No known allergies", ()),
        (ItemKind.ALLERGY, "Egg", ()),
        (ItemKind.MEDICINE, "Warfarin 5 mg", ()),
        (ItemKind.MEDICINE, "WARFARIN 5 MG", ()),
        (ItemKind.MEDICINE, "Amlodipine 5 MG Oral Tablet", ()),
        (ItemKind.CONDITION, "Pregnant", ()),
        (ItemKind.CONDITION, "History of breast cancer", ()),
        (ItemKind.CONDITION, "Breast cancer", ()),
        (ItemKind.CONDITION, "Heart attack", ()),
        (ItemKind.CONDITION, "Something", ("snomed:230690007",)),
    )
    for active in (True, False)
    for since in (None, TODAY - timedelta(weeks=10), TODAY - timedelta(weeks=60))
]
_NAMED = [
    ("allergy_list", "fish", "product_allergy"),
    ("allergy_list", "egg white", "product_allergy"),
    ("allergy_list", "dust", "other_allergy"),
    ("medicine_list", "Warfarin 5 mg", "anticoagulants"),
    ("medicine_list", "ibuprofen", "nsaids"),
]
_LINES = st.lists(st.sampled_from(_ITEMS), max_size=4).map(tuple)
_REQUIRED = st.sampled_from(sorted(clear_answers()))
_SMALL = (small.SMALL_ANSWERS, small.SMALL_RECORDS)

PROPERTIES = (
    Property(a_graver_answer_is_never_milder, (ANSWERS, RECORDS, st.sampled_from(_STEPS))),
    Property(
        a_graver_answer_is_never_milder_by_any_rules,
        (small.specs(), *_SMALL, st.sampled_from(small.GRAVER_SAID)),
    ),
    Property(a_further_fact_is_never_milder, (ANSWERS, RECORDS, FACTS)),
    Property(
        a_further_fact_is_never_milder_by_any_rules,
        (small.specs(positive=False), *_SMALL, small.SMALL_FACTS),
    ),
    Property(a_fact_that_a_rule_asks_for_is_found, (ANSWERS, RECORDS, FACTS)),
    Property(what_a_list_names_is_found, (ANSWERS, RECORDS, st.sampled_from(_NAMED))),
    Property(a_limited_finding_weighs_in_its_place, (ANSWERS, RECORDS)),
    Property(a_further_medicine_is_never_milder, (ANSWERS, RECORDS)),
    Property(not_knowing_or_not_answering_is_never_safer_than_no, (ANSWERS, RECORDS, _REQUIRED)),
    Property(
        not_knowing_is_a_caution_by_any_rules,
        (small.specs(positive=False), *_SMALL, st.sampled_from(["sure", "one", "many"])),
    ),
    Property(order_never_matters, (ANSWERS, RECORDS, st.booleans())),
    Property(order_never_matters_by_any_rules, (small.specs(positive=False), *_SMALL)),
    Property(findings_come_gravest_first, (ANSWERS, RECORDS)),
    Property(results_survive_being_stored, (ANSWERS, RECORDS)),
    Property(missing_answers_never_hide_an_absolute_finding, (ANSWERS, RECORDS)),
    Property(
        missing_is_what_is_required_shown_and_not_given,
        (small.specs(positive=False), small.SMALL_ANSWERS),
    ),
    Property(waiting_never_makes_it_worse, (ANSWERS, RECORDS, st.integers(0, 400))),
    Property(
        odd_answers_never_raise_and_never_clear,
        (st.dictionaries(st.sampled_from([*SPEC.questions, "made_up"]), _JUNK),),
    ),
    Property(an_unreadable_answer_is_not_taken_for_no, (_REQUIRED, _JUNK)),
    Property(
        new_rules_leave_old_outcomes_alone,
        (small.specs(positive=False), small.specs(positive=False), *_SMALL),
    ),
    Property(
        a_further_rule_is_never_milder,
        (small.specs(positive=False), small.rules("further", positive=False), *_SMALL),
    ),
    Property(merging_takes_the_stricter, (_LINES, _LINES, ANSWERS)),
)
