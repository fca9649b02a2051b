"""The stage: clinics with their people, rooms, hours, catalogue and stock."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from uuid import UUID

from django.conf import settings
from django.contrib.auth.hashers import make_password
from psycopg2.extras import DateTimeTZRange

from aftercare.services import seeding as aftercare
from mesoclinic.audit.actors import Actor
from mesoclinic.audit.services import audited
from mesoclinic.clinic.models import Clinic, Membership, StaffMember
from mesoclinic.clinic.services import NewStaff, add_staff, mark_email_verified
from mesoclinic.common.intervals import Interval
from mesoclinic.demo.cast import ADMIN, PASSWORD, PLACES, Person, Place
from patients import services as patients
from scheduling import services as scheduling
from scheduling.models import OnlineRules, Room, TimeOff, VisitType, WorkingHours
from scheduling.services.seed import load_public_holidays
from treatments import services as treatments
from treatments.models import Product
from treatments.services import Delivery, receive_lot, withdraw_lot

_DAYS = {
    # Open every day of the week, so that "today" always has visits: (from, until) by practitioner.
    0: [((9, 0), (13, 0)), ((14, 0), (18, 30))],
    1: [((9, 30), (13, 0)), ((13, 30), (19, 0))],
    2: [((10, 0), (14, 0)), ((14, 30), (18, 0))],
}


@dataclass(frozen=True)
class Stage:
    """A clinic ready to work: its practitioners in order, and who acts for them."""

    clinic: Clinic
    practitioners: tuple[Membership, ...]
    desk: Actor

    def actor(self, staff_id: UUID) -> Actor:
        """The practitioner as the services know them."""
        member = next(m for m in self.practitioners if m.staff_id == staff_id)
        return actor_of(member)


def actor_of(member: Membership) -> Actor:
    """A member of staff who clicks."""
    return Actor(
        kind="staff",
        id=str(member.staff_id),
        label=member.display_name,
        clinic_id=member.clinic_id,
        role=member.role,
        staff_id=member.staff_id,
    )


def build(place: Place, now: dt.datetime) -> None:
    """Make the clinic, its people and everything they need."""
    rng = random.Random(place.slug)  # noqa: S311 - the same seed, the same stock; no secret
    clinic = Clinic.objects.create(slug=place.slug, base_url=settings.BASE_URL, **place.fields)
    members = [_member(clinic, person, now) for person in place.people]
    for number, name in enumerate(place.rooms):
        kind = Room.Kind.CONSULTATION if name == "Office" else Room.Kind.TREATMENT
        Room.objects.create(clinic=clinic, name=name, order=number, kind=kind)
    patients.seed_clinic(clinic, actor=Actor.system(clinic.pk, "demo"), now=now)
    treatments.seed_clinic(clinic)
    scheduling.seed_clinic(clinic)
    VisitType.objects.for_clinic(clinic).filter(kind="consultation").update(is_online=True)
    OnlineRules.objects.create(
        clinic=clinic,
        is_open=True,
        origins=["http://localhost"],
        welcome="A first consultation takes half an hour and costs nothing.",
    )
    aftercare.seed_clinic(clinic)
    practitioners = tuple(m for m in members if m.role == "practitioner")
    for number, member in enumerate(practitioners):
        _hours(clinic, member, number)
    _away(clinic, practitioners, now)
    load_public_holidays(clinic=clinic, years=[now.year, now.year + 1], now=now)
    _stock(clinic, now, rng)


def readdress(base_url: str) -> None:
    """Let the links of the demo clinics lead to `base_url`: the port may be another one today.

    An address that somebody gave a clinic by hand stays: only those of this machine are moved.
    """
    for clinic in Clinic.objects.filter(
        slug__in=[place.slug for place in PLACES], base_url__startswith="http://localhost"
    ).exclude(base_url=base_url):
        with audited(Actor.system(clinic.pk, "demo")):
            clinic.base_url = base_url
            clinic.save(update_fields=["base_url"])


def stage_of(place: Place) -> Stage:
    """A clinic that `build` has made."""
    clinic = Clinic.objects.get(slug=place.slug)
    rows = Membership.objects.for_clinic(clinic).select_related("staff", "clinic")
    members = {member.staff.email: member for member in rows}
    cast = [members[person.email] for person in place.people]
    desk = next(member for member in cast if member.role == "receptionist")
    return Stage(clinic, tuple(m for m in cast if m.role == "practitioner"), actor_of(desk))


def administrator() -> None:
    """Somebody who keeps the installation and sees no patient's chart."""
    staff = StaffMember.objects.create_superuser(ADMIN.email, PASSWORD, full_name=ADMIN.name)
    mark_email_verified(staff)


