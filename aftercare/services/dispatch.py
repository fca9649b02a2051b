"""The postman: claims due messages, asks whether they are still wanted, sends, records.

At least once. A claim is committed with a lease before anything is sent, so a worker that dies
leaves rows that the next one settles; what became of each message is recorded in small groups.
Two dispatchers share the work by `SKIP LOCKED`; what they record is fenced by the lease it was
made under, so that a dispatcher which was away too long changes nothing.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import structlog
from django.db.models import F, OuterRef, Subquery
from django.utils.translation import gettext as _

from aftercare.domain.outbox import Attempt, Failure, State, Verdict, after_failure
from aftercare.exceptions import DeliveryError
from aftercare.models import Channel, Message, OutboxHold
from aftercare.services import contents, gathering, ledger, tasks
from aftercare.services.claiming import BATCH, LEASE, claim
from aftercare.services.gateway import Gateway
from aftercare.services.rendering import PLAIN
from aftercare.services.transport import Transport
from aftercare.services.wanted import Facts, learn_coming, learn_visits, load_facts, unwanted
from mesoclinic.audit.actors import Actor
from mesoclinic.audit.services import audited
from mesoclinic.clinic.models import Clinic

# Sent messages are recorded in groups: a kill between two records leaves at most so many unclear.
GROUP = 20
# So many conversations may break off in one run before the server counts as away.
_MOST_LOST = 5

__all__ = [
    "BATCH", "GROUP", "LEASE", "Letter", "Report", "claim", "dispatch_due", "due_backlog",
    "settle_interrupted",
]  # fmt: skip

log = structlog.get_logger(__name__)
_POSTMAN = Actor.system(label="dispatcher")


@dataclass
class Report:
    """How many messages ended in which state; `stopped` when the mail server went away.

    `lost` counts conversations that broke off: each is begun anew, until there are too many.
    """

    states: Counter[str] = field(default_factory=Counter)
    stopped: bool = False
    lost: int = 0


@dataclass(frozen=True)
class Letter:
    """A claimed message, written and ready to leave."""

    message: Message
    payload: bytes

    @property
    def is_mail(self) -> bool:
        """Whether it goes to the mail server, not to the gateway for short messages."""
        return self.message.channel == Channel.EMAIL


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
    """Send a batch; a conversation that breaks off costs its own message a try, not the others."""
    letters = _prepare(batch, clock(), report)
    sent: dict[Message, str] = {}
    with Gateway() as gateway:
        for position, letter in enumerate(letters):
            try:
                sent[letter.message] = _hand_over(letter, transport, gateway)
            except DeliveryError as error:
                _record_sent(sent, clock(), report)
                sent = {}
                _refused(letter, error, clock(), report)
                if report.stopped:
                    _hand_back([rest.message for rest in letters[position + 1 :]], clock())
                    return
            else:
                if len(sent) >= GROUP:
                    _record_sent(sent, clock(), report)
                    sent = {}
    _record_sent(sent, clock(), report)


def _hand_over(letter: Letter, transport: Transport, gateway: Gateway) -> str:
    """Send one letter; the id its carrier gave it, or ""."""
    message = letter.message
    if letter.is_mail:
        return transport.send(
            sender=message.clinic.sender_email, recipient=message.recipient, payload=letter.payload
        )
    return gateway.send(message, letter.payload.decode())


def _refused(letter: Letter, error: DeliveryError, now: dt.datetime, report: Report) -> None:
    with audited(_POSTMAN):
        _failed(letter.message, Failure(error.certainty.value), error.detail, now, report)
    if letter.is_mail and error.connection_lost:
        report.lost += 1
        report.stopped = error.server_away or report.lost >= _MOST_LOST


def _prepare(batch: Sequence[Message], now: dt.datetime, report: Report) -> list[Letter]:
    """Settle what is not wanted any more, write the rest."""
    facts = load_facts(batch, now)
    templates, looks = contents.templates_for(batch), contents.looks_of(batch)
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
                look = looks.get(message.clinic_id, PLAIN)
                drafts.append(contents.Draft(message, templates[message.pk], screened, look))
        drafts = _spared(drafts, templates, now, report)
        learn_visits(facts, [draft.message for draft in drafts])
        told = [draft.message.patient_id for draft in drafts if draft.names_next_visit]
        learn_coming(facts, told, now)
        links = contents.mint_links(drafts, actor=_POSTMAN, now=now)
    return [letter for draft in drafts if (letter := _written(draft, facts, links, now, report))]


def _spared(
    drafts: list[contents.Draft],
    templates: contents.Templates,
    now: dt.datetime,
    report: Report,
) -> list[contents.Draft]:
    """The drafts without those that another one speaks for, are too many for a day, or wait."""
    put = gathering.in_the_night([one.message for one in drafts], now)
    gone = {one.message.pk for one in put}
    awake = [one.message for one in drafts if one.message.pk not in gone]
    put += gathering.told_by_another(awake, templates, now)
    put += gathering.late_watch_once(awake, now)
    gone = {one.message.pk for one in put}
    put += gathering.beyond_the_cap([one for one in awake if one.pk not in gone], now)
    for one in put:
        gone.add(one.message.pk)
        if one.again_at is None:
            _settle(one.message, one.state, one.why, now, report)
        else:
            Message.objects.filter(pk=one.message.pk).update(attempts=F("attempts") - 1)
            ledger.apply(
                [one.message], to=one.state, why=one.why, now=now, next_try_at=one.again_at
            )
    return [one for one in drafts if one.message.pk not in gone]


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


def _record_sent(sent: Mapping[Message, str], now: dt.datetime, report: Report) -> None:
    if not sent:
        return
    with audited(_POSTMAN):
        ours = ledger.sent(sent, why=_("Handed over for delivery."), now=now)
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
    """How long the oldest due message has been waiting (zero when none is).

    What a person holds back is not late. One short index range for each clinic.
    """
    held = OutboxHold.objects.filter(released_at=None).values("clinic")
    oldest = (
        Message.objects.filter(
            clinic=OuterRef("pk"), state=State.PLANNED.value, next_try_at__lte=now
        )
        .order_by("next_try_at")
        .values("next_try_at")[:1]
    )
    clinics = Clinic.objects.exclude(pk__in=held).annotate(oldest=Subquery(oldest))
    found = [row for row in clinics.values_list("oldest", flat=True) if row is not None]
    return now - min(found) if found else dt.timedelta(0)
