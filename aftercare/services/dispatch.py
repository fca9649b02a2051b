"""The postman: claims due messages, asks whether they are still wanted, sends, records.

At least once. A claim is committed with a lease before anything is sent, so a worker that dies
leaves rows that the next one settles; what became of each message is recorded in small groups.
Two dispatchers share the work by `SKIP LOCKED`; what they record is fenced by the lease it was
made under, so that a dispatcher which was away too long changes nothing.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import structlog
from django.db.models import F, OuterRef, Prefetch, Subquery
from django.utils.translation import gettext as _

from aftercare.domain.outbox import Attempt, Failure, State, Verdict, after_failure
from aftercare.exceptions import DeliveryError
from aftercare.models import Message
from aftercare.services import contents, ledger, tasks
from aftercare.services.transport import Transport
from aftercare.services.wanted import Facts, load_facts, unwanted
from mesoclinic.audit.actors import Actor
from mesoclinic.audit.services import audited
from patients.models import Patient

LEASE = dt.timedelta(minutes=5)
BATCH = 60
# Sent messages are recorded in groups: a kill between two records leaves at most so many unclear.
GROUP = 20

# What a letter and the question whether it is wanted need of the patient.
_ADDRESSED = (
    "clinic", "name", "preferred_name", "email", "language", "deceased_on", "erased_at",
    "restricted_at",
)  # fmt: skip

log = structlog.get_logger(__name__)
_POSTMAN = Actor.system(label="dispatcher")


@dataclass
class Report:
    """How many messages ended in which state; `stopped` when the mail server went away."""

    states: Counter[str] = field(default_factory=Counter)
    stopped: bool = False


@dataclass(frozen=True)
class Letter:
    """A claimed message, written and ready to leave."""

    message: Message
    payload: bytes


def dispatch_due(*, clock: Callable[[], dt.datetime], transport: Transport) -> Report:
    """Send everything that is due, batch by batch, until nothing is left or the server is away.

    `clock` gives aware instants; it is asked anew for every batch because a run may last minutes.
    """
    report = Report()
    settle_interrupted(now=clock())
    while not report.stopped:
        batch = claim(now=clock())
        if not batch:
            break
        _deliver(batch, clock, transport, report)
    return report


def claim(*, now: dt.datetime, size: int = BATCH) -> list[Message]:
    """Take up to `size` due messages for `LEASE`; urgent ones first. Committed on return."""
    lease = now + LEASE
    address = Patient.objects.filter(pk=OuterRef("patient_id")).values("email")[:1]
    with audited(_POSTMAN):
        due = (
            Message.objects.select_for_update(skip_locked=True)
            .filter(state=State.PLANNED.value, next_try_at__lte=now)
            .order_by("-is_urgent", "next_try_at", "id")
            .values_list("pk", flat=True)
        )
        ids = list(due[:size])
        Message.objects.filter(pk__in=ids).update(
            state=State.SENDING.value,
            lease_until=lease,
            attempts=F("attempts") + 1,
            recipient=Subquery(address),
        )
    # Read after the commit: a cancellation committed before the claim is seen here.
    people = Patient.objects.only(*_ADDRESSED)
    found = Message.objects.prefetch_related(Prefetch("patient", people), "clinic").in_bulk(ids)
    return [found[pk] for pk in ids]


def settle_interrupted(*, now: dt.datetime) -> int:
    """Decide on messages whose dispatcher died: nobody knows whether they left. Returns how many."""
    with audited(_POSTMAN):
        stale = list(
            Message.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(state=State.SENDING.value, lease_until__lt=now)
            .select_related("patient")
            .order_by("pk")[:500]
        )
        for message in stale:
            _failed(message, Failure.AMBIGUOUS, _("The sender was interrupted."), now)
    return len(stale)


def _deliver(
    batch: Sequence[Message],
    clock: Callable[[], dt.datetime],
    transport: Transport,
    report: Report,
) -> None:
    letters = _prepare(batch, clock(), report)
    sent: list[Message] = []
    for position, letter in enumerate(letters):
        try:
            transport.send(
                sender=letter.message.clinic.sender_email,
                recipient=letter.message.recipient,
                payload=letter.payload,
            )
        except DeliveryError as error:
            _record_sent(sent, clock(), report)
            sent = []
            with audited(_POSTMAN):
                _failed(
                    letter.message, Failure(error.certainty.value), error.detail, clock(), report
                )
            if error.connection_lost:
                _hand_back([rest.message for rest in letters[position + 1 :]], clock())
                report.stopped = True
                return
        else:
            sent.append(letter.message)
            if len(sent) >= GROUP:
                _record_sent(sent, clock(), report)
                sent = []
    _record_sent(sent, clock(), report)


def _prepare(batch: Sequence[Message], now: dt.datetime, report: Report) -> list[Letter]:
    """Settle what is not wanted any more, write the rest."""
    facts = load_facts(batch, now)
    templates = contents.templates_for(batch)
    drafts = []
    with audited(_POSTMAN):
        for message in batch:
            refusal = unwanted(message, facts, now)
            if refusal is not None:
                _settle(message, State(refusal.state), refusal.why, now, report)
            elif message.pk not in templates:
                _settle(message, State.FAILED, _("There is no text for it."), now, report)
            else:
                screened = message.patient_id in facts.screened
                drafts.append(contents.Draft(message, templates[message.pk], screened))
        links = contents.mint_links(drafts, now=now)
    return [letter for draft in drafts if (letter := _written(draft, facts, links, now, report))]


def _written(
    draft: contents.Draft,
    facts: Facts,
    links: contents.Links,
    now: dt.datetime,
    report: Report,
) -> Letter | None:
    try:
        return Letter(draft.message, contents.compose(draft, facts, links, now=now))
    except Exception as error:
        log.exception("message_not_written", message=str(draft.message.pk))
        with audited(_POSTMAN):
            why = _("It could not be written: %(error)s") % {"error": str(error)[:200]}
            _settle(draft.message, State.FAILED, why, now, report)
        return None


def _record_sent(messages: Sequence[Message], now: dt.datetime, report: Report) -> None:
    if not messages:
        return
    with audited(_POSTMAN):
        ours = ledger.sent(
            {message.pk: message.lease_until for message in messages},
            why=_("Handed to the mail server."),
            now=now,
        )
    report.states[State.SENT] += ours


def _hand_back(messages: Sequence[Message], now: dt.datetime) -> None:
    """The server went away before these were tried: planned again, the attempt not counted."""
    with audited(_POSTMAN):
        ours = _still_ours(messages)
        Message.objects.filter(pk__in=[m.pk for m in ours]).update(attempts=F("attempts") - 1)
        ledger.apply(
            ours,
            to=State.PLANNED,
            why=_("The mail server was away; it is tried again."),
            now=now,
            next_try_at=now + dt.timedelta(minutes=1),
        )


def _still_ours(messages: Sequence[Message]) -> list[Message]:
    """Those whose lease nobody has taken over, locked."""
    leases = {message.pk: message.lease_until for message in messages}
    rows = (
        Message.objects.select_for_update()
        .filter(pk__in=leases, state=State.SENDING.value)
        .order_by("pk")
    )
    return [row for row in rows if row.lease_until == leases[row.pk]]


def _settle(
    message: Message, to: State, why: str, now: dt.datetime, report: Report | None = None
) -> None:
    if report is not None:
        report.states[to] += 1
    ledger.apply([message], to=to, why=why, now=now)
    if to in {State.FAILED, State.HELD}:
        tasks.for_message(message, to, why, now=now)


def _failed(
    message: Message,
    failure: Failure,
    detail: str,
    now: dt.datetime,
    report: Report | None = None,
) -> None:
    """Apply the rules for failures; the caller's transaction holds the row or its lease."""
    unclear = failure is Failure.AMBIGUOUS
    interruptions = message.interruptions + (1 if unclear else 0)
    if unclear:
        Message.objects.filter(pk=message.pk).update(interruptions=interruptions)
    attempt = Attempt(message.attempts, interruptions, message.expires_at)
    verdict: Verdict = after_failure(failure, attempt, now)
    if verdict.next_try_at is None:
        _settle(message, verdict.state, detail[:300], now, report)
        return
    ledger.apply(
        [message],
        to=verdict.state,
        why=_("To be tried again: %(detail)s") % {"detail": detail[:240]},
        now=now,
        next_try_at=verdict.next_try_at,
    )
    if report is not None:
        report.states["retried"] += 1


def due_backlog(*, now: dt.datetime) -> dt.timedelta:
    """How long the oldest due message has been waiting (zero when none is)."""
    oldest = (
        Message.objects.filter(state=State.PLANNED.value, next_try_at__lte=now)
        .order_by("next_try_at")
        .values_list("next_try_at", flat=True)
        .first()
    )
    return dt.timedelta(0) if oldest is None else now - oldest
