"""Where a patient stands with the screening: the one answer that every room asks for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from django.db.models import F, OuterRef, Subquery

from mesoclinic.clinic.models import Clinic
from mesoclinic.clinic.querysets import ClinicQuerySet, Prepared
from patients.domain.codec import from_json
from patients.domain.screening import Finding, Outcome, ScreeningResult, Severity
from patients.models import Patient, ScreeningConfirmation, ScreeningDecision
from patients.models import ScreeningResult as ResultRow

WARN_DAYS = 14
"""So many days before a screening runs out the pages say so."""


class Standing(StrEnum):
    """What a status comes to. `CLEARED` and `ACCEPTED` may be treated.

    ACCEPTED: findings that a practitioner has decided to treat with; the others wait for a new
    screening (NONE, EXPIRED), a decision (REVIEW), a day (DEFERRED) or for good (STOPPED: absolute
    contraindication, or a practitioner refused).
    """

    NONE = "none"
    EXPIRED = "expired"
    INCOMPLETE = "incomplete"
    CLEARED = "cleared"
    ACCEPTED = "accepted"
    REVIEW = "review"
    DEFERRED = "deferred"
    STOPPED = "stopped"

    @property
    def is_go(self) -> bool:
        """Whether the screening stands in nobody's way."""
        return self in {Standing.CLEARED, Standing.ACCEPTED}


@dataclass(frozen=True)
class ScreeningStatus:
    """The latest screening of one patient as it weighs on `today` (local day of the clinic).

    `outcome` is that of the rules on `today` (dated findings may have ended since); `decision` is
    the practitioner's where it covers all findings that weigh now. `valid_until` is the last day.
    """

    patient_id: UUID
    today: dt.date
    standing: Standing
    outcome: Outcome | None = None
    result: ScreeningResult | None = None
    screening_id: UUID | None = None
    result_id: UUID | None = None
    submitted_at: dt.datetime | None = None
    confirmed_at: dt.datetime | None = None
    valid_until: dt.date | None = None
    decision: ScreeningDecision | None = None
    defer_until: dt.date | None = None

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings that hold today, gravest first."""
        if self.result is None:
            return ()
        return tuple(finding for finding in self.result.findings if finding.holds_on(self.today))

    @property
    def is_valid(self) -> bool:
        """Whether there is a screening that has not run out."""
        return self.standing not in {Standing.NONE, Standing.EXPIRED, Standing.INCOMPLETE}

    @property
    def ends_soon(self) -> bool:
        """Whether it is valid still, and not for longer than the warning reaches ahead."""
        return (
            self.is_valid
            and self.valid_until is not None
            and (self.valid_until - self.today).days <= WARN_DAYS
        )

    @property
    def conditions(self) -> str:
        """The conditions under which the practitioner treats."""
        return self.decision.conditions if self.decision is not None else ""

    def severity_for(self, tags: Iterable[str], areas: Iterable[str]) -> Severity | None:
        """The gravest finding for a cocktail with these ingredient tags on these areas, today."""
        if self.result is None:
            return None
        found = [
            finding.severity if finding.touches(tags, areas) else finding.general_severity
            for finding in self.findings
        ]
        return max(found, key=lambda severity: severity.rank, default=None)


def screening_status(patient: Patient, today: dt.date) -> ScreeningStatus:
    """The standing of one patient on `today`. Two queries."""
    return screening_status_for([patient], today)[patient.pk]


def screening_status_for(
    patients: Iterable[Patient | UUID], today: dt.date, *, clinic: Clinic | None = None
) -> dict[UUID, ScreeningStatus]:
    """The standing of many patients (of one clinic each); two queries whatever their number.

    Everybody asked for has an entry; patients of another clinic than `clinic` stand at NONE.
    """
    ids = [one if isinstance(one, UUID) else one.pk for one in patients]
    rows = {row.patient_id: row for row in _latest_results(ids, clinic)}
    decisions = _decisions_by_patient(rows)
    return {
        pk: _status(rows[pk], decisions.get(pk, []), today)
        if pk in rows
        else ScreeningStatus(patient_id=pk, today=today, standing=Standing.NONE)
        for pk in ids
    }


def stored_result(row: ResultRow) -> ScreeningResult:
    """A stored judgement as the domain's dataclass."""
    return ScreeningResult(
        outcome=Outcome(row.outcome),
        findings=from_json(tuple[Finding, ...], row.findings, "findings"),
        missing=tuple(row.inputs.get("missing", ())),
        evaluated_on=dt.date.fromisoformat(row.inputs["today"]),
        valid_until=row.valid_until,
        version=str(row.inputs.get("version", "")),
    )


def _latest_results(ids: list[UUID], clinic: Clinic | None) -> Iterable[ResultRow]:
    if not ids:
        return []
    return _LATEST.all(ids) if clinic is None else _LATEST_OF_CLINIC.all(ids, clinic.pk)


