"""The gate: may this patient have this session? One answer for booking, confirmation and chair.

Pure. `assess` looks at everything that can stop a session and says go, review or stop with
reasons. Worse inputs never give a better verdict. An override (a practitioner, with a reason)
lifts only what may be lifted; an absolute contraindication never is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from patients.domain.screening import Outcome
from treatments.domain.cocktail import Finding as CocktailFinding
from treatments.domain.cocktail import Level
from treatments.domain.protocol import Verdict as WindowVerdict


class Verdict(StrEnum):
    """Go < review (a practitioner looks first) < stop."""

    GO = "go"
    REVIEW = "review"
    STOP = "stop"

    @property
    def rank(self) -> int:
        """0 for go, 1 for review, 2 for stop."""
        return list(Verdict).index(self)


class Moment(StrEnum):
    """When the gate is asked: what is not due yet does not stop anything."""

    BOOKING = "booking"
    CONFIRMATION = "confirmation"
    CHAIR = "chair"

    @property
    def rank(self) -> int:
        """0 for booking, 1 for confirmation, 2 for chair."""
        return list(Moment).index(self)


class Decision(StrEnum):
    """What a practitioner decided about a screening that needs review."""

    TREAT = "treat"
    TREAT_WITH_CONDITIONS = "treat_with_conditions"
    DEFER = "defer"
    DO_NOT_TREAT = "do_not_treat"


class PlanStatus(StrEnum):
    """State of the plan as far as the gate is concerned."""

    DRAFT = "draft"
    ACTIVE = "active"
    COMPLETED = "completed"
    STOPPED = "stopped"


class LotProblem(StrEnum):
    """Why a lot can't be used."""

    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    EXHAUSTED = "exhausted"
    OPEN_TOO_LONG = "open_too_long"
    MISSING = "missing"


@dataclass(frozen=True)
class ScreeningFacts:
    """The current screening. `outcome` is that of `ScreeningResult.outcome_on(visit day)`.

    `decision` is the practitioner's latest about exactly this screening; `decided_until` the first
    day on which a deferral ends. `reconfirmed_on` is the day of the last “has anything changed?”.
    """

    outcome: Outcome | None = None
    valid_until: date | None = None
    decision: Decision | None = None
    decided_until: date | None = None
    conditions: str = ""
    reconfirmed_on: date | None = None


@dataclass(frozen=True)
class ConsentFacts:
    """Consent of the patient: the cocktail version it was signed for, None if never signed."""

    signed_version: int | None = None
    current_version: int = 1
    withdrawn: bool = False


@dataclass(frozen=True)
class LotFacts:
    """One lot that the session would use and what is wrong with it, if anything."""

    ingredient: str
    lot: str
    problem: LotProblem | None = None


@dataclass(frozen=True)
class ReadinessInputs:
    """Everything the gate looks at, for a visit on local day `visit_on`.

    `window` is None for a visit that no window governs (the first of a course). `overrides` are codes of reasons that a practitioner has lifted with a reason.
    """

    at: Moment
    visit_on: date
    screening: ScreeningFacts = ScreeningFacts()
    cocktail: tuple[CocktailFinding, ...] = ()
    consent: ConsentFacts = ConsentFacts()
    window: WindowVerdict | None = None
    open_severe_events: int = 0
    lots: tuple[LotFacts, ...] = ()
    licence_valid_until: date | None = None
    licence_known: bool = True
    plan: PlanStatus = PlanStatus.ACTIVE
    deceased: bool = False
    overrides: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Reason:
    """Why the verdict is not a plain go. `overridden` reasons are shown but no longer weigh."""

    code: str
    verdict: Verdict
    message: str
    what_to_do: str = ""
    overridable: bool = False
    overridden: bool = False

    @property
    def weighs(self) -> Verdict:
        """Its weight in the verdict."""
        return Verdict.GO if self.overridden else self.verdict


@dataclass(frozen=True)
class Readiness:
    """The answer of the gate with all reasons, gravest first."""

    verdict: Verdict
    reasons: tuple[Reason, ...]

    @property
    def can_be_overridden(self) -> bool:
        """Whether a practitioner could lift every stop that remains."""
        stops = [one for one in self.reasons if one.weighs is Verdict.STOP]
        return bool(stops) and all(one.overridable for one in stops)

    def without(self, prefix: str) -> Readiness:
        """The answer as if nobody had asked what the reasons of that prefix are about."""
        left = tuple(one for one in self.reasons if not one.code.startswith(prefix))
        return Readiness(_gravest(left), left)


