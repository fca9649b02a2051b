"""What happens at the front desk: registering, writing down, asking the questionnaire."""

from __future__ import annotations

import datetime as dt

from mesoclinic.demo.people import Face
from mesoclinic.demo.scene import STEP, Scene
from patients import services as patients
from patients.models import Patient, Questionnaire, Screening
from patients.services import (
    AllergyData,
    ConditionData,
    DecisionData,
    FactData,
    MedicineData,
    PatientData,
)

_ALLERGIES = ("Fish", "Egg white", "Soya", "Bee venom", "Latex", "Penicillin", "Peanuts")
_MEDICINES = ("Warfarin", "Xarelto", "Ibuprofen 400 mg", "Levothyroxine", "Metformin", "Bisoprolol")
_CONDITIONS = ("Asthma", "Hypothyroidism", "Atopic dermatitis", "Migraine", "Type 2 diabetes")


class Desk:
    """The desk of one clinic, and its questionnaire."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        spec = Questionnaire.objects.for_clinic(scene.clinic).get(status="published")
        self.questions = patients.questionnaire_spec(spec).questions

    def register(self, face: Face, when: dt.datetime) -> Patient:
        """Take down who somebody is."""
        rng = self.scene.rng
        weekdays = sorted(rng.sample(range(7), 2)) if rng.random() < 0.4 else []
        data = PatientData(
            name=face.name,
            family_name=face.family_name,
            birth_date=face.birth_date,
            sex=face.sex,
            email=face.email,
            phone=face.phone,
            country=face.country,
            language=face.language,
            preferred_weekdays=weekdays,
        )
        self.scene.done["patients"] += 1
        return patients.register_patient(
            actor=self.scene.desk,
            clinic=self.scene.clinic,
            data=data,
            now=when,
            accept_duplicate=True,
        )

    def record(self, patient: Patient, when: dt.datetime) -> None:
        """Write down what some of them suffer from and take."""
        actor, rng = self.scene.somebody(), self.scene.rng
        facts: list[FactData] = []
        if rng.random() < 0.18:
            facts.append(AllergyData(text=rng.choice(_ALLERGIES), severity="moderate"))
        if rng.random() < 0.22:
            facts.append(MedicineData(text=rng.choice(_MEDICINES)))
        if rng.random() < 0.22:
            facts.append(ConditionData(text=rng.choice(_CONDITIONS)))
        for fact in facts:
            patients.add_fact(actor=actor, patient=patient, data=fact, now=when)

    def invite(self, patient: Patient) -> None:
        """Mail the questionnaire, yesterday."""
        if patient.email:
            when = self.scene.now - dt.timedelta(days=1, hours=self.scene.rng.randrange(5))
            patients.invite_to_screening(actor=self.scene.desk, patient=patient, now=when)

    def screen(self, patient: Patient, when: dt.datetime, *, review: bool) -> None:
        """Fill the questionnaire at the desk; with `review` an answer waits for a practitioner."""
        screening = patients.start_screening(
            actor=self.scene.desk, patient=patient, channel=Screening.Channel.DESK, now=when
        )
        answers = self._answers(patient)
        if review:
            answers |= {"keloid": "yes"}
        patients.save_answers(actor=self.scene.desk, screening=screening, answers=answers, now=when)
        result = patients.submit_screening(
            actor=self.scene.desk, screening=screening, now=when, signed_name=patient.name
        )
        self.scene.done[f"screenings {result.outcome}"] += 1
        if result.outcome == "review" and not review:
            decision = DecisionData(
                decision="treat", reason="Discussed with the patient; no objection."
            )
            patients.decide_screening(
                actor=self.scene.somebody(), result=result, data=decision, now=when + STEP
            )

    def _answers(self, patient: Patient) -> dict[str, object]:
        """Healthy answers to every required question."""
        answers: dict[str, object] = {}
        for key, question in self.questions.items():
            if not question.required or question.show_if is not None:
                continue
            options = [option.key for option in question.options]
            calm = ["no", "never", "none"]
            if patient.sex != "female":
                calm = ["not_applicable", "never", "no", "none"]
            value = next((one for one in calm if one in options), "no")
            answers[key] = [value] if question.kind.value == "many_of" else value
        return answers
