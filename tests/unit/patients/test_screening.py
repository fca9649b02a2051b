"""The default rules, one by one, and how findings combine into an outcome."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from patients.domain.questionnaire import (
    Option,
    Question,
    QuestionKind,
    Rule,
    Section,
    Trigger,
)
from patients.domain.record import Fact
from patients.domain.screening import (
    FindingKind,
    Outcome,
    QuestionnaireSpec,
    RecordFacts,
    Severity,
    evaluate,
)
from tests.unit.patients.screening_worlds import ADULT, SPEC, TERMS, TODAY, clear_answers, judge


def rules_of(answers: dict[str, object], **record: object) -> set[str]:
    return {one.rule for one in judge(answers, **record).findings}  # type: ignore[arg-type]


def test_nothing_to_report_is_cleared_for_the_validity() -> None:
    result = judge()
    assert result.outcome is Outcome.CLEARED
    assert result.findings == ()
    assert result.valid_until == TODAY + timedelta(days=180)


@pytest.mark.parametrize(
    ("answers", "outcome", "rule"),
    [
        ({"pregnancy": "yes"}, Outcome.CONTRAINDICATED, "pregnancy"),
        ({"pregnancy": "unknown"}, Outcome.REVIEW, "pregnancy"),
        ({"breastfeeding": "yes"}, Outcome.CONTRAINDICATED, "breastfeeding"),
        ({"skin_cancer": "yes"}, Outcome.CONTRAINDICATED, "skin_cancer"),
        ({"cancer": "now"}, Outcome.CONTRAINDICATED, "cancer_active"),
        ({"cancer": "past"}, Outcome.REVIEW, "cancer_past"),
        ({"clotting_disorder": "yes"}, Outcome.CONTRAINDICATED, "clotting_disorder"),
        ({"clotting_disorder": "unknown"}, Outcome.REVIEW, "clotting_disorder"),
        ({"urticaria": "now"}, Outcome.CONTRAINDICATED, "urticaria_now"),
        ({"urticaria": "past"}, Outcome.REVIEW, "urticaria_past"),
        ({"skin_infection": "yes"}, Outcome.CONTRAINDICATED, "skin_infection"),
        ({"stroke": "yes"}, Outcome.CONTRAINDICATED, "stroke"),
        ({"diabetes": "insulin"}, Outcome.REVIEW, "diabetes_insulin"),
        ({"diabetes": "no_insulin"}, Outcome.CLEARED, "diabetes"),
        ({"heart_disease": "yes"}, Outcome.REVIEW, "heart_disease"),
        ({"anticoagulants": "yes"}, Outcome.REVIEW, "anticoagulants"),
        ({"nsaids": "yes"}, Outcome.REVIEW, "nsaids"),
        ({"poor_tolerance": "yes"}, Outcome.REVIEW, "poor_tolerance"),
        ({"keloid": "yes"}, Outcome.REVIEW, "keloid"),
        ({"bruising": "yes"}, Outcome.CLEARED, "bruising"),
        ({"vaccination": "yes"}, Outcome.REVIEW, "vaccination"),
        ({"recent_peel": "yes"}, Outcome.REVIEW, "recent_peel"),
        ({"severe_allergy": "yes"}, Outcome.REVIEW, "severe_allergy"),
        ({"allergies": "unknown"}, Outcome.REVIEW, "other_allergy"),
    ],
)
def test_each_condition_has_the_severity_of_the_knowledge_base(
    answers: dict[str, object], outcome: Outcome, rule: str
) -> None:
    result = judge(answers)
    assert result.outcome is outcome
    assert rule in {one.rule for one in result.findings}


def test_heart_disease_with_several_medicines_is_absolute() -> None:
    assert "heart_disease_several_medicines" not in rules_of(
        {"heart_disease": "yes", "medicine_count": "one"}
    )
    for several in ("two", "three_or_more"):
        result = judge({"heart_disease": "yes", "medicine_count": several})
        assert result.outcome is Outcome.CONTRAINDICATED


def test_medicines_of_the_record_and_of_the_list_are_counted_once_each() -> None:
    heart = (Fact("heart_disease", "Coronary disease"),)
    listed = {"medicine_count": "one", "medicine_list": [{"name": "simvastatin"}]}
    one = judge(listed, facts=heart, medicines=("Simvastatin 20 MG Oral Tablet",))
    assert "heart_disease_several_medicines" not in {found.rule for found in one.findings}
    two = judge(listed, facts=heart, medicines=("Amlodipine 5 MG Oral Tablet",))
    assert two.outcome is Outcome.CONTRAINDICATED


def test_the_record_counts_and_a_denial_is_a_contradiction() -> None:
    result = judge(facts=(Fact("anticoagulant", "Warfarin Sodium 5 MG Oral Tablet"),))
    assert result.outcome is Outcome.REVIEW
    kinds = {one.kind for one in result.findings if one.rule == "anticoagulants"}
    assert kinds == {FindingKind.RECORD, FindingKind.CONTRADICTION}
    (contradiction,) = [one for one in result.findings if one.kind is FindingKind.CONTRADICTION]
    assert "Warfarin" in contradiction.message
    assert "no" in contradiction.message


def test_agreeing_with_the_record_is_no_contradiction() -> None:
    facts = (Fact("anticoagulant", "Warfarin"), Fact("allergen:fish", "Fish", active=True))
    result = judge({"anticoagulants": "yes", "product_allergies": ["fish"]}, facts=facts)
    assert FindingKind.CONTRADICTION not in {one.kind for one in result.findings}


def test_a_graver_answer_than_the_record_is_no_contradiction() -> None:
    past = (Fact("cancer", "Breast cancer", active=False),)
    kinds = {one.kind for one in judge({"cancer": "now"}, facts=past).findings}
    assert FindingKind.CONTRADICTION not in kinds
    active = (Fact("cancer", "Breast cancer"),)
    kinds = {one.kind for one in judge({"cancer": "past"}, facts=active).findings}
    assert FindingKind.CONTRADICTION in kinds


def test_an_active_pregnancy_on_record_stops_whatever_the_answer() -> None:
    assert judge(facts=(Fact("pregnancy", "Normal pregnancy"),)).outcome is Outcome.CONTRAINDICATED
    ended = judge(facts=(Fact("pregnancy", "Normal pregnancy", active=False),))
    assert ended.outcome is Outcome.CLEARED


def test_an_ingredient_allergy_is_absolute_for_that_ingredient_only() -> None:
    result = judge({"product_allergies": ["fish"]})
    assert result.outcome is Outcome.REVIEW
    assert result.severity_for(["allergen:fish"], []) is Severity.ABSOLUTE
    assert result.severity_for(["allergen:egg"], []) is Severity.CAUTION
    (found,) = result.limited_findings(["allergen:fish"], [])
    assert found.rule == "product_allergy"
    assert result.limited_findings(["allergen:soy"], ["face"]) == ()


def test_a_past_allergy_is_a_caution_for_its_ingredients() -> None:
    result = judge(facts=(Fact("allergen:egg", "Egg", active=False),))
    assert result.severity_for(["allergen:egg"], []) is Severity.CAUTION
    assert result.outcome is Outcome.REVIEW


def test_lists_are_classified_by_the_terms() -> None:
    allergic = judge({"allergies": "yes", "allergy_list": [{"name": "Lachs und Fisch"}]})
    assert allergic.severity_for(["allergen:fish"], []) is Severity.ABSOLUTE
    takes = judge({"medicine_count": "one", "medicine_list": ["Xarelto 20 mg"]})
    assert "anticoagulants" in {one.rule for one in takes.findings}


def test_free_text_raises_a_question_but_never_more() -> None:
    result = judge({"other_conditions": "I had a stroke in 2010"})
    (found,) = result.findings
    assert (found.rule, found.severity, found.kind) == (
        "stroke",
        Severity.CAUTION,
        FindingKind.UNKNOWN,
    )


def test_a_dated_caution_defers_until_its_day() -> None:
    given = TODAY - timedelta(days=2)
    result = judge({"vaccination": "yes", "vaccination_on": given.isoformat()})
    assert result.outcome is Outcome.DEFERRED
    assert result.deferred_until == given + timedelta(days=7)
    assert result.outcome_on(given + timedelta(days=6)) is Outcome.DEFERRED
    assert result.outcome_on(given + timedelta(days=7)) is Outcome.CLEARED


def test_a_date_that_is_over_contradicts_the_answer_and_softens_nothing() -> None:
    result = judge({"vaccination": "yes", "vaccination_on": "2015-03-14"})
    assert result.outcome is Outcome.REVIEW
    assert result.deferred_until is None


def test_dates_beyond_the_calendar_never_end_and_never_raise() -> None:
    result = judge({"vaccination": "yes", "vaccination_on": "9999-12-31"})
    assert (result.outcome, result.deferred_until) == (Outcome.DEFERRED, date.max)
    born_wrong = judge(birth_date=date(9990, 1, 1))
    assert (born_wrong.outcome, born_wrong.findings[0].until) == (
        Outcome.CONTRAINDICATED,
        date.max,
    )


def test_minors_need_a_guardian_until_their_birthday() -> None:
    born = date(2010, 3, 20)
    result = judge(birth_date=born)
    assert result.outcome is Outcome.CONTRAINDICATED
    (finding,) = [one for one in result.findings if one.severity is Severity.ABSOLUTE]
    assert finding.until == date(2028, 3, 20)
    assert result.outcome_on(date(2028, 3, 19)) is Outcome.CONTRAINDICATED
    assert result.outcome_on(date(2028, 3, 20)) is Outcome.CLEARED
    assert judge(birth_date=born, guardian_consent=True).outcome is Outcome.REVIEW


@pytest.mark.parametrize(
    ("born", "today", "minor"),
    [
        (date(2008, 3, 17), date(2026, 3, 16), True),
        (date(2008, 3, 16), date(2026, 3, 16), False),
        (date(2008, 2, 29), date(2026, 2, 28), True),
        (date(2008, 2, 29), date(2026, 3, 1), False),
    ],
)
def test_the_eighteenth_birthday_counts_to_the_day(born: date, today: date, minor: bool) -> None:
    result = evaluate(SPEC, clear_answers(), RecordFacts(birth_date=born), today)
    assert (result.outcome is Outcome.CONTRAINDICATED) is minor


def test_an_unknown_age_is_reviewed() -> None:
    assert judge(birth_date=None).outcome is Outcome.REVIEW
    assert judge(birth_date=None, guardian_consent=True).outcome is Outcome.REVIEW


def test_an_unanswered_question_makes_it_incomplete_and_is_listed() -> None:
    answers = clear_answers()
    del answers["stroke"]
    result = evaluate(SPEC, answers, RecordFacts(birth_date=ADULT), TODAY)
    assert result.outcome is Outcome.INCOMPLETE
    assert result.missing == ("stroke",)
    assert result.valid_until == TODAY
    assert [one.kind for one in result.findings] == [FindingKind.UNANSWERED]


def test_follow_up_questions_are_asked_only_when_they_show() -> None:
    assert judge({"allergies": "yes"}).missing == ("allergy_list",)
    assert judge({"allergies": "no"}).missing == ()


def test_a_hidden_answer_still_counts() -> None:
    result = judge({"allergies": "no", "allergy_list": ["fish"]})
    assert result.severity_for(["allergen:fish"], []) is Severity.ABSOLUTE


def test_booleans_read_as_yes_and_no() -> None:
    assert judge({"stroke": True}).outcome is Outcome.CONTRAINDICATED
    assert judge({"stroke": False}).outcome is Outcome.CLEARED


def test_findings_come_gravest_first_with_source_and_advice() -> None:
    result = judge({"stroke": "yes", "nsaids": "yes", "bruising": "yes"})
    ranks = [one.severity.rank for one in result.findings]
    assert ranks == sorted(ranks, reverse=True)
    assert all(one.source and one.advice for one in result.findings)


def test_every_default_rule_names_its_source() -> None:
    known = {"S0", "S1", "S2", "S3", "S4", "G"}
    for rule in SPEC.rules:
        assert set(rule.source.replace(" ", "").split(",")) <= known
        assert rule.message.get("en")
        assert rule.advice.get("en")


def test_patients_can_read_every_question_in_french() -> None:
    for section in SPEC.sections:
        assert section.title.get("fr")
        for question in section.questions:
            assert question.text.get("fr"), question.key
            assert all(option.label.get("fr") for option in question.options)


def test_area_limited_rules_weigh_on_their_area() -> None:
    question = Question("peel", QuestionKind.YES_NO_UNKNOWN, {"en": "Peel?"}, required=True)
    rule = Rule(
        "peel", Severity.ABSOLUTE, {"en": "Peel"}, (Trigger("peel", ("yes",)),), "G",
        areas=("face",),
    )  # fmt: skip
    spec = QuestionnaireSpec("t", 10, (Section("s", {"en": "S"}, (question,)),), (rule,))
    result = evaluate(spec, {"peel": "yes"}, RecordFacts(), TODAY)
    assert result.outcome is Outcome.REVIEW
    assert result.severity_for([], ["face"]) is Severity.ABSOLUTE
    assert result.severity_for([], ["scalp"]) is Severity.CAUTION


def test_numbers_and_dates_can_fire_rules() -> None:
    questions = (
        Question("cigarettes", QuestionKind.NUMBER, {"en": "How many?"}, minimum=None),
        Question("peel_on", QuestionKind.DATE, {"en": "When?"}),
    )
    rules = (
        Rule(
            "heavy", Severity.CAUTION, {"en": "Heavy"},
            (Trigger("cigarettes", at_least=Decimal(20)),), "G",
        ),
        Rule(
            "peel", Severity.CAUTION, {"en": "Peel"}, (Trigger("peel_on", within_days=14),), "G"
        ),
    )  # fmt: skip
    spec = QuestionnaireSpec("t", 10, (Section("s", {"en": "S"}, questions),), rules)

    def fired(answers: dict[str, object]) -> set[str]:
        result = evaluate(spec, answers, RecordFacts(), TODAY)
        return {one.rule for one in result.findings}

    assert fired({"cigarettes": "19,5"}) == set()
    assert fired({"cigarettes": 20}) == {"heavy"}
    assert fired({"peel_on": TODAY - timedelta(days=13)}) == {"peel"}
    assert fired({"peel_on": TODAY - timedelta(days=14)}) == set()
    assert fired({"peel_on": TODAY + timedelta(days=3)}) == {"peel"}
    assert fired({"cigarettes": "many", "peel_on": "soon"}) == {"heavy", "peel"}


def test_without_terms_lists_still_give_a_caution() -> None:
    answers = clear_answers() | {"allergies": "yes", "allergy_list": ["fish"]}
    result = evaluate(SPEC, answers, RecordFacts(birth_date=ADULT), TODAY)
    assert result.outcome is Outcome.REVIEW
    assert replace(result, findings=()).outcome is Outcome.REVIEW
    assert TERMS


def tags_of(answers: dict[str, object], kind: FindingKind = FindingKind.ANSWERED) -> set[str]:
    return {tag for one in judge(answers).findings if one.kind is kind for tag in one.tags}


@pytest.mark.parametrize(
    ("answers", "tag"),
    [
        ({"heart_disease": "yes"}, "heart_disease"),
        ({"diabetes": "no_insulin"}, "diabetes"),
        ({"cancer": "past"}, "past:cancer"),
        ({"anticoagulants": "yes"}, "anticoagulant"),
        ({"product_allergies": ["egg"]}, "allergen:egg"),
        ({"conditions": ["g6pd"]}, "g6pd_deficiency"),
        ({"medicine_count": "one", "medicine_list": ["Minoxidil 5 mg"]}, "minoxidil"),
    ],
)
def test_whatever_is_told_reaches_the_cocktail_check_as_a_tag(
    answers: dict[str, object], tag: str
) -> None:
    assert tag in tags_of(answers)


def test_doubts_are_tags_too_but_apart() -> None:
    assert "heart_disease" in tags_of({"heart_disease": "unknown"}, FindingKind.UNKNOWN)
    assert tags_of({"heart_disease": "unknown"}) == set()


def test_what_no_rule_asks_about_is_a_note() -> None:
    result = judge({"conditions": ["g6pd"]})
    assert result.outcome is Outcome.CLEARED
    assert [(one.rule, one.severity) for one in result.findings] == [("told", Severity.NOTE)]


PLACES = tuple(
    Option(key, {"en": key}, exclusive=key == "elsewhere") for key in ("face", "scalp", "elsewhere")
)


@pytest.mark.parametrize(
    ("where", "areas", "outcome"),
    [
        (["face"], ("face",), Outcome.REVIEW),
        (["scalp", "face"], ("face", "scalp"), Outcome.REVIEW),
        (["elsewhere"], (), Outcome.CONTRAINDICATED),
        (["face", "elsewhere"], (), Outcome.CONTRAINDICATED),
        (None, (), Outcome.CONTRAINDICATED),
        ("face", (), Outcome.CONTRAINDICATED),
    ],
)
def test_a_finding_is_limited_to_the_places_that_are_named(
    where: object, areas: tuple[str, ...], outcome: Outcome
) -> None:
    questions = (
        Question("sore", QuestionKind.YES_NO_UNKNOWN, {"en": "Sore?"}),
        Question("where", QuestionKind.BODY_AREA, {"en": "Where?"}, options=PLACES),
    )
    rule = Rule(
        "sore", Severity.ABSOLUTE, {"en": "Sore"}, (Trigger("sore", ("yes",)),), "G",
        areas_from="where",
    )  # fmt: skip
    assert rule.limited
    spec = QuestionnaireSpec("t", 10, (Section("s", {"en": "S"}, questions),), (rule,))
    result = evaluate(spec, {"sore": "yes", "where": where}, RecordFacts(), TODAY)
    assert [one.areas for one in result.findings] == [areas]
    assert result.outcome is outcome
    assert result.severity_for([], ["face"]) is (
        Severity.CAUTION if areas == ("scalp",) else Severity.ABSOLUTE
    )
    always = replace(rule, areas=("back",))
    further = evaluate(replace(spec, rules=(always,)), {"sore": "yes", "where": where},
                       RecordFacts(), TODAY)  # fmt: skip
    assert further.findings[0].areas == (("back", *areas) if areas else ())


def test_areas_come_from_a_body_area_question_only() -> None:
    question = Question("sore", QuestionKind.YES_NO_UNKNOWN, {"en": "Sore?"})
    rule = Rule(
        "sore", Severity.ABSOLUTE, {"en": "Sore"}, (Trigger("sore", ("yes",)),), "G",
        areas_from="sore",
    )  # fmt: skip
    with pytest.raises(ValueError, match="no body-area question"):
        QuestionnaireSpec("t", 10, (Section("s", {"en": "S"}, (question,)),), (rule,))


def test_sun_to_come_is_a_note() -> None:
    result = judge({"sun_soon": "yes"})
    assert [(one.rule, one.severity) for one in result.findings] == [("sun_soon", Severity.NOTE)]
    assert result.outcome is Outcome.CLEARED
