"""The race over HTTP: clients book, move, cancel, take back, wait and book online, all at once."""

from __future__ import annotations

import datetime as dt
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import close_old_connections, connection
from django.utils import timezone

from mesoclinic.audit.actors import Actor
from patients.models import Patient, PatientLink
from patients.services import create_link
from scheduling.models import OnlineBooking, VisitType, WaitlistOffer
from scheduling.services import run_waiting_list
from scheduling.services.online import code_digest
from tests.benchmarks.client import Answer, Client
from tests.factories import scheduling as make

CODE = "246810"
_SERVER_ERROR = 500
_CONFLICT = 409
_CREATED = 201


@dataclass
class Field:
    """Where the race is run: whom, with whom, for what, and when."""

    desk: make.Desk
    port: int
    sessions: list[str]
    patients: list[Patient]
    practitioners: list[UUID]
    types: list[VisitType]
    starts: list[dt.datetime]


@dataclass
class Report:
    """What happened: attempts, answers by operation and status, how long each took, and retries.

    An attempt is one turn of a client. It may ask several times (a retry, the pages of booking
    online, an offer for each who waits), so answers are not attempts and both are counted.
    """

    attempts: Counter[str] = field(default_factory=Counter)
    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    times: dict[str, list[float]] = field(default_factory=dict)
    retries: int = 0
    broken: list[str] = field(default_factory=list)
    guard: threading.Lock = field(default_factory=threading.Lock)

    def note(self, what: str, answer: Answer, took: float) -> Answer:
        """Count one answer."""
        with self.guard:
            self.answers[what, answer.status] += 1
            self.times.setdefault(what, []).append(took)
            if answer.status >= _SERVER_ERROR:
                self.broken.append(f"{what}: {answer.status} {answer.text[:300]}")
        return answer

    def table(self) -> str:
        """How often, with what answers, and the 99th percentile in milliseconds."""
        tried = ", ".join(f"{what} {n}" for what, n in sorted(self.attempts.items()))
        lines = [
            f"attempts: {self.attempts.total()} ({tried})",
            f"answers: {self.answers.total()}",
            f"retries: {self.retries}",
        ]
        for what, times in sorted(self.times.items()):
            ordered = sorted(times)
            p99 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
            said = {status: n for (name, status), n in sorted(self.answers.items()) if name == what}
            lines.append(f"{what:10} {len(times):6} answers {said}, p99 {p99 * 1000:.0f} ms")
        return "\n".join(lines)


class Runner:
    """One client: a session, a connection, and its own dice."""

    def __init__(self, place: Field, number: int, report: Report, shared: list[str]) -> None:
        self.place, self.report, self.shared = place, report, shared
        self.dice = random.Random(number)
        self.client = Client(place.port, place.sessions[number % len(place.sessions)])
        self.number = number

    def ask(self, what: str, path: str, body: dict[str, Any], *, as_json: bool = True) -> Answer:
        """One POST, timed and counted."""
        start = time.monotonic()
        answer = self.client.post(path, body, as_json=as_json)
        return self.report.note(what, answer, time.monotonic() - start)

    def book(self) -> None:
        """Book a random time; where it is taken, try what is offered instead, twice at most."""
        dice, place = self.dice, self.place
        wish: dict[str, Any] = {
            "patient": str(dice.choice(place.patients).pk),
            "visit_type": str(dice.choice(place.types).pk),
            "practitioner": str(dice.choice(place.practitioners)),
            "start": dice.choice(place.starts).isoformat(),
        }
        for _try in range(3):
            answer = self.ask("book", "/api/v1/appointments/", wish)
            if answer.status == _CREATED:
                self.shared.append(answer.json()["id"])
            if answer.status != _CONFLICT or not answer.json().get("next_free"):
                return
            wish["start"] = dice.choice(answer.json()["next_free"])
            with self.report.guard:
                self.report.retries += 1

    def move(self) -> None:
        """Move a visit that anybody has booked."""
        self.ask("move", f"{self.any_visit()}move/", {
            "start": self.dice.choice(self.place.starts).isoformat(),
            "practitioner": str(self.dice.choice(self.place.practitioners)),
        })  # fmt: skip

    def cancel(self) -> None:
        """Cancel one: its time is free at once."""
        self.ask("cancel", f"{self.any_visit()}cancel/", {"reason": "Race"})

    def reactivate(self) -> None:
        """Take a cancellation back: the time may be somebody else's by now."""
        self.ask("reactivate", f"{self.any_visit()}status/", {"status": "booked"})

    def any_visit(self) -> str:
        """The address of a visit that anybody has booked."""
        return f"/api/v1/appointments/{self.dice.choice(self.shared)}/"

    def online(self) -> None:
        """Book online at a random time."""
        self.online_at(
            self.dice.choice(self.place.starts), self.dice.choice(self.place.practitioners)
        )

    def online_at(self, start: dt.datetime, practitioner: UUID) -> None:
        """Hold, say who one is, prove it, and be booked."""
        desk = self.place.desk
        kind = self.place.types[0]
        # This practitioner and no other: with "anybody" another one is found, and is no loser.
        body = {
            "type": str(kind.pk), "practitioner": str(practitioner),
            "slot": f"{start.isoformat()}|{practitioner}",
        }  # fmt: skip
        held = self.ask("hold", f"/book/{desk.clinic.slug}/", body, as_json=False)
        form = held.headers.get("Location", "")
        if not form:
            return
        self.ask("details", form, {
            "name": f"Racer {self.number}", "email": f"racer{self.number}@example.org",
            "phone": "0612345678", "birth_date": f"19{60 + self.number % 40}-03-04",
        }, as_json=False)  # fmt: skip
        digest = make_digest(form)
        for row in OnlineBooking.objects.filter(digest=digest, status="asked"):
            OnlineBooking.objects.filter(pk=row.pk).update(code_digest=code_digest(row.pk, CODE))
        self.ask("finish", form, {"code": CODE}, as_json=False)

    def waitlist(self) -> None:
        """Somebody waits, the clock offers what came free, and who was asked says yes by link."""
        clinic, now = self.place.desk.clinic, timezone.now()
        actor = Actor.system(clinic.pk, "race")
        self.ask("wait", "/api/v1/waiting-list/", {
            "patient": str(self.dice.choice(self.place.patients).pk),
            "visit_type": str(self.place.types[0].pk),
        })  # fmt: skip
        # Cancellations are offered once they can't be taken back any more.
        run_waiting_list(clinic=clinic, now=now + dt.timedelta(minutes=6))
        offers = WaitlistOffer.objects.filter(clinic=clinic, status="open")
        for offer in offers.select_related("patient")[:2]:
            # The token is told once, in the mail: this one says the same.
            _link, token = create_link(
                actor=actor, patient=offer.patient, purpose=PatientLink.Purpose.OFFER,
                subject_id=offer.pk, expires_at=now + dt.timedelta(hours=1), now=now,
            )  # fmt: skip
            self.ask("accept", f"/p/{token}/offer/", {"answer": "yes"}, as_json=False)

    def run(self, attempts: int) -> None:
        """So many random operations."""
        steps: list[tuple[Callable[[], None], int]] = [
            (self.book, 40), (self.move, 20), (self.cancel, 12), (self.reactivate, 10),
            (self.online, 12), (self.waitlist, 6),
        ]  # fmt: skip
        actions, weights = zip(*steps, strict=True)
        needs_a_visit = {"move", "cancel", "reactivate"}
        for _n in range(attempts):
            action = self.dice.choices(actions, weights)[0]
            if action.__name__ in needs_a_visit and not self.shared:
                action = self.book
            with self.report.guard:
                self.report.attempts[action.__name__] += 1
            action()