def _member(clinic: Clinic, person: Person, now: dt.datetime) -> Membership:
    licence = clinic.today(now) + dt.timedelta(days=500) if person.licence else None
    member = add_staff(
        actor=Actor.system(clinic.pk, "demo"),
        clinic=clinic,
        person=NewStaff(
            email=person.email,
            full_name=person.name,
            role=person.role,
            title=person.title,
            licence_number=person.licence,
            licence_expires_on=licence,
            language=person.language,
        ),
    )
    Membership.objects.filter(pk=member.pk).update(colour=person.colour)
    if not member.staff.has_usable_password():
        member.staff.password = _hashed_password()
        member.staff.is_staff = person.role == "manager"
        member.staff.save(update_fields=["password", "is_staff"])
        mark_email_verified(member.staff)
    return member


@cache
def _hashed_password() -> str:
    """Of all accounts: hashing is slow on purpose, and once is enough for invented people."""
    return make_password(PASSWORD)


def _hours(clinic: Clinic, member: Membership, number: int) -> None:
    WorkingHours.objects.bulk_create(
        WorkingHours(
            clinic=clinic,
            practitioner_id=member.staff_id,
            weekday=weekday,
            starts=dt.time(*start),
            ends=dt.time(*end),
        )
        for weekday in range(7)
        for start, end in _DAYS[number % len(_DAYS)]
    )


def _away(clinic: Clinic, practitioners: tuple[Membership, ...], now: dt.datetime) -> None:
    """Some leave ahead, and a day on which the whole clinic is closed."""
    today = clinic.today(now)
    leave = _span(clinic, today + dt.timedelta(days=33), 12)
    closure = _span(clinic, today + dt.timedelta(days=58), 2)
    TimeOff.objects.create(
        clinic=clinic, practitioner_id=practitioners[0].staff_id, label="Leave",
        during=DateTimeTZRange(leave.start, leave.end),
    )  # fmt: skip
    TimeOff.objects.create(
        clinic=clinic, label="Works in the building",
        during=DateTimeTZRange(closure.start, closure.end),
    )  # fmt: skip


def _span(clinic: Clinic, first: dt.date, days: int) -> Interval[dt.datetime]:
    start = dt.datetime.combine(first, dt.time(0), tzinfo=clinic.zone)
    end = dt.datetime.combine(first + dt.timedelta(days=days), dt.time(0), tzinfo=clinic.zone)
    return Interval(start.astimezone(dt.UTC), end.astimezone(dt.UTC))


def _stock(clinic: Clinic, now: dt.datetime, rng: random.Random) -> None:
    """Lots of every product: most in date, some nearly out, one withdrawn."""
    keeper = Actor.system(clinic.pk, "demo")
    received = now - dt.timedelta(days=130)
    today = clinic.today(now)
    for number, product in enumerate(Product.objects.for_clinic(clinic).order_by("name")):
        lot = f"{product.name[:1].upper()}{rng.randrange(1000, 9999)}"
        days = 20 if number % 17 == 3 else rng.randrange(150, 600)
        delivery = Delivery(lot, today + dt.timedelta(days=days), product.content * Decimal(400))
        receive_lot(product=product, delivery=delivery, actor=keeper, now=received)
        if number == 5:
            bad = Delivery(f"W{lot}", today + dt.timedelta(days=300), product.content * 10)
            withdrawn = receive_lot(product=product, delivery=bad, actor=keeper, now=received)
            withdraw_lot(
                lot=withdrawn, reason="Recalled by the maker", actor=keeper,
                now=now - dt.timedelta(days=9),
            )  # fmt: skip
