"""`manage.py load_demo`: two invented clinics with about 300 patients."""

from __future__ import annotations

import random
import subprocess
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.db.models import F, OuterRef, Subquery
from django.utils import timezone

from aftercare.models import Message, MessageEvent
from mesoclinic.audit.actors import Actor
from mesoclinic.audit.services import audited
from mesoclinic.clinic.models import Clinic, StaffMember
from mesoclinic.demo import setting
from mesoclinic.demo.afterwards import Afterwards
from mesoclinic.demo.cast import ADMIN, PASSWORD, PLACES, Place
from mesoclinic.demo.paperwork import Paperwork
from mesoclinic.demo.people import faces
from mesoclinic.demo.scene import Scene
from mesoclinic.demo.story import Teller
from patients.models import Patient

_HANDED_OVER = "Handed to the mail server."


def is_told(place: Place) -> bool:
    """Whether the clinic has its patients."""
    return Patient.objects.filter(clinic__slug=place.slug).exists()


class Command(BaseCommand):
    """Loads the demo once, or prints its accounts."""

    help = "Load two demo clinics (once), or print their accounts with --accounts."

    def add_arguments(self, parser: CommandParser) -> None:
        """`--accounts`, `--readdress`, and for loading `--scale`, `--only`, `--side-by-side`."""
        parser.add_argument("--accounts", action="store_true", help="print who can sign in")
        parser.add_argument(
            "--readdress", action="store_true", help="let links in mails lead to BASE_URL again"
        )
        parser.add_argument("--scale", type=float, default=1.0, help="share of the patients")
        parser.add_argument("--only", choices=[place.slug for place in PLACES], default="")
        parser.add_argument(
            "--side-by-side", action="store_true", help="a process for each clinic: faster"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Each clinic's patients come all or not at all: what was interrupted is told anew."""
        if options["accounts"]:
            self._accounts()
            return
        if options["readdress"]:
            setting.readdress(settings.BASE_URL)
            return
        self._build()
        chosen = [place for place in PLACES if options["only"] in {"", place.slug}]
        untold = [place for place in chosen if not is_told(place)]
        if not untold:
            self.stdout.write("The demo clinics are here already.")
        elif options["side_by_side"] and len(untold) > 1:
            self._side_by_side(untold, options["scale"])
        else:
            for place in untold:
                self._tell(place, options["scale"])

    def _build(self) -> None:
        """The clinics without patients, if this is the first time."""
        with transaction.atomic():
            if not StaffMember.objects.filter(email=ADMIN.email).exists():
                setting.administrator()
            for place in PLACES:
                if not Clinic.objects.filter(slug=place.slug).exists():
                    setting.build(place, timezone.now())

    def _side_by_side(self, places: list[Place], scale: float) -> None:
        """Tell of each clinic in a process of its own. Raises `CommandError` when one fails."""
        command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "load_demo"]
        children = [
            subprocess.Popen(  # noqa: S603 - our own command
                [*command, "--only", place.slug, "--scale", str(scale)]
            )
            for place in places
        ]
        codes = [child.wait() for child in children]
        if any(codes):
            raise CommandError("The demo clinics could not be loaded: see above.")

    @transaction.atomic
    def _tell(self, place: Place, scale: float) -> None:
        # Two loads at once tell of a clinic only once: the second waits here, and finds it told.
        Clinic.objects.select_for_update(no_key=True).get(slug=place.slug)
        if is_told(place):
            return
        now = timezone.now().replace(second=0, microsecond=0)
        # Not for secrets: the same seed tells the same stories.
        rng = random.Random(place.slug)  # noqa: S311
        scene = Scene(setting.stage_of(place), now, rng)
        teller = Teller(scene)
        people = faces(int(place.patients * scale), scene.today, place.phone_prefix, rng)
        for number, face in enumerate(people):
            teller.tell(number, face)
            if number % 20 == 19:
                self.stdout.write(f"  {scene.clinic.name}: {number + 1} of {len(people)} patients")
        Afterwards(scene).tell()
        teller.become_contraindicated()
        teller.wait_for_times()
        teller.recall_a_lot()
        Paperwork(scene).tell()
        self._post(scene.clinic)
        for what, count in sorted(scene.done.items()):
            self.stdout.write(f"    {count:5} {what}", self.style.HTTP_INFO)

    def _post(self, clinic: Clinic) -> None:
        """What was due before the demo began has long arrived, or could not: then the desk called."""
        due = Message.objects.for_clinic(clinic).filter(state="planned", due_at__lt=timezone.now())
        with audited(Actor.system(clinic.pk, "demo")):
            due.filter(patient__email="").update(
                state="failed", why="The patient has no e-mail address."
            )
            gone = list(due.values_list("pk", "patient", "due_at"))
            address = Patient.objects.filter(pk=OuterRef("patient")).values("email")
            due.update(
                state="sent", sent_at=F("due_at"), recipient=Subquery(address), attempts=1,
                why=_HANDED_OVER,
            )  # fmt: skip
            MessageEvent.objects.bulk_create(
                MessageEvent(
                    clinic=clinic, message_id=pk, patient_id=patient, from_state="planned",
                    to_state="sent", at=at, why=_HANDED_OVER,
                )
                for pk, patient, at in gone
            )  # fmt: skip

    def _accounts(self) -> None:
        self.stdout.write(f"Password of all demo accounts: {PASSWORD}")
        for place in PLACES:
            for person in place.people:
                self.stdout.write(f"  {person.email:20} {person.role:13} {place.fields['name']}")
        self.stdout.write(f"  {ADMIN.email:20} {ADMIN.role:13} administration only")
