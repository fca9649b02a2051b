"""The form of one rule: when it fires, how much it weighs, where, until when, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from patients.domain.editing import new_key
from patients.domain.questionnaire import (
    SEVERAL_CHOICES,
    SINGLE_CHOICE,
    Question,
    QuestionKind,
    QuestionnaireSpec,
    Rule,
    Severity,
    Trigger,
    Until,
    say,
)
from patients.forms.building import (
    BuilderForm,
    answer_choices,
    chosen_answers,
    set_choices,
)

SEVERITIES = {
    Severity.NOTE: _("Note: shown, changes advice only"),
    Severity.CAUTION: _("Caution: a practitioner must review"),
    Severity.ABSOLUTE: _("Absolute: may not be treated while it applies"),
}
CONDITIONS = 3
_NUMBERS = ("at_least", "within_days", "medicines_at_least", "age_under")


class TriggerForm(BuilderForm):
    """One condition; any of the ways that are filled in is enough."""

    question = forms.ChoiceField(label=_("The answer to"), required=False)
    values = forms.MultipleChoiceField(label=_("Is one of"), required=False)
    at_least = forms.DecimalField(label=_("Is a number of at least"), required=False)
    within_days = forms.IntegerField(
        label=_("Is a date less than so many days ago"), required=False, min_value=1
    )
    tags = forms.MultipleChoiceField(label=_("The record or the answers say, now"), required=False)
    past_tags = forms.MultipleChoiceField(label=_("The record says, in the past"), required=False)
    medicines_at_least = forms.IntegerField(
        label=_("Medicines taken, at least"), required=False, min_value=1
    )
    age_under = forms.IntegerField(label=_("Younger than (years)"), required=False, min_value=1)
    without_guardian_consent = forms.BooleanField(
        label=_("Unless a guardian has consented"), required=False
    )

    def __init__(self, *args: Any, trigger: Trigger | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        questions = list(self.workshop.spec.questions.values())
        usable = [one for one in questions if _readable(one)]
        set_choices(self, "question", [("", "—"), *((one.key, say(one.text)) for one in usable)])
        set_choices(self, "values", answer_choices(usable))
        tags = dict(self.workshop.tags)
        for tag in (*trigger.tags, *trigger.past_tags) if trigger else ():
            tags.setdefault(tag, tag)
        for name in ("tags", "past_tags"):
            set_choices(self, name, [("", list(tags.items()))])
        if trigger is not None:
            self._fill(trigger)

    def _fill(self, trigger: Trigger) -> None:
        self.initial = {
            "question": trigger.question,
            "values": [f"{trigger.question}:{value}" for value in trigger.values],
            "tags": list(trigger.tags),
            "past_tags": list(trigger.past_tags),
            "without_guardian_consent": trigger.without_guardian_consent,
            **{name: getattr(trigger, name) for name in _NUMBERS},
        }

    def to_trigger(self) -> Trigger | None:
        """The condition; None where nothing was filled in."""
        data = self.cleaned_data
        key = data["question"]
        trigger = Trigger(
            question=key,
            values=chosen_answers(data["values"], key) if key else (),
            tags=tuple(data["tags"]),
            past_tags=tuple(data["past_tags"]),
            without_guardian_consent=data["without_guardian_consent"],
            **{name: data[name] for name in _NUMBERS},
        )
        ways = (trigger.values, trigger.tags, trigger.past_tags)
        numbers = any(getattr(trigger, name) is not None for name in _NUMBERS)
        return trigger if key or any(ways) or numbers else None


class RuleForm(BuilderForm):
    """Everything about a rule but its conditions."""

    severity = forms.ChoiceField(
        label=_("Weight"), choices=[(one.value, words) for one, words in SEVERITIES.items()],
        initial=Severity.CAUTION.value,
    )  # fmt: skip
    temporary = forms.BooleanField(label=_("It will pass"), required=False)
    until_question = forms.ChoiceField(label=_("It ends after the day answered to"), required=False)
    until_days = forms.IntegerField(label=_("So many days after it"), required=False, min_value=1)
    until_age = forms.IntegerField(label=_("Or at the age of"), required=False, min_value=1)
    defers = forms.BooleanField(
        label=_("Waiting until then is enough"), required=False,
        help_text=_("The outcome is “deferred” with a date, not “review”."),
    )  # fmt: skip
    areas = forms.MultipleChoiceField(label=_("Only on these areas"), required=False)
    areas_from = forms.ChoiceField(
        label=_("Only on the areas answered to"), required=False,
        help_text=_("Where no area is answered, it weighs everywhere."),
    )  # fmt: skip
    ingredient_tags = forms.MultipleChoiceField(label=_("Only for cocktails with"), required=False)
    limit_to_matched_tags = forms.BooleanField(
        label=_("Only for cocktails with the very thing that was found (an allergen)"),
        required=False,
    )
    source = forms.CharField(
        label=_("Source"), max_length=60, initial="G",
        help_text=_("Where the rule comes from: S0 to S4, G for general practice, or your own."),
    )  # fmt: skip

    def __init__(self, *args: Any, rule: Rule | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.rule = rule
        self.add_text("message", _("What it means"), rule.message if rule else {}, required=True)
        self.add_text("advice", _("What to do"), rule.advice if rule else {}, rows=2)
        self.texts_first("message", "advice")
        spec, shop = self.workshop.spec, self.workshop
        set_choices(self, "until_question", _of_kind(spec, QuestionKind.DATE))
        set_choices(self, "areas_from", _of_kind(spec, QuestionKind.BODY_AREA))
        areas = {
            **shop.areas,
            **{one: one for one in (rule.areas if rule else ()) if one not in shop.areas},
        }
        set_choices(self, "areas", [("", list(areas.items()))])
        tags = dict(shop.ingredient_tags)
        for tag in rule.ingredient_tags if rule else ():
            tags.setdefault(tag, tag)
        set_choices(self, "ingredient_tags", [("", list(tags.items()))])
        if rule is not None:
            self._fill(rule)

    def _fill(self, rule: Rule) -> None:
        until = rule.until or Until()
        given: Mapping[str, object] = {
            "severity": rule.severity.value, "temporary": rule.temporary, "defers": rule.defers,
            "until_question": until.question, "until_days": until.days, "until_age": until.age,
            "areas": list(rule.areas), "areas_from": rule.areas_from, "source": rule.source,
            "ingredient_tags": list(rule.ingredient_tags),
            "limit_to_matched_tags": rule.limit_to_matched_tags,
        }  # fmt: skip
        for name, value in given.items():
            self.fields[name].initial = value

    def clean(self) -> dict[str, Any]:
        """An end is complete, and what defers has one."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if data.get("until_question") and not data.get("until_days"):
            self.add_error("until_days", _("Say how many days after that day."))
        ends = data.get("until_question") or data.get("until_age")
        if data.get("defers") and not ends:
            self.add_error("defers", _("Say when it ends: by a date, or at an age."))
        return data

    def to_rule(self, when: tuple[Trigger, ...]) -> Rule:
        """The rule. Raises ValueError without conditions: it would fire for everybody."""
        data, known = self.cleaned_data, self.rule
        message = self.text("message")
        ends = data["until_question"] or data["until_age"]
        until = Until(
            days=data["until_days"] if data["until_question"] else None,
            question=data["until_question"], age=data["until_age"],
        )  # fmt: skip
        return Rule(
            key=known.key if known else new_key(say(message), self.workshop.spec.rules_by_key, fallback="rule"),
            severity=Severity(data["severity"]),
            message=message,
            when=when,
            source=data["source"].strip(),
            advice=self.text("advice"),
            temporary=data["temporary"] or bool(ends),
            until=until if ends else None,
            defers=data["defers"],
            areas=tuple(data["areas"]),
            areas_from=data["areas_from"],
            ingredient_tags=tuple(data["ingredient_tags"]),
            limit_to_matched_tags=data["limit_to_matched_tags"],
        )  # fmt: skip


def _readable(question: Question) -> bool:
    """Whether a condition can read the answer by itself."""
    numbers = {QuestionKind.NUMBER, QuestionKind.DATE}
    return question.kind in SINGLE_CHOICE | SEVERAL_CHOICES | numbers


def _of_kind(spec: QuestionnaireSpec, kind: QuestionKind) -> list[tuple[str, object]]:
    found = (one for one in spec.questions.values() if one.kind is kind)
    return [("", "—"), *((one.key, say(one.text)) for one in found)]
