"""What patients say after their sessions: check-ins, questions, and the clinic's answers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from uuid import UUID

from aftercare.domain.triage import ReportedEffect
from aftercare.models import Message
from aftercare.services.checkins import CheckInAnswer, answer_checkin
from aftercare.services.threads import answer, ask
from aftercare.services.watch import look_round
from mesoclinic.demo.scene import Scene
from patients.models import Patient, PatientLink
from patients.services import create_link
from treatments.models import SessionRecord

_DAY = dt.timedelta(days=1)
_CALM = (
    CheckInAnswer(1, ()),
    CheckInAnswer(2, (ReportedEffect("redness", 1),)),
    CheckInAnswer(2, (ReportedEffect("bruise", 1),)),
    CheckInAnswer(1, (), ""),
)
_ASKS = ("checkin", "checkin-marks", "followup", "late-watch")
_SILENT = 12
"""One in so many does not answer."""
_WORRIED = CheckInAnswer(
    4, (ReportedEffect("swelling", 2, growing=True, size=2),), "It was smaller this morning."
)
_ILL = CheckInAnswer(
    5, (ReportedEffect("heat_pus", 2, growing=True), ReportedEffect("fever", 2)), ""
)
_QUESTIONS = (
    ("May I swim on Friday?", "Please wait until the marks have closed, so rather on Sunday."),
    ("Is the small bruise on my temple usual?", "Yes. Cool it today, and leave it alone."),
    ("I forgot the sunscreen at lunch. Is that bad?", "Once is no harm. A hat helps, too."),
    ("Can I take the tablets for my back again?", "Yes, from tomorrow on."),
    ("When may I use my vitamin C serum?", "In four days, if the skin is calm."),
    ("My mother would like to come too. How does she register?", ""),
    ("There is a tiny wheal left on my cheek since yesterday. Should I worry?", ""),
)


class Afterwards:
    """The days after the sessions of one clinic."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene

    def tell(self) -> None:
        """The last days, told from the oldest session on."""
        records = list(
            SessionRecord.objects.for_clinic(self.scene.clinic)
            .filter(signed_at__gt=self.scene.now - 6 * _DAY, signed_at__lt=self.scene.now - _DAY)
            .exclude(patient__email="")
            .select_related("patient__clinic")
            .order_by("signed_at")
        )
        self._checkins(records)
        self._most_answer({record.patient_id for record in records})
        asked = iter(_QUESTIONS)
        for record, (words, reply) in zip(_patients_once(records), asked, strict=False):
            self._question(record.patient, words, reply)
        look_round(self.scene.clinic, now=self.scene.now)

    def _checkins(self, records: list[SessionRecord]) -> None:
        for number, record in enumerate(records[:14]):
            if record.signed_at is None:
                continue
            said = _CALM[number % len(_CALM)]
            when = min(record.signed_at + _DAY + dt.timedelta(hours=2), self.scene.now)
            if number == 3:
                said, when = _WORRIED, self.scene.now - dt.timedelta(hours=2)
            elif number == 8:
                said, when = _ILL, self.scene.now - dt.timedelta(minutes=3)
            answer_checkin(link=self._link(record.patient, "checkin", record, when), answer=said,
                           now=when)  # fmt: skip
            self.scene.done["check-ins"] += 1

    def _most_answer(self, told: set[UUID]) -> None:
        """Of the weeks before, most say that all is well; the few others are to be called."""
        asked = Message.objects.for_clinic(self.scene.clinic).filter(
            subject_type="session", state="planned", template_key__in=_ASKS,
            due_at__gt=self.scene.now - 30 * _DAY, due_at__lt=self.scene.now - _DAY,
        ).exclude(patient__email="").exclude(patient__in=told)  # fmt: skip
        newest = {one.patient_id: one for one in asked.order_by("due_at")}
        records = SessionRecord.objects.select_related("patient__clinic").in_bulk(
            [one.subject_id for one in newest.values()]
        )
        for number, message in enumerate(newest.values()):
            if number % _SILENT == 0:
                continue
            record, when = records[message.subject_id], message.due_at + dt.timedelta(hours=2)
            link = self._link(record.patient, "checkin", record, when)
            answer_checkin(link=link, answer=_CALM[0], now=when)
            self.scene.done["check-ins"] += 1

    def _question(self, patient: Patient, words: str, reply: str) -> None:
        hours = self.scene.rng.randrange(20, 60) if reply else self.scene.rng.randrange(1, 5)
        when = self.scene.now - dt.timedelta(hours=hours)
        post = ask(link=self._link(patient, "ask", None, when), text=words, now=when)
        self.scene.done["questions"] += 1
        if reply:
            answer(
                actor=self.scene.somebody(), clinic=self.scene.clinic, thread_id=post.thread_id,
                text=reply, now=when + dt.timedelta(minutes=self.scene.rng.randrange(25, 300)),
            )  # fmt: skip

    def _link(
        self, patient: Patient, purpose: str, record: SessionRecord | None, when: dt.datetime
    ) -> PatientLink:
        link, _token = create_link(
            actor=self.scene.desk, patient=patient, purpose=purpose,
            subject_id=record.pk if record else None, expires_at=when + 14 * _DAY, now=when,
        )  # fmt: skip
        return link


def _patients_once(records: list[SessionRecord]) -> Iterator[SessionRecord]:
    seen = set()
    for record in reversed(records):
        if record.patient_id not in seen:
            seen.add(record.patient_id)
            yield record
