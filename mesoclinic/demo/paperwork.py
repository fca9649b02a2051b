"""What a clinic's books go through: an old list imported, somebody registered twice, records closed."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from mesoclinic.demo.scene import STEP, Scene
from patients import services as patients
from patients.models import Patient
from patients.services import AllergyData, PatientData
from treatments.models import TreatmentPlan

_DAY = dt.timedelta(days=1)
# As an old programme gives it out: one date that does not exist, one address cut short.
_OLD_LIST = """Name;Born;E-mail;Language;Allergies;Notes
Delphine Roux;04/02/1977;delphine.roux@old.example;fr;;Prefers mornings
Anselm Vogt;19/11/1968;anselm.vogt@old.example;de;Penicillin;
Ottavia Serra;23/07/1985;ottavia.serra@old.example;it;;
Ragnhild Moe;30/02/1979;ragnhild.moe@old.example;en;;
Casimir Adam;12/12/1959;casimir.adam@old.example;fr;Fish, egg;Came for the knee
Perpetua Lobo;08/09/1990;perpetua.lobo@old.example;pt;;
Wanda Kos;17/05/1973;wanda.kos@;pl;;
Ferran Vidal;26/10/1981;ferran.vidal@old.example;es;;
Odile Marchand;03/06/1966;odile.marchand@old.example;fr;Latex;Widow of a former patient
Tiril Strand;21/01/1995;tiril.strand@old.example;en;;
"""


class Paperwork:
    """The books of one clinic. Comes last: it closes records of whom others have told."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene

    def tell(self) -> None:
        """All of it; each leaves something to look at, and something that can still be undone."""
        people = list(
            Patient.objects.for_clinic(self.scene.clinic)
            .filter(erased_at=None, treatmentplan=None)
            .exclude(email="")
            .select_related("clinic")
            .order_by("record_number")[:3]
        )
        self._import(self.scene.now - 9 * _DAY)
        if len(people) == 3:
            self._twice(people[0], self.scene.now - 2 * _DAY)
            self._merge(people[1], self.scene.now - 4 * _DAY)
            self._restrict(people[2], self.scene.now - 3 * _DAY)
        self._forget(self.scene.now - _DAY)

    def _import(self, when: dt.datetime) -> None:
        """The list of a practice that was taken over."""
        actor, clinic = self.scene.desk, self.scene.clinic
        run = patients.start_table(
            actor=actor, clinic=clinic, name="old-practice.csv", data=_OLD_LIST.encode(), now=when
        )
        columns = {int(number): target for number, target in run.mapping.items()}
        patients.set_mapping(actor=actor, run=run, columns=columns, dates="dmy", twice="skip")
        patients.advance_run(actor=actor, run=run, now=when)
        patients.start_importing(actor=actor, run=run)
        patients.advance_run(actor=actor, run=run, now=when + STEP)
        self.scene.done["imports"] += 1

    def _again(self, patient: Patient, when: dt.datetime) -> Patient:
        """Somebody is registered a second time, by ear and with another address."""
        data = replace(
            PatientData.of(patient), name=_misheard(patient.name), phone="",
            email=f"second.{patient.email}",
        )  # fmt: skip
        return patients.register_patient(
            actor=self.scene.desk, clinic=self.scene.clinic, data=data, now=when,
            accept_duplicate=True,
        )  # fmt: skip

    def _twice(self, patient: Patient, when: dt.datetime) -> None:
        self._again(patient, when)
        self.scene.done["suspected duplicates"] += 1

    def _merge(self, patient: Patient, when: dt.datetime) -> None:
        double = self._again(patient, when)
        actor = self.scene.somebody()
        fish = AllergyData(text="Fish", severity="moderate")
        patients.add_fact(actor=actor, patient=double, data=fish, now=when + STEP)
        patients.merge_patients(actor=actor, keep=patient, drop=double, now=when + 2 * STEP)
        self.scene.done["merges"] += 1

    def _restrict(self, patient: Patient, when: dt.datetime) -> None:
        patients.restrict_patient(
            actor=self.scene.somebody(), patient=patient, now=when,
            reason="Says that the record is wrong; it is being looked into.",
        )  # fmt: skip
        self.scene.done["records restricted"] += 1

    def _forget(self, when: dt.datetime) -> None:
        """Somebody whose course was stopped asks to be forgotten; the law keeps the treatment."""
        stopped = TreatmentPlan.objects.for_clinic(self.scene.clinic).filter(
            status=TreatmentPlan.Status.STOPPED
        )
        people = Patient.objects.filter(pk__in=stopped.values("patient")).select_related("clinic")
        for patient in people.order_by("record_number"):
            plan = patients.erasure_plan(patient, when)
            if plan.kept_until and not plan.obstacles:
                patients.erase_patient(actor=self.scene.somebody(), patient=patient, now=when)
                self.scene.done["records closed"] += 1
                return


def _misheard(name: str) -> str:
    """The name with one letter doubled: “Inês Carvalho” → “Inêss Carvalho”."""
    given, _space, rest = name.partition(" ")
    return f"{given}{given[-1]} {rest}"
