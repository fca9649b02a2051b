"""Forms with which a questionnaire is built without code: sections, questions, rules.

Every text is one field for each language; keys are made from the English words and then stay.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django import forms
from django.utils.translation import get_language_info
from django.utils.translation import gettext_lazy as _

from patients.domain.editing import new_key
from patients.domain.questionnaire import (
    SEVERAL_CHOICES,
    SINGLE_CHOICE,
    Option,
    Question,
    QuestionKind,
    QuestionnaireSpec,
    Section,
    ShowIf,
    Text,
    say,
)
from patients.forms.base import DomainForm

KINDS = {
    QuestionKind.YES_NO_UNKNOWN: _("Yes, no, I don't know"),
    QuestionKind.ONE_OF: _("One of several answers"),
    QuestionKind.MANY_OF: _("Several answers"),
    QuestionKind.TEXT: _("Free text"),
    QuestionKind.NUMBER: _("A number, with its unit"),
    QuestionKind.DATE: _("A date"),
    QuestionKind.BODY_AREA: _("Areas of the body"),
    QuestionKind.MEDICINE_LIST: _("List of medicines"),
    QuestionKind.ALLERGY_LIST: _("List of allergies"),
    QuestionKind.PHOTOGRAPH: _("Photographs"),
}
SHORT = 200
LONG = 1000


@dataclass(frozen=True)
class Workshop:
    """What the forms choose from: languages, the clinic's areas, and the tags of its terms."""

    spec: QuestionnaireSpec
    languages: tuple[str, ...] = ("en",)
    areas: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    ingredient_tags: Mapping[str, str] = field(default_factory=dict)


class BuilderForm(DomainForm):
    """A form with texts in several languages."""

    def __init__(self, *args: Any, workshop: Workshop, **kwargs: Any) -> None:
        self.workshop = workshop
        super().__init__(*args, **kwargs)

    def add_text(
        self, name: str, label: object, text: Text, *, required: bool = False, rows: int = 1
    ) -> None:
        """One field for each language; only the English one may be required."""
        for language in self.workshop.languages:
            info = get_language_info(language)
            widget = forms.TextInput() if rows == 1 else forms.Textarea(attrs={"rows": rows})
            widget.attrs["lang"] = language
            self.fields[f"{name}_{language}"] = forms.CharField(
                label=f"{label} ({info['name_translated']})", required=required and language == "en",
                max_length=SHORT if rows == 1 else LONG, widget=widget,
                initial=text.get(language, ""),
            )  # fmt: skip

    def text(self, name: str) -> dict[str, str]:
        """What was written, without the languages that were left empty."""
        found = {one: self.cleaned_data.get(f"{name}_{one}", "") for one in self.workshop.languages}
        return {one: words.strip() for one, words in found.items() if words.strip()}

    def texts_first(self, *names: str) -> None:
        """Show the texts of `names` before the other fields."""
        wanted = [f"{name}_{one}" for name in names for one in self.workshop.languages]
        self.order_fields([*wanted, *(name for name in self.fields if name not in wanted)])


