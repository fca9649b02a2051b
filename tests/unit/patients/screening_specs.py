"""Random small questionnaires, and answers and records to go with them."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from hypothesis import strategies as st

from patients.domain.questionnaire import (
    Option,
    Question,
    QuestionKind,
    QuestionnaireSpec,
    Rule,
    Section,
    Severity,
    ShowIf,
    Trigger,
    Until,
)
from patients.domain.record import Fact, RecordFacts
from tests.unit.patients.screening_worlds import ADULT, TODAY

TAGS = ("allergen:fish", "allergen:egg", "anticoagulant", "stroke", "cancer")
NEGATIVE = {"no", "none"}
_PATTERNS = ("allergen:*", *TAGS, "nobody_knows")


def _text(words: str) -> dict[str, str]:
    return {"en": words}


def _options(*keys: str) -> tuple[Option, ...]:
    return tuple(
        Option(key, _text(key), tags, exclusive=key in ("none", "unknown"))
        for key, tags in zip(keys, [(), ("past:cancer",), ("cancer",), ()], strict=False)
    )


_POOL = (
    Question("sure", QuestionKind.YES_NO_UNKNOWN, _text("Sure?"), tags=("stroke",)),
    Question(
        "one", QuestionKind.ONE_OF, _text("One?"), options=_options("no", "a", "b", "unknown")
    ),
    Question(
        "many", QuestionKind.MANY_OF, _text("Many?"), options=_options("none", "a", "b", "unknown")
    ),
    Question(
        "place",
        QuestionKind.BODY_AREA,
        _text("Where?"),
        options=_options("face", "scalp", "back", "unknown"),
    ),
    Question("number", QuestionKind.NUMBER, _text("How many?"), maximum=Decimal(100)),
    Question("day", QuestionKind.DATE, _text("When?")),
    Question("words", QuestionKind.TEXT, _text("Else?")),
    Question("allergies", QuestionKind.ALLERGY_LIST, _text("Which?")),
    Question("medicines", QuestionKind.MEDICINE_LIST, _text("Which?")),
)
_VALUES: dict[str, list[object]] = {
    "sure": ["yes", "no", "unknown", True],
    "one": ["no", "a", "b", "unknown", "z"],
    "many": [["none"], ["a"], ["b"], ["a", "b"], ["unknown", "a"], "a"],
    "place": [["face"], ["scalp"], ["face", "scalp"], ["unknown"], "face"],
    "number": [0, "19,5", 20, 101, "many"],
    "day": [(TODAY - timedelta(days=ago)).isoformat() for ago in (-3, 0, 6, 7, 400)],
    "words": ["I had a stroke", "nothing"],
    "allergies": [["fish"], ["egg", "No known allergies"]],
    "medicines": [["Warfarin 5 mg"], ["Warfarin", "Amlodipine"]],
}
_SHOW = [None, None, ShowIf("sure", ("yes",)), ShowIf("one", ("a", "b")), ShowIf("many", ("a",))]


# Drawing every field by itself would take longer than judging: whole triggers, shapes of rules and
# sets of questions are drawn from pools instead, which are the same in every run.
_CHANCE = random.Random(7)


def _trigger(*, positive: bool) -> Trigger:
    question = _CHANCE.choice([None, *_POOL])
    values: list[str] = []
    if question is not None and question.values:
        allowed = sorted(question.values - (NEGATIVE if positive else set()))
        values = _CHANCE.sample(allowed, _CHANCE.randint(0, 2))
    asked = question is not None
    at_least = _CHANCE.choice([None, None, 1, 20]) if asked else None
    return Trigger(
        question=question.key if question is not None else "",
        values=tuple(values),
        at_least=None if at_least is None else Decimal(at_least),
        within_days=_CHANCE.choice([None, None, 7]) if asked else None,
        tags=tuple(_CHANCE.sample(_PATTERNS, _CHANCE.choice([0, 0, 1, 2]))),
        past_tags=tuple(_CHANCE.sample(_PATTERNS, _CHANCE.choice([0, 0, 1, 2]))),
        medicines_at_least=_CHANCE.choice([None, None, None, 2]),
        age_under=_CHANCE.choice([None, None, None, 18]),
        without_guardian_consent=_CHANCE.random() < 0.5,
    )


def _questions() -> tuple[Section, ...]:
    questions = tuple(
        replace(
            question,
            required=_CHANCE.random() < 0.3,
            show_if=_CHANCE.choice(_SHOW) if index > 2 else None,
        )
        for index, question in enumerate(_POOL)
    )
    return (Section("s", _text("S"), questions),)


_TRIGGERS = {
    positive: [(_trigger(positive=positive),) for _ in range(1500)]
    + [(_trigger(positive=positive), _trigger(positive=positive)) for _ in range(700)]
    for positive in (True, False)
}
_SECTIONS = [_questions() for _ in range(400)]
_SHAPES = [
    Rule(
        key="",
        severity=severity,
        message=_text("Message"),
        when=(Trigger(),),
        source="G",
        advice=_text("Ask."),
        temporary=until is not None,
        until=until,
        defers=defers and until is not None,
        areas=areas,
        areas_from=place,
        ingredient_tags=tags,
        limit_to_matched_tags=matched,
    )
    for severity in Severity
    for until in (None, None, Until(days=7, question="day"), Until(age=18))
    for defers in (True, False)
    for areas in ((), (), ("face",))
    for place in ("", "", "place")
    for tags in ((), (), ("allergen:fish",))
    for matched in (True, False)
]


def rules(key: str, *, positive: bool = True) -> st.SearchStrategy[Rule]:
    """One rule over the questions of the pool; `positive`: “no” and “none” never set it off."""
    return st.builds(
        lambda shape, when: replace(shape, key=key, when=when),
        st.sampled_from(_SHAPES),
        st.sampled_from(_TRIGGERS[positive]),
    )


def specs(*, positive: bool = True) -> st.SearchStrategy[QuestionnaireSpec]:
    """A questionnaire of eight questions, some required, some hidden, with up to four rules."""
    drawn = st.lists(rules("", positive=positive), max_size=4)
    return st.builds(
        lambda sections, found: QuestionnaireSpec(
            version="1",
            validity_days=180,
            sections=sections,
            rules=tuple(replace(rule, key=f"rule{n}") for n, rule in enumerate(found)),
        ),
        st.sampled_from(_SECTIONS),
        drawn,
    )


SAID = [(key, value) for key, values in _VALUES.items() for value in values]
SMALL_ANSWERS: st.SearchStrategy[dict[str, object]] = st.lists(
    st.sampled_from(SAID), max_size=8
).map(dict)
SMALL_FACTS = st.builds(Fact, st.sampled_from(TAGS), st.just("as recorded"), st.booleans())
SMALL_RECORDS = st.builds(
    RecordFacts,
    facts=st.lists(SMALL_FACTS, max_size=3, unique=True).map(tuple),
    medicines=st.lists(st.sampled_from(["Warfarin", "Amlodipine"]), max_size=2, unique=True).map(
        tuple
    ),
    birth_date=st.sampled_from([None, ADULT, TODAY - timedelta(days=17 * 365)]),
    guardian_consent=st.booleans(),
)
GRAVER_SAID = [
    ("sure", "no", "unknown"), ("sure", "unknown", "yes"), ("sure", "no", "yes"),
    ("one", "no", "a"), ("one", "no", "b"), ("one", "no", "unknown"),
    ("many", ["none"], ["a"]), ("many", ["a"], ["a", "b"]), ("many", ["a"], ["a", "unknown"]),
    ("place", ["face"], ["face", "scalp"]), ("number", 0, 20), ("allergies", ["none"], ["fish"]), ("allergies", ["fish"], ["fish", "egg"]),
    ("medicines", ["Warfarin"], ["Warfarin", "Amlodipine"]),
]  # fmt: skip
