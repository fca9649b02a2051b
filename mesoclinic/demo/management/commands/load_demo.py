"""`manage.py load_demo`: two invented clinics with about 300 patients."""

from __future__ import annotations

import random
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from aftercare.models import Message
from mesoclinic.audit.actors import Actor
from mesoclinic.audit.services import audited
from mesoclinic.clinic.models import Clinic
from mesoclinic.demo import setting
from mesoclinic.demo.cast import ADMIN, PASSWORD, PLACES, Place
from mesoclinic.demo.people import faces
from mesoclinic.demo.scene import Scene
from mesoclinic.demo.story import Teller


class Command(BaseCommand):
    """Loads the demo once, or prints its accounts."""

    help = "Load two demo clinics (once), or print their accounts with --accounts."

    def add_arguments(self, parser: CommandParser) -> None:
        """`--accounts` and a smaller `--scale` for tests."""
        parser.add_argument("--accounts", action="store_true", help="print who can sign in")
        parser.add_argument("--scale", type=float, default=1.0, help="share of the patients")

    def handle(self, *args: Any, **options: Any) -> None:
        """All of it or nothing: an interrupted load leaves no half a clinic."""
        if options["accounts"]:
            self._accounts()
            return
        if Clinic.objects.filter(slug__in=[place.slug for place in PLACES]).exists():
            self.stdout.write("The demo clinics are here already.")
            return
        with transaction.atomic():
            setting.administrator()
            for place in PLACES:
                self._load(place, options["scale"])

    def _load(self, place: Place, scale: float) -> None:
        now = timezone.now().replace(second=0, microsecond=0)
        # Not for secrets: the same seed tells the same stories.
        rng = random.Random(place.slug)  # noqa: S311
        stage = setting.build(place, now, rng)
        scene = Scene(stage, now, rng)
        teller = Teller(scene)
        people = faces(int(place.patients * scale), scene.today, place.phone_prefix, rng)
        for number, face in enumerate(people):
            teller.tell(number, face)
            if number % 20 == 19:
                self.stdout.write(f"  {stage.clinic.name}: {number + 1} of {len(people)} patients")
        teller.become_contraindicated()
        self._post(stage.clinic)
        for what, count in sorted(scene.done.items()):
            self.stdout.write(f"    {count:5} {what}", self.style.HTTP_INFO)

    def _post(self, clinic: Clinic) -> None:
        """What was due before the demo began has long arrived."""
        now = timezone.now()
        with audited(Actor.system(clinic.pk, "demo")):
            Message.objects.for_clinic(clinic).filter(state="planned", due_at__lt=now).exclude(
                patient__email=""
            ).update(
                state="sent", sent_at=F("due_at"), attempts=1, why="Handed to the mail server."
            )

    def _accounts(self) -> None:
        self.stdout.write(f"Password of all demo accounts: {PASSWORD}")
        for place in PLACES:
            for person in place.people:
                self.stdout.write(f"  {person.email:20} {person.role:13} {place.fields['name']}")
        self.stdout.write(f"  {ADMIN.email:20} {ADMIN.role:13} administration only")