def assess(inputs: ReadinessInputs) -> Readiness:
    """Ask the gate. Booking does not look at lots; consent and re-confirmation are due later."""
    found = [
        *_screening(inputs),
        *_cocktail(inputs),
        *_consent(inputs),
        *_course(inputs),
        *_practice(inputs),
    ]
    reasons = {_overridden(reason, inputs.overrides) for reason in found}
    ordered = tuple(sorted(reasons, key=lambda one: (-one.weighs.rank, one.code, one.message)))
    return Readiness(_gravest(ordered), ordered)


def _gravest(reasons: Iterable[Reason]) -> Verdict:
    return max((one.weighs for one in reasons), key=lambda one: one.rank, default=Verdict.GO)


def _overridden(reason: Reason, overrides: frozenset[str]) -> Reason:
    if not (reason.overridable and reason.code in overrides):
        return reason
    return Reason(
        reason.code, reason.verdict, reason.message, reason.what_to_do,
        overridable=True, overridden=True,
    )  # fmt: skip


def _due(inputs: ReadinessInputs, moment: Moment) -> Verdict:
    """Stop once the moment has come; before it the thing is only still to do."""
    return Verdict.STOP if inputs.at.rank >= moment.rank else Verdict.REVIEW


def _screening(inputs: ReadinessInputs) -> Iterable[Reason]:
    facts = inputs.screening
    if inputs.deceased:
        yield Reason("deceased", Verdict.STOP, "The record says that the patient has died.")
    if facts.outcome is None:
        yield Reason(
            "screening_missing", _due(inputs, Moment.CONFIRMATION), "There is no screening.",
            "Invite the patient to fill the questionnaire.",
        )  # fmt: skip
        return
    yield from _screening_outcome(inputs, facts)
    if facts.valid_until is not None and facts.valid_until < inputs.visit_on:
        yield Reason(
            "screening_expired", _due(inputs, Moment.CONFIRMATION),
            "The screening is no longer valid on the day of the visit.",
            "Invite the patient to fill the questionnaire again.",
        )  # fmt: skip
    if facts.reconfirmed_on != inputs.visit_on and inputs.at is Moment.CHAIR:
        yield Reason(
            "screening_not_reconfirmed", Verdict.STOP,
            "The screening has not been re-confirmed today.",
            "Ask the patient what has changed since.",
        )  # fmt: skip


def _screening_outcome(inputs: ReadinessInputs, facts: ScreeningFacts) -> Iterable[Reason]:
    if facts.outcome is Outcome.CONTRAINDICATED:
        yield Reason(
            "contraindicated", Verdict.STOP, "The screening found an absolute contraindication.",
            "Do not treat while it applies.",
        )  # fmt: skip
    elif facts.outcome is Outcome.INCOMPLETE:
        yield Reason(
            "screening_incomplete", _due(inputs, Moment.CONFIRMATION),
            "The screening has unanswered questions.", "Complete it with the patient.",
        )  # fmt: skip
    elif facts.outcome is not Outcome.CLEARED or facts.decision is not None:
        yield from _decision(inputs, facts)


def _decision(inputs: ReadinessInputs, facts: ScreeningFacts) -> Iterable[Reason]:
    if facts.decision is None:
        deferred = facts.outcome is Outcome.DEFERRED
        yield Reason(
            "screening_deferred" if deferred else "screening_undecided",
            Verdict.STOP if deferred else _due(inputs, Moment.CHAIR),
            "A finding of the screening ends only after the visit."
            if deferred
            else "A practitioner has not judged the screening yet.",
            "Choose a later day." if deferred else "Have it judged.",
            overridable=deferred,
        )  # fmt: skip
    elif facts.decision is Decision.DO_NOT_TREAT:
        yield Reason("decided_no", Verdict.STOP, "A practitioner decided not to treat.")
    elif facts.decision is Decision.DEFER:
        if facts.decided_until is None or inputs.visit_on < facts.decided_until:
            yield Reason(
                "decided_later", Verdict.STOP, "A practitioner put the treatment off.",
                "Choose a later day.",
            )  # fmt: skip
        else:
            yield Reason(
                "decided_later_over", _due(inputs, Moment.CHAIR),
                "The time for which treatment was put off is over.", "Judge the screening anew.",
            )  # fmt: skip
    elif facts.decision is Decision.TREAT_WITH_CONDITIONS:
        yield Reason(
            "conditions", Verdict.REVIEW, f"Treat with conditions: {facts.conditions}",
            "Keep to the conditions.", overridable=True,
        )  # fmt: skip