class TitleForm(BuilderForm):
    """The name of the questionnaire, and how long its answers hold."""

    validity_days = forms.IntegerField(
        label=_("Valid for days"), min_value=1, max_value=730,
        help_text=_("The clinic's own setting counts where it is shorter."),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        spec = self.workshop.spec
        self.add_text("title", _("Title"), spec.title, required=True)
        self.texts_first("title")
        self.fields["validity_days"].initial = spec.validity_days

    def changed_spec(self, spec: QuestionnaireSpec) -> QuestionnaireSpec:
        """The spec with what was written."""
        return replace(
            spec, title=self.text("title"), validity_days=self.cleaned_data["validity_days"]
        )


class SectionForm(BuilderForm):
    """One screen of the questionnaire."""

    def __init__(self, *args: Any, section: Section | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.section = section
        self.add_text("title", _("Title"), section.title if section else {}, required=True)
        intro = section.intro if section else {}
        self.add_text("intro", _("A sentence below it"), intro, rows=2)

    def to_section(self) -> Section:
        """The section, with the questions it has."""
        title = self.text("title")
        taken = (section.key for section in self.workshop.spec.sections)
        known = self.section
        return Section(
            key=known.key if known else new_key(say(title), taken, fallback="section"),
            title=title,
            questions=known.questions if known else (),
            intro=self.text("intro"),
        )


class QuestionForm(BuilderForm):
    """One question; its choices stand in a formset beside it."""

    kind = forms.ChoiceField(
        label=_("Kind of answer"), choices=[(k.value, v) for k, v in KINDS.items()]
    )
    required = forms.BooleanField(
        label=_("An answer is required"), required=False,
        help_text=_("Without it the screening is incomplete and nobody is treated."),
    )  # fmt: skip
    section = forms.ChoiceField(label=_("Section"))
    unit = forms.CharField(
        label=_("Unit"), required=False, max_length=20, help_text=_("For a number, such as kg.")
    )
    minimum = forms.DecimalField(label=_("At least"), required=False)
    maximum = forms.DecimalField(label=_("At most"), required=False)
    show_question = forms.ChoiceField(label=_("Ask only after an answer to"), required=False)
    show_values = forms.MultipleChoiceField(label=_("Which is one of"), required=False)

    def __init__(
        self, *args: Any, section: str, question: Question | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.question = question
        self.add_text("text", _("Question"), question.text if question else {}, required=True)
        self.add_text("help", _("Help"), question.help if question else {}, rows=2)
        self.texts_first("text", "help")
        spec = self.workshop.spec
        set_choices(self, "section", [(one.key, say(one.title)) for one in spec.sections])
        earlier = [one for one in _asked_before(spec, question, section) if one.values is not None]
        set_choices(
            self, "show_question", [("", _("Always")), *((q.key, say(q.text)) for q in earlier)]
        )
        set_choices(self, "show_values", answer_choices(earlier))
        self.fields["section"].initial = section
        if question is not None:
            self._fill(question)

    def _fill(self, question: Question) -> None:
        given: dict[str, object] = {
            "kind": question.kind.value, "required": question.required, "unit": question.unit,
            "minimum": question.minimum, "maximum": question.maximum,
        }  # fmt: skip
        if question.show_if is not None:
            parent = question.show_if.question
            given["show_question"] = parent
            given["show_values"] = [f"{parent}:{value}" for value in question.show_if.values]
        for name, value in given.items():
            self.fields[name].initial = value

    def clean(self) -> dict[str, Any]:
        """A condition names answers, and a range is one."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if data.get("show_question") and not self._waited_for(data):
            self.add_error("show_values", _("Choose at least one answer."))
        low, high = data.get("minimum"), data.get("maximum")
        if low is not None and high is not None and low > high:
            self.add_error("maximum", _("This is less than the smallest number."))
        return data

    def _waited_for(self, data: Mapping[str, Any]) -> tuple[str, ...]:
        return chosen_answers(data.get("show_values", ()), data.get("show_question", ""))

    def to_question(self, options: Sequence[Option]) -> Question:
        """The question; what its kind has no use for is left out. Raises ValueError for choices
        that are missing."""
        data, known = self.cleaned_data, self.question
        kind = QuestionKind(data["kind"])
        number = kind is QuestionKind.NUMBER
        text, parent = self.text("text"), data["show_question"]
        return Question(
            key=known.key if known else new_key(say(text), self.workshop.spec.questions, fallback="question"),
            kind=kind,
            text=text,
            help=self.text("help"),
            required=data["required"],
            options=tuple(options) if kind in SEVERAL_CHOICES | {QuestionKind.ONE_OF} else (),
            show_if=ShowIf(parent, self._waited_for(data)) if parent else None,
            tags=known.tags if known and known.kind is kind else (),
            unit=data["unit"] if number else "",
            minimum=data["minimum"] if number else None,
            maximum=data["maximum"] if number else None,
        )  # fmt: skip


class OptionForm(BuilderForm):
    """One choice of a question."""

    key = forms.CharField(required=False, max_length=60, widget=forms.HiddenInput)
    tags = forms.ChoiceField(label=_("Counts as"), required=False)
    exclusive = forms.BooleanField(
        label=_("Stands alone (such as “none of these”)"), required=False
    )

    def __init__(self, *args: Any, option: Option | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.option = option
        self.add_text("label", _("Answer"), option.label if option else {})
        self.texts_first("label")
        tags = ",".join(option.tags) if option else ""
        known = {"": _("Nothing"), **self.workshop.tags}
        if tags not in known:
            known[tags] = ", ".join(str(known.get(one, one)) for one in tags.split(","))
        set_choices(self, "tags", list(known.items()))
        if option is not None:
            self.initial = {"key": option.key, "tags": tags, "exclusive": option.exclusive}

    def to_option(self, taken: Iterable[str]) -> Option | None:
        """The choice; None for an empty line."""
        label = self.text("label")
        if not label.get("en"):
            return None
        data = self.cleaned_data
        return Option(
            key=data["key"] or new_key(label["en"], taken, fallback="answer"),
            label=label,
            tags=tuple(one for one in data["tags"].split(",") if one),
            exclusive=data["exclusive"],
        )


class OptionForms:
    """The choices of a question with a few empty lines after them."""

    SPARE = 3
    MOST = 60

    def __init__(
        self, data: Any = None, *, workshop: Workshop, options: Sequence[Option] = ()
    ) -> None:
        total = len(options) + self.SPARE
        if data is not None:
            sent = str(data.get("options-total", ""))
            total = min(int(sent), self.MOST) if sent.isascii() and sent.isdigit() else total
        known = {option.key: option for option in options}
        self.total = total
        self.forms = []
        for number in range(total):
            old = options[number] if number < len(options) else None
            if data is not None:
                old = known.get(str(data.get(f"option{number}-key", "")))
            self.forms.append(
                OptionForm(data, prefix=f"option{number}", workshop=workshop, option=old)
            )

    def is_valid(self) -> bool:
        """Whether every line reads."""
        return not [form for form in self.forms if not form.is_valid()]

    def to_options(self) -> tuple[Option, ...]:
        """The choices that were written, in their order. Call after `is_valid`."""
        taken = [form.cleaned_data["key"] for form in self.forms if form.cleaned_data["key"]]
        found: list[Option] = []
        for form in self.forms:
            option = form.to_option(taken)
            if option is not None:
                found.append(option)
                taken.append(option.key)
        return tuple(found)


def answer_choices(questions: Iterable[Question]) -> list[tuple[str, list[tuple[str, str]]]]:
    """The answers of each question as `question:answer`, in groups."""
    return [
        (
            question.key,
            [(f"{question.key}:{value}", label) for value, label in answers_of(question)],
        )
        for question in questions
        if question.kind in SINGLE_CHOICE | SEVERAL_CHOICES
    ]


def answers_of(question: Question) -> list[tuple[str, str]]:
    """The answers to choose from, in words."""
    if question.kind is QuestionKind.YES_NO_UNKNOWN:
        return [("yes", str(_("Yes"))), ("no", str(_("No"))), ("unknown", str(_("I don't know")))]
    return [(option.key, say(option.label)) for option in question.options]


def chosen_answers(values: Iterable[str], question: str) -> tuple[str, ...]:
    """The answers among `question:answer` that belong to one question."""
    mark = f"{question}:"
    return tuple(value.removeprefix(mark) for value in values if value.startswith(mark))


def _asked_before(
    spec: QuestionnaireSpec, question: Question | None, section: str
) -> list[Question]:
    """The questions that stand before this one, or before the end of the section it will join."""
    found: list[Question] = []
    for one in spec.sections:
        for other in one.questions:
            if question is not None and other.key == question.key:
                return found
            found.append(other)
        if question is None and one.key == section:
            break
    return found


def set_choices(form: forms.Form, name: str, choices: Sequence[Any]) -> None:
    field_ = form.fields[name]
    assert isinstance(field_, forms.ChoiceField)  # noqa: S101 - for the type checker
    field_.choices = choices
