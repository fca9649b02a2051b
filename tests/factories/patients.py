"""Patients with their records, and screenings through the product's own services."""

from __future__ import annotations

import datetime as dt
from typing import Any

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from mesoclinic.audit.actors import Actor
from mesoclinic.clinic.models import Clinic, Membership
from patients import services
from patients.domain.answers import read_answers, visible
from patients.domain.questionnaire import Question, QuestionKind
from patients.models import (
    Allergy,
    ClinicalTerm,
    Condition,
    ContactPreference,
    Medicine,
    Patient,
    PatientLink,
    PatientMerge,
    Questionnaire,
    Screening,
    ScreeningConfirmation,
    ScreeningDecision,
    ScreeningResult,
)
from tests.factories.clinic import ClinicFactory

NOW = dt.datetime(2026, 3, 10, 9, 0, tzinfo=dt.UTC)
TODAY = dt.date(2026, 3, 10)
NAMES = ("Inês Carvalho", "Gül Şahin", "Johann Müller", "Siobhán Byrne", "Tomasz Wójcik")


class PatientFactory(DjangoModelFactory[Patient]):
    """An adult with an address."""

    class Meta:
        model = Patient

    clinic = factory.SubFactory(ClinicFactory)
    record_number = factory.Sequence(lambda n: f"T-{n:05d}")
    name = factory.Sequence(lambda n: f"{NAMES[n % len(NAMES)]}")
    family_name = factory.LazyAttribute(lambda patient: patient.name.split()[-1])
    birth_date = dt.date(1984, 5, 17)
    sex = Patient.Sex.FEMALE
    email = factory.Sequence(lambda n: f"patient{n}@example.org")
    phone = factory.Sequence(lambda n: f"+3361{n:07d}")
    language = "en"


class _FactFactory(DjangoModelFactory[Any]):
    class Meta:
        abstract = True

    patient = factory.SubFactory(PatientFactory)
    clinic = factory.SelfAttribute("patient.clinic")


class AllergyFactory(_FactFactory):
    """A fish allergy, written past the services: nothing is judged."""

    class Meta:
        model = Allergy

    text = "Fish"


class MedicineFactory(_FactFactory):
    """Warfarin, taken now."""

    class Meta:
        model = Medicine

    text = "Warfarin 5 mg"


class ConditionFactory(_FactFactory):
    """Asthma, active."""

    class Meta:
        model = Condition

    text = "Asthma"


class PreferenceFactory(_FactFactory):
    """No news by e-mail, please."""

    class Meta:
        model = ContactPreference

    purpose = ContactPreference.Purpose.NEWS
    allowed = False
    changed_at = NOW


class LinkFactory(DjangoModelFactory[PatientLink]):
    """A link; make one with `services.create_link` where its token is needed."""

    class Meta:
        model = PatientLink

    patient = factory.SubFactory(PatientFactory)
    clinic = factory.SelfAttribute("patient.clinic")
    purpose = PatientLink.Purpose.SCREENING
    digest = factory.Sequence(lambda n: f"{n:064d}")
    created_at = NOW
    expires_at = NOW + dt.timedelta(days=14)


class TermFactory(DjangoModelFactory[ClinicalTerm]):
    """An editable word list."""

    class Meta:
        model = ClinicalTerm

    clinic = factory.SubFactory(ClinicFactory)
    kind = ClinicalTerm.Kind.MEDICINE
    tag = factory.Sequence(lambda n: f"tag{n}")
    label = "A tag"


def actor_for(membership: Membership) -> Actor:
    """The Actor that the middleware makes of a membership."""
    return Actor(
        kind="staff",
        id=str(membership.staff_id),
        label=membership.display_name,
        clinic_id=membership.clinic_id,
        role=membership.role,
        staff_id=membership.staff_id,
    )


def seeded(clinic: Clinic) -> Questionnaire:
    """The clinic with the default terms and questionnaire; idempotent."""
    services.seed_clinic(clinic, actor=Actor.system(clinic.pk), now=NOW)
    return Questionnaire.objects.get(clinic=clinic, key="screening", status="published")


def good_answers(questionnaire: Questionnaire, **changed: object) -> dict[str, object]:
    """Answers to every required question that nothing speaks against; `changed` replaces some."""
    spec = services.questionnaire_spec(questionnaire)
    answers: dict[str, object] = dict(changed)
    for key, question in spec.questions.items():
        if question.required and key not in answers:
            answers[key] = _harmless(question)
    read = read_answers(spec, answers)
    return {
        key: value
        for key, value in answers.items()
        if key in changed or visible(spec.questions[key], read)
    }


def _harmless(question: Question) -> object:
    keys = [option.key for option in question.options]
    if question.kind is QuestionKind.YES_NO_UNKNOWN:
        return "no"
    if question.kind is QuestionKind.ONE_OF:
        return next(key for key in ("no", "never", "none", keys[0]) if key in keys)
    if question.kind is QuestionKind.MANY_OF:
        exclusive = [option.key for option in question.options if option.exclusive]
        return [next(key for key in ("none", *exclusive, *keys) if key in keys)]
    return {"number": "1", "date": "2020-01-01", "text": "-"}.get(question.kind.value, ["-"])


def draft_for(patient: Patient, actor: Actor | None = None, now: dt.datetime = NOW) -> Screening:
    """A draft at the desk."""
    seeded(patient.clinic)
    return services.start_screening(
        actor=actor or Actor.system(patient.clinic_id),
        patient=patient,
        channel=Screening.Channel.DESK,
        now=now,
    )


def screened(
    patient: Patient, actor: Actor | None = None, now: dt.datetime = NOW, **changed: object
) -> ScreeningResult:
    """A submitted screening with good answers but for those `changed`; returns the judgement."""
    who = actor or Actor.system(patient.clinic_id)
    draft = draft_for(patient, who, now)
    answers = good_answers(draft.questionnaire, **changed)
    draft = services.save_answers(actor=who, screening=draft, answers=answers, now=now)
    return services.submit_screening(actor=who, screening=draft, now=now, signed_name=patient.name)


def decided(
    result: ScreeningResult, practitioner: Membership, decision: str = "treat", **fields: Any
) -> ScreeningDecision:
    """A signed decision on a judgement."""
    data = services.DecisionData(decision=decision, reason="Talked it over.", **fields)
    return services.decide_screening(
        actor=actor_for(practitioner), result=result, data=data, now=NOW
    )


def confirmed(result: ScreeningResult, now: dt.datetime = NOW) -> ScreeningConfirmation:
    """Nothing has changed since."""
    actor = Actor.system(result.clinic_id)
    return services.confirm_unchanged(actor=actor, patient=result.patient, now=now)


def merged(keep: Patient, drop: Patient, now: dt.datetime | None = None) -> PatientMerge:
    """`drop` made part of `keep` by a manager."""
    actor = Actor(kind="staff", id="zita", label="Zita", clinic_id=keep.clinic_id, role="manager")
    return services.merge_patients(actor=actor, keep=keep, drop=drop, now=now or timezone.now())