_VERDICTS = {Level.NOTE: Verdict.GO, Level.REVIEW: Verdict.REVIEW, Level.STOP: Verdict.STOP}


def _cocktail(inputs: ReadinessInputs) -> Iterable[Reason]:
    for found in inputs.cocktail:
        subject = ":".join(part for part in (found.code, found.ingredient, found.subject) if part)
        # A practitioner may answer for what is to be reviewed; a stop of the cocktail (allergy,
        # ceiling, forbidden place) is lifted by changing the cocktail only.
        overridable = found.level is Level.REVIEW
        yield Reason(
            f"cocktail:{subject}", _VERDICTS[found.level], found.what, found.what_to_do,
            overridable=overridable,
        )  # fmt: skip


def _consent(inputs: ReadinessInputs) -> Iterable[Reason]:
    consent = inputs.consent
    if consent.withdrawn:
        yield Reason(
            "consent_withdrawn", Verdict.STOP, "The patient has withdrawn consent.",
            "Talk to the patient.",
        )  # fmt: skip
    elif consent.signed_version is None:
        yield Reason(
            "consent_missing", _due(inputs, Moment.CHAIR), "Consent has not been signed.",
            "Have the consent signed.",
        )  # fmt: skip
    elif consent.signed_version != consent.current_version:
        yield Reason(
            "consent_outdated", _due(inputs, Moment.CHAIR),
            "Consent was signed for another version of the cocktail.",
            "Explain what changed and have the consent signed again.",
        )  # fmt: skip


def _course(inputs: ReadinessInputs) -> Iterable[Reason]:
    if inputs.plan is not PlanStatus.ACTIVE:
        draft = inputs.plan is PlanStatus.DRAFT
        yield Reason(
            "plan_not_active", _due(inputs, Moment.CHAIR) if draft else Verdict.STOP,
            f"The plan is {inputs.plan.value}.", "Activate the plan or make a new one.",
        )  # fmt: skip
    if inputs.window is WindowVerdict.TOO_EARLY:
        yield Reason(
            "window_too_early", Verdict.STOP,
            "The visit is too soon after the session before it.",
            "Choose a later day.", overridable=True,
        )  # fmt: skip
    elif inputs.window is WindowVerdict.OFF_PROTOCOL:
        yield Reason(
            "window_off_protocol", Verdict.REVIEW,
            "The visit is later than the protocol foresees.",
            "Judge whether the course can go on as planned.", overridable=True,
        )  # fmt: skip
    if inputs.open_severe_events:
        yield Reason(
            "severe_event_open", Verdict.STOP, "A severe reaction has not been closed yet.",
            "Judge the reaction first.",
        )  # fmt: skip


_LOT_WORDS = {
    LotProblem.EXPIRED: "has expired",
    LotProblem.WITHDRAWN: "has been withdrawn",
    LotProblem.EXHAUSTED: "is used up",
    LotProblem.OPEN_TOO_LONG: "has been open too long",
    LotProblem.MISSING: "is not in stock",
}


def _practice(inputs: ReadinessInputs) -> Iterable[Reason]:
    until = inputs.licence_valid_until
    if not inputs.licence_known:
        yield Reason(
            "licence_missing", _due(inputs, Moment.CHAIR),
            "The practitioner has no licence on file.", "Enter the licence.",
        )  # fmt: skip
    elif until is not None and until < inputs.visit_on:
        yield Reason(
            "licence_expired", _due(inputs, Moment.CHAIR),
            "The practitioner's licence has expired on that day.",
            "Choose another practitioner or renew the licence.",
        )  # fmt: skip
    if inputs.at is Moment.BOOKING:
        return
    for lot in inputs.lots:
        if lot.problem is not None:
            yield Reason(
                f"lot:{lot.ingredient}", _due(inputs, Moment.CHAIR),
                f"{lot.ingredient}: lot {lot.lot} {_LOT_WORDS[lot.problem]}.".replace("  ", " "),
                "Choose another lot.",
            )  # fmt: skip
