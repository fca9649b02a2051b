"""What came of the visits: confirmed, missed, held and signed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

from mesoclinic.audit.actors import Actor
from mesoclinic.demo.points import grid_on
from mesoclinic.demo.scene import Scene
from patients import services as patients
from scheduling import services as scheduling
from scheduling.models import Appointment
from scheduling.services import StatusChange
from treatments import services as treatments
from treatments.domain.injections import MapDraft
from treatments.models import Lot, SessionRecord
from treatments.services import Draft, DraftRow, EventReport, Judgement

_CHECKLIST = ("consulted", "cleansed", "injected", "massaged", "soothed", "aftercare")
_EFFECTS = ("bruising", "swelling", "pain", "itching", "nodules")


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
        rows = self._rows(record, start)
        draft = Draft(
            rows=rows,
            drawing=_drawing(record),
            checklist=dict.fromkeys(_CHECKLIST, True) if sign else {"consulted": True},
            pain_score=self.scene.rng.randrange(1, 5),
            with_pain_score=True,
        )
        record = treatments.save_draft(record=record, draft=draft, actor=actor, now=start)
        if sign:
            end = visit.during.upper
            record = treatments.sign_session(record=record, actor=actor, now=end)
            self.scene.done["sessions signed"] += 1
            self._judge(record, actor)
            self._react(record, actor)

    def _judge(self, record: SessionRecord, actor: Actor) -> None:
        """From the second session on the result is judged now and then, better as the course goes."""
        number, now = record.planned_session.number, record.started_at
        if number < 2 or self.scene.rng.random() < 0.4:
            return
        best = max(1, 4 - number // 2)
        for rater in ("practitioner", "patient"):
            gais = min(5, best + self.scene.rng.choice((0, 0, 1)))
            liking = 10 - gais - self.scene.rng.randrange(2) if rater == "patient" else None
            treatments.review_outcome(
                session=record, judgement=Judgement(rater, gais, liking), actor=actor,
                now=min(now + dt.timedelta(days=2), self.scene.now),
            )  # fmt: skip

    def _react(self, record: SessionRecord, actor: Actor) -> None:
        """One session in twenty-five is followed by a reaction; most of them are gone by now."""
        if self.scene.rng.random() > 0.04:
            return
        effect = self.scene.rng.choice(_EFFECTS)
        seen = min(record.started_at + dt.timedelta(days=1), self.scene.now)
        report = EventReport(
            effect=effect, severity=self.scene.rng.choice((1, 1, 2)), session=record, source="phone",
            onset_on=record.performed_on, description="Told on the phone the day after.",
        )  # fmt: skip
        event = treatments.report_adverse_event(
            patient=record.patient, report=report, actor=actor, now=seen
        )
        if self.scene.rng.random() < 0.8:
            treatments.resolve_adverse_event(
                event=event, outcome="Gone at the next visit", actor=actor,
                now=min(seen + dt.timedelta(days=5), self.scene.now),
            )  # fmt: skip

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


def _drawing(record: SessionRecord) -> MapDraft | None:
    plan = record.planned_session.plan
    items = list(record.cocktail.items.all())
    in_ml = all(item.unit == "ml" for item in items)
    volume = sum((item.dose for item in items), Decimal(0)) if in_ml else None
    return grid_on(plan.areas.all()[0], plan.techniques.all()[0], volume)