def make_digest(form: str) -> str:
    """The stored digest of the token in a form's address."""
    from mesoclinic.common.ids import token_digest

    return token_digest(form.rstrip("/").rpartition("/")[2])


def race(place: Field, clients: int, attempts: int) -> Report:
    """Everybody at once, at random."""
    report = Report()
    shared: list[str] = []

    def one(number: int) -> None:
        close_old_connections()
        runner = Runner(place, number, report, shared)
        try:
            runner.run(attempts)
        except Exception as error:  # noqa: BLE001 - whatever it is, the race has found it
            with report.guard:
                report.broken.append(repr(error))
        finally:
            runner.client.close()
            connection.close()

    with ThreadPoolExecutor(clients) as pool:
        list(pool.map(one, range(clients)))
    return report


def contest(
    place: Field, start: dt.datetime, practitioner: UUID, clients: int, report: Report
) -> None:
    """Everybody wants the same time in the same instant, each for somebody else; a third online."""
    gate = threading.Barrier(clients)

    def one(number: int) -> None:
        close_old_connections()
        runner = Runner(place, number, report, [])
        body = {
            "patient": str(place.patients[number % len(place.patients)].pk),
            "visit_type": str(place.types[0].pk), "practitioner": str(practitioner),
            "start": start.isoformat(),
        }  # fmt: skip
        try:
            runner.client.get("/healthz")
            gate.wait(timeout=60)
            with report.guard:
                report.attempts["contest"] += 1
            if number % 3 == 2:
                runner.online_at(start, practitioner)
            else:
                runner.ask("contest", "/api/v1/appointments/", body)
        finally:
            runner.client.close()
            connection.close()

    with ThreadPoolExecutor(clients) as pool:
        list(pool.map(one, range(clients)))


_OVERLAPS = """
SELECT count(*) FROM scheduling_appointment a JOIN scheduling_appointment b
  ON a.id < b.id AND a.{column} = b.{column} AND a.{field} && b.{field}
WHERE a.status NOT IN ('cancelled', 'no_show') AND b.status NOT IN ('cancelled', 'no_show')
"""


def overlaps() -> dict[str, int]:
    """Pairs of visits that take the same practitioner, room, device or patient at once."""
    found = {}
    with connection.cursor() as cursor:
        for party in ("practitioner", "room", "device", "patient"):
            during = "during" if party == "patient" else "occupies"
            cursor.execute(_OVERLAPS.format(column=f"{party}_id", field=during))
            (found[party],) = cursor.fetchone()
    return found