def _latest(patients: UUID) -> ClinicQuerySet[ResultRow]:
    rows: ClinicQuerySet[ResultRow] = ResultRow.objects.filter(
        patient__id__any_of=patients, screening__submitted_at__isnull=False
    )
    confirmed = ScreeningConfirmation.objects.filter(screening=OuterRef("screening")).order_by(
        "-confirmed_at"
    )
    return (
        rows.order_by("patient_id", "-screening__submitted_at", "-evaluated_at", "-id")
        .distinct("patient_id")
        .select_related("screening")
        .annotate(
            confirmed_at=Subquery(confirmed.values("confirmed_at")[:1]),
            again_since=F("patient__screen_again_since"),
        )
    )


def _decisions(screenings: UUID) -> ClinicQuerySet[ScreeningDecision]:
    return (
        ScreeningDecision.objects.filter(result__screening__id__any_of=screenings)
        .select_related("result", "decided_by")
        .order_by("-decided_at", "-id")
    )


# Asked by every list, gate and booking.
_LATEST = Prepared(_latest)
_LATEST_OF_CLINIC = Prepared(
    lambda patients, clinic: _latest(patients).for_clinic(clinic), values=2
)
_DECISIONS = Prepared(_decisions)


def _decisions_by_patient(
    rows: Mapping[UUID, ResultRow],
) -> dict[UUID, list[ScreeningDecision]]:
    """Decisions on the screenings in force, newest first. Also on cleared ones: a practitioner
    may refuse for reasons that no rule knows."""
    wanted = [row.screening_id for row in rows.values()]
    found: dict[UUID, list[ScreeningDecision]] = {}
    for decision in _DECISIONS.all(wanted) if wanted else ():
        found.setdefault(decision.patient_id, []).append(decision)
    return found


def _status(row: ResultRow, decisions: list[ScreeningDecision], today: dt.date) -> ScreeningStatus:
    result = stored_result(row)
    outcome = result.outcome_on(today)
    decision = next((one for one in decisions[:1] if covers(one, result, today)), None)
    valid_until = _valid_until(row)
    return ScreeningStatus(
        patient_id=row.patient_id,
        today=today,
        standing=_standing(outcome, decision, valid_until, today),
        outcome=outcome,
        result=result,
        screening_id=row.screening_id,
        result_id=row.pk,
        submitted_at=row.screening.submitted_at,
        confirmed_at=row.confirmed_at,  # type: ignore[attr-defined]
        valid_until=valid_until,
        decision=decision,
        defer_until=_defer_until(result, decision, today),
    )


def _valid_until(row: ResultRow) -> dt.date:
    """The last day of validity; over where two entries were merged after this screening.

    Neither of two judgements knew of the other, so the patient is asked again.
    """
    since: dt.datetime | None = row.again_since  # type: ignore[attr-defined]
    signed = row.screening.submitted_at
    if since is None or signed is None or signed > since:
        return row.valid_until
    return min(row.valid_until, (since - dt.timedelta(days=1)).date())


def covers(decision: ScreeningDecision, result: ScreeningResult, today: dt.date) -> bool:
    """Whether a decision still speaks for `result`.

    A refusal or delay stands until somebody decides anew. Leave to treat stands only while every
    finding that weighs today was in front of the practitioner who gave it.
    """
    if decision.decision in {ScreeningDecision.Decision.REFUSE, ScreeningDecision.Decision.DEFER}:
        return True
    seen = {_identity(finding) for finding in stored_result(decision.result).findings}
    return all(
        _identity(finding) in seen
        for finding in result.findings
        if finding.holds_on(today) and finding.severity is not Severity.NOTE
    )


def _identity(finding: Finding) -> tuple[object, ...]:
    return (
        finding.rule, finding.kind, finding.severity, finding.question, finding.evidence,
        finding.areas, finding.ingredient_tags,
    )  # fmt: skip


def _standing(
    outcome: Outcome, decision: ScreeningDecision | None, valid_until: dt.date, today: dt.date
) -> Standing:
    kinds = ScreeningDecision.Decision
    if outcome is Outcome.CONTRAINDICATED or (decision and decision.decision == kinds.REFUSE):
        return Standing.STOPPED
    if outcome is Outcome.INCOMPLETE:
        return Standing.INCOMPLETE
    if today > valid_until:
        return Standing.EXPIRED
    if decision and decision.defer_until and decision.defer_until > today:
        return Standing.DEFERRED
    if outcome is Outcome.CLEARED:
        return Standing.CLEARED
    if decision and decision.decision in {kinds.TREAT, kinds.CONDITIONS}:
        return Standing.ACCEPTED
    return Standing.DEFERRED if outcome is Outcome.DEFERRED else Standing.REVIEW


def _defer_until(
    result: ScreeningResult, decision: ScreeningDecision | None, today: dt.date
) -> dt.date | None:
    days = [
        day
        for day in (result.deferred_until, decision.defer_until if decision else None)
        if day is not None and day > today
    ]
    return max(days, default=None)
