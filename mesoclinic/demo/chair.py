"""What came of the visits: confirmed, missed, held and signed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from uuid import UUID

from mesoclinic.demo.scene import Scene
from patients import services as patients
from scheduling import services as scheduling
from scheduling.models import Appointment
from scheduling.services import StatusChange
from treatments import services as treatments
from treatments.models import Lot, SessionRecord
from treatments.services import Draft, DraftRow

_CHECKLIST = ("consultation", "cleansed", "injections", "massage", "soothing", "aftercare")


class Chair:
    """Where sessions are given."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene

    def live(self, visits: Sequence[Appointment], staff: UUID) -> None:
        """What has come of each visit until now."""
        for visit in visits:
            start, end = visit.during.lower, visit.during.upper
            if start > self.scene.now + dt.timedelta(days=3):
                break
            if start > self.scene.now:
                self._soon(visit)
            elif self.scene.rng.random() < 0.03:
                self._change(visit, "no_show", start + dt.timedelta(minutes=20))
                self.drop(visits, start + dt.timedelta(hours=1))
                break
            else:
                self._hold(visit, staff, sign=end <= self.scene.now)

    def _soon(self, visit: Appointment) -> None:
        if visit.during.lower - self.scene.now < dt.timedelta(minutes=20):
            self._change(visit, "arrived", self.scene.now)
        elif self.scene.rng.random() < 0.6:
            self._change(visit, "confirmed", self.scene.now - dt.timedelta(hours=2))

    def _hold(self, visit: Appointment, staff: UUID, *, sign: bool) -> None:
        """A session as it goes: check in, ask again, inject, sign."""
        start, actor = visit.during.lower, self.scene.stage.actor(staff)
        self._change(visit, "arrived", start - dt.timedelta(minutes=4))
        patients.confirm_unchanged(actor=actor, patient=visit.patient, now=start)
        session = visit.planned_session
        if session is None:
            return
        record = treatments.start_session(
            planned_session=session, actor=actor, now=start, practitioner_id=staff
        )
        draft = Draft(
            rows=self._rows(record, start),
            checklist=dict.fromkeys(_CHECKLIST, True) if sign else {"consultation": True},
            pain_score=self.scene.rng.randrange(1, 5),
            with_pain_score=True,
        )
        record = treatments.save_draft(record=record, draft=draft, actor=actor, now=start)
        if sign:
            treatments.sign_session(record=record, actor=actor, now=visit.during.upper)
            self.scene.done["sessions signed"] += 1

    def _rows(self, record: SessionRecord, when: dt.datetime) -> tuple[DraftRow, ...]:
        plan = record.planned_session.plan
        area, technique = plan.areas.all()[0], plan.techniques.all()[0]
        rows = []
        for item in record.cocktail.items.all():
            lot = (
                Lot.objects.for_clinic(self.scene.clinic)
                .filter(product__ingredient_id=item.ingredient_id, withdrawn_at__isnull=True)
                .filter(quantity__gt=item.dose, expires_on__gte=self.scene.clinic.today(when))
                .order_by("expires_on")
                .first()
            )
            rows.append(
                DraftRow(
                    str(item.ingredient_id),
                    str(item.dose),
                    str(lot.pk) if lot else "",
                    str(area.pk),
                    str(technique.pk),
                )
            )
        return tuple(rows)

    def drop(self, visits: Sequence[Appointment], when: dt.datetime) -> None:
        """After a missed visit the rest of the course is cancelled, to be planned anew."""
        for visit in visits:
            if visit.during.lower > when:
                scheduling.cancel_appointment(
                    clinic=self.scene.clinic, actor=self.scene.desk, now=when,
                    appointment_id=visit.pk, reason="Did not come; to be planned anew",
                )  # fmt: skip

    def _change(self, visit: Appointment, target: str, when: dt.datetime) -> None:
        scheduling.change_status(
            clinic=self.scene.clinic,
            actor=self.scene.desk,
            now=when,
            change=StatusChange(appointment_id=visit.pk, target=target),
        )
