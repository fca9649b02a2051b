"""Real workers, killed again and again: `python -m tests.integration.aftercare.harness`.

PostgreSQL with fsync, Redis, three Celery workers and two beats, an SMTP sink. While thousands of
messages are due, workers and beats are killed with SIGKILL, Redis is flushed, PostgreSQL is
restarted, and some patients die or opt out. What arrived is compared with what was due.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import random
import secrets
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from typing import Any
from uuid import UUID

from mesoclinic.embedded import services
from mesoclinic.embedded.postgres import Postgres
from tests.mailsink import MailSink

WORKERS, BEATS = 3, 2
_APP = "tests.integration.aftercare.harness_app"
_LONGEST = 900


class Crew:
    """The workers and beats, started again when they are killed."""

    def __init__(self) -> None:
        self.crew: dict[str, subprocess.Popen[bytes]] = {}
        for number in range(WORKERS):
            self.start(f"worker{number}")
        for number in range(BEATS):
            self.start(f"beat{number}")

    def start(self, name: str) -> None:
        """One process; a beat keeps its schedule for itself."""
        what = (
            ["worker", "--pool", "solo", "--without-gossip", "--without-mingle", "-n", f"{name}@h"]
            if name.startswith("worker")
            else ["beat", "-s", f"{os.environ['HARNESS_FOLDER']}/{name}"]
        )
        command = [sys.executable, "-W", "ignore", "-m", "celery", "-A", _APP, *what]
        quiet = subprocess.DEVNULL
        self.crew[name] = subprocess.Popen(  # noqa: S603  (our own interpreter)
            [*command, "-l", "ERROR"], stdout=quiet, stderr=quiet
        )

    def kill_one(self, rng: random.Random) -> None:
        """SIGKILL somebody, mostly a worker, and start a successor."""
        name = rng.choice([*(f"worker{n}" for n in range(WORKERS)), *self.crew])
        self.crew[name].send_signal(signal.SIGKILL)
        self.crew[name].wait()
        self.start(name)

    def stop(self) -> None:
        """End all."""
        for process in self.crew.values():
            process.kill()
            process.wait()


def main() -> None:
    """Build, disturb, compare, once for each round; the results as JSON, by the round's name.

    A round is `honest` or a planted bug of `harness_app`; all share one database.
    """
    options = argparse.ArgumentParser()
    options.add_argument("--messages", type=int, default=10_000)
    options.add_argument("--kills", type=int, default=50)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--rounds", nargs="+", default=["honest"])
    chosen = options.parse_args()
    with services.throwaway(durable=True) as layout:
        os.environ.update(services.urls(layout))
        os.environ.update({
            "DJANGO_SETTINGS_MODULE": "mesoclinic.settings", "ENV_FILE": "",
            "SECRET_KEY": secrets.token_urlsafe(64), "LOG_LEVEL": "ERROR", "EMAIL_TIMEOUT": "5",
            "EMAIL_URL": "smtp://127.0.0.1:1",
            "HARNESS_FOLDER": str(layout.home), "BASE_URL": "http://localhost:8000",
        })  # fmt: skip
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", interactive=False, verbosity=0)
        rng, postgres = random.Random(chosen.seed), Postgres(layout)
        try:
            results = {
                name: _round(name, postgres, chosen.messages, chosen.kills, rng)
                for name in chosen.rounds
            }
        finally:
            postgres.stop()
    sys.stdout.write(json.dumps(results))


def _round(
    name: str, postgres: Postgres, messages: int, kills: int, rng: random.Random
) -> dict[str, Any]:
    """One round: a clinic, a crew and a sink of its own."""
    os.environ["HARNESS_BUG"] = name
    clinic, due = _load(messages)
    with MailSink() as sink:
        os.environ["EMAIL_URL"] = f"smtp://{sink.address[0]}:{sink.address[1]}"
        began = time.monotonic()
        crew, forbidden = Crew(), set[str]()
        try:
            for number in range(kills):
                _wait_for(sink, (messages - len(forbidden)) * (number + 1) // (kills + 2))
                crew.kill_one(rng)
                if number == kills // 4:
                    forbidden |= _lose_patients(clinic)
                if number == kills // 3:
                    _flush_redis()
                if number == kills // 2:
                    _close()
                    postgres.start()  # ends the running one first
            _drain(began)
        finally:
            crew.stop()
        seconds = round(time.monotonic() - began)
        try:
            return _compare(sink, due, forbidden) | {"kills": kills, "seconds": seconds}
        finally:
            _close()


def _load(count: int) -> tuple[UUID, set[str]]:
    """A clinic, a hundred patients, `count` messages that are due; the clinic, their Message-IDs."""
    from django.utils import timezone

    from aftercare.models import Message
    from mesoclinic.common.ids import new_id
    from tests.factories import aftercare as make
    from tests.factories import treatments
    from tests.factories.clinic import ClinicFactory

    # Whatever time it is now, people are awake.
    clinic = ClinicFactory(sending_from=dt.time(0), sending_until=dt.time(23, 59))
    make.template(clinic)
    patients = [
        treatments.patient(clinic, f"Patient {n}", email=f"p{n}@example.org") for n in range(100)
    ]
    now = timezone.now()
    rows = []
    for number in range(count):
        pk, patient = new_id(), patients[number % len(patients)]
        rows.append(Message(
            pk=pk, clinic_id=clinic.pk, patient=patient, subject_type="note", subject_id=new_id(),
            title="Note", step_key="note", template_key="note", purpose="visits", due_at=now,
            next_try_at=now, due_local="now", expires_at=now + dt.timedelta(days=2), why="Planned.",
            message_id=f"<{pk.hex}@clinic.test>",
        ))  # fmt: skip
    Message.objects.bulk_create(rows, 1000)
    return clinic.pk, {row.message_id for row in rows}


def _lose_patients(clinic: UUID) -> set[str]:
    """Five patients die, five opt out; the messages nobody had claimed when that was committed."""
    from django.utils import timezone

    from aftercare.models import Message
    from patients.models import ContactPreference, Patient

    people = list(Patient.objects.filter(clinic=clinic).order_by("pk")[:10])
    today = timezone.now()
    Patient.objects.filter(pk__in=[one.pk for one in people[:5]]).update(deceased_on=today.date())
    for one in people[5:]:
        ContactPreference.objects.create(
            clinic_id=one.clinic_id, patient=one, purpose="visits", allowed=False, changed_at=today
        )
    rows = Message.objects.filter(patient__in=people, state="planned", attempts=0)
    return set(rows.values_list("message_id", flat=True))


def _flush_redis() -> None:
    import redis
    from django.conf import settings

    redis.Redis.from_url(settings.REDIS_URL).flushall()


def _close() -> None:
    from django.db import connection

    with suppress(Exception):
        connection.close()


def _wait_for(sink: MailSink, count: int) -> None:
    sink.wait_for(count, seconds=20)


def _drain(began: float) -> None:
    """Until nothing is planned or under way."""
    from aftercare.models import Message

    while time.monotonic() - began < _LONGEST:
        with suppress(Exception):
            if not Message.objects.filter(state__in=["planned", "sending"]).exists():
                return
        _close()
        time.sleep(1)


def _compare(sink: MailSink, due: set[str], forbidden: set[str]) -> dict[str, Any]:
    from aftercare.models import Message, StaffTask

    copies = Counter(str(mail["Message-ID"]) for mail in sink.messages)
    rows = Message.objects.filter(message_id__in=due)
    states = dict(rows.values_list("message_id", "state"))
    tasks = set(
        StaffTask.objects.filter(kind="message_unclear", done_at=None).values_list(
            "subject_id", flat=True
        )
    )
    held = {one.message_id for one in rows.filter(state="held", pk__in=tasks)}
    explained = set(copies) | held | {m for m, s in states.items() if s == "suppressed"}
    return {
        "due": len(due),
        "lost": len(due - explained),
        "said_sent_but_did_not_arrive": sum(
            state == "sent" and name not in copies for name, state in states.items()
        ),
        "most_copies": max(copies.values(), default=0),
        "twice": sum(count == 2 for count in copies.values()),
        "after_cancelling": len(forbidden & set(copies)),
        "cancelled": len(forbidden),
        "held": len(held),
        "left_over": sum(state in {"planned", "sending"} for state in states.values()),
        "strange": len(set(copies) - due),
    }


if __name__ == "__main__":
    main()
