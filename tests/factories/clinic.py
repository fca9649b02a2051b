"""Clinics, people and their places in them."""

from __future__ import annotations

from typing import Any

from factory.declarations import LazyAttribute, Sequence, SubFactory
from factory.django import DjangoModelFactory

from mesoclinic.clinic.models import ApiToken, Clinic, Hemisphere, Membership, Role, StaffMember
from mesoclinic.common.ids import new_token, token_digest

PASSWORD = "correct horse battery staple"


class ClinicFactory(DjangoModelFactory[Clinic]):
    """A clinic in Lyon-like France unless told otherwise."""

    class Meta:
        model = Clinic

    name = Sequence(lambda n: f"Clinique {n}")
    slug = Sequence(lambda n: f"clinique-{n}")
    time_zone = "Europe/Paris"
    hemisphere = Hemisphere.NORTH
    country = "FR"
    language = "en"
    address = "1 rue de la Paix, Rennes"
    phone = "+33 2 99 00 00 00"
    base_url = "http://testserver"
    sender_email = LazyAttribute(lambda clinic: f"{clinic.slug}@example.org")


class StaffFactory(DjangoModelFactory[StaffMember]):
    """Somebody who can sign in with PASSWORD."""

    class Meta:
        model = StaffMember
        skip_postgeneration_save = True

    email = Sequence(lambda n: f"staff{n}@example.org")
    full_name = Sequence(lambda n: f"Staff Member {n}")

    @classmethod
    def _create(cls, model_class: type[StaffMember], *args: Any, **kwargs: Any) -> StaffMember:
        password = kwargs.pop("password", PASSWORD)
        return StaffMember.objects.create_user(password=password, **kwargs)


class MembershipFactory(DjangoModelFactory[Membership]):
    """A receptionist's place; see `PractitionerFactory` for those who treat."""

    class Meta:
        model = Membership

    clinic = SubFactory(ClinicFactory)
    staff = SubFactory(StaffFactory)
    role = Role.RECEPTIONIST


class PractitionerFactory(MembershipFactory):
    """A doctor with a licence that does not expire."""

    role = Role.PRACTITIONER
    title = "Dr"
    licence_number = Sequence(lambda n: f"RPPS{n:09d}")


class ManagerFactory(MembershipFactory):
    """Runs the clinic and may open the administration."""

    role = Role.MANAGER
    staff = SubFactory(StaffFactory, is_staff=True)


class ApiTokenFactory(DjangoModelFactory[ApiToken]):
    """A token; its secret is on `.secret` of the instance."""

    class Meta:
        model = ApiToken

    membership = SubFactory(PractitionerFactory)
    name = "Test program"

    @classmethod
    def _create(cls, model_class: type[ApiToken], *args: Any, **kwargs: Any) -> ApiToken:
        secret = kwargs.pop("secret", None) or new_token()
        membership = kwargs["membership"]
        kwargs.setdefault("clinic", membership.clinic)
        kwargs.setdefault("created_by", membership.staff)
        token = ApiToken.objects.create(digest=token_digest(secret), hint=secret[:6], **kwargs)
        token.secret = secret  # type: ignore[attr-defined]
        return token
