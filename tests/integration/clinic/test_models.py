from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from mesoclinic.clinic.models import ApiToken, Clinic, Membership, Role, StaffMember
from tests.factories.clinic import (
    ApiTokenFactory,
    ClinicFactory,
    ManagerFactory,
    MembershipFactory,
    PractitionerFactory,
    StaffFactory,
)

pytestmark = pytest.mark.django_db
TODAY = dt.date(2026, 3, 1)


class TestClinic:
    def test_its_clock(self, clinic: Clinic, other_clinic: Clinic) -> None:
        late = dt.datetime(2026, 3, 1, 23, 30, tzinfo=dt.UTC)

        assert clinic.zone == ZoneInfo("Europe/Paris")
        assert clinic.today(late) == dt.date(2026, 3, 2)
        assert other_clinic.today(late) == dt.date(2026, 3, 2)
        assert clinic.local(late).hour == 0
        assert clinic.today(late - dt.timedelta(hours=2)) == dt.date(2026, 3, 1)

    def test_its_sender_can_not_inject_a_header(self, clinic: Clinic) -> None:
        clinic.sender_name = 'Lices "the best"\\'

        assert clinic.sender == '"Lices the best" <lices@example.org>'

    @pytest.mark.parametrize("zone", ["Paris", "Europe/Atlantis", "", "../etc/passwd"])
    def test_only_known_time_zones(self, zone: str) -> None:
        clinic = ClinicFactory.build(time_zone=zone)

        with pytest.raises(ValidationError) as caught:
            clinic.full_clean()
        assert "time_zone" in caught.value.message_dict

    @pytest.mark.parametrize(
        ("changes", "constraint"),
        [
            ({"country": "fr"}, "clinic_country_code"),
            ({"country": "X"}, "clinic_country_code"),
            ({"hemisphere": "east"}, "clinic_hemisphere_known"),
            ({"sending_from": "20:00", "sending_until": "08:00"}, "clinic_sending_hours"),
            ({"screening_valid_days": 0}, "clinic_screening_days"),
            ({"screening_valid_days": 731}, "clinic_screening_days"),
            ({"mfa_required_roles": ["owner"]}, "clinic_mfa_roles_known"),
            ({"base_url": "https://clinic.example/"}, "clinic_base_url_no_slash"),
        ],
    )
    def test_the_database_refuses(
        self, clinic: Clinic, changes: dict[str, Any], constraint: str
    ) -> None:
        with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
            Clinic.objects.filter(pk=clinic.pk).update(**changes)

    def test_defaults(self, clinic: Clinic) -> None:
        clinic.refresh_from_db()

        assert (clinic.sending_from, clinic.sending_until) == (dt.time(8), dt.time(20))
        assert (clinic.screening_valid_days, clinic.mfa_required_roles) == (180, [])


class TestStaffMember:
    def test_the_email_is_one_in_any_case(self) -> None:
        StaffMember.objects.create_user("Ayla@Example.ORG", full_name="Ayla")

        assert StaffMember.objects.get(email="AYLA@example.org").email == "ayla@example.org"
        with pytest.raises(IntegrityError), transaction.atomic():
            StaffMember(email="aylA@example.org", full_name="Another").save()

    def test_saving_shows_what_is_stored(self) -> None:
        staff = StaffMember(email="Zita@Example.org", full_name="Zita")
        staff.save()

        assert staff.email == "zita@example.org"

    def test_an_account_without_password_can_not_sign_in(self) -> None:
        staff = StaffMember.objects.create_user("new@example.org", full_name="New")

        assert not staff.has_usable_password()

    def test_needs_email_and_name(self) -> None:
        with pytest.raises(ValueError, match="e-mail"):
            StaffMember.objects.create_user("", full_name="X")
        with pytest.raises(IntegrityError, match="clinic_staff_has_name"), transaction.atomic():
            StaffMember.objects.create_user("x@example.org", full_name="")

    def test_superuser(self) -> None:
        staff = StaffMember.objects.create_superuser("Root@example.org", "secret words here")

        assert (staff.is_staff, staff.is_superuser, staff.full_name) == (True, True, "Root")
        assert StaffMember.objects.get_by_natural_key("ROOT@example.org") == staff

    def test_names(self) -> None:
        staff = StaffFactory(full_name="Ayla Nur Kara")

        assert (str(staff), staff.get_full_name(), staff.get_short_name()) == (
            "Ayla Nur Kara",
            "Ayla Nur Kara",
            "Ayla",
        )


class TestMembership:
    def test_display_name_and_initials(self, practitioner: Membership) -> None:
        assert practitioner.display_name == "Dr Ayla Kara"
        assert practitioner.initials == "AK"
        assert str(practitioner) == "Dr Ayla Kara, Practitioner"
        assert practitioner.is_practitioner
        assert not practitioner.is_manager

    @pytest.mark.parametrize(
        ("changes", "constraint"),
        [
            ({"role": "owner", "licence_number": ""}, "clinic_membership_role_known"),
            ({"role": "manager"}, "clinic_membership_licence_role"),
            ({"licence_number": "", "licence_expires_on": TODAY}, "clinic_membership_licence_pair"),
            ({"colour": "teal"}, "clinic_membership_colour_hex"),
            ({"colour": "#GGGGGG"}, "clinic_membership_colour_hex"),
        ],
    )
    def test_the_database_refuses(
        self, practitioner: Membership, changes: dict[str, Any], constraint: str
    ) -> None:
        with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
            Membership.objects.filter(pk=practitioner.pk).update(**changes)

    def test_one_place_per_clinic(self, practitioner: Membership) -> None:
        with pytest.raises(IntegrityError, match="clinic_membership_once"), transaction.atomic():
            MembershipFactory(clinic=practitioner.clinic, staff=practitioner.staff)

    def test_the_same_person_in_two_clinics(
        self, practitioner: Membership, other_clinic: Clinic
    ) -> None:
        assert MembershipFactory(clinic=other_clinic, staff=practitioner.staff)

    @pytest.mark.parametrize(
        ("expires", "number", "state"),
        [
            (None, "", "none"),
            (None, "A1", "ok"),
            (TODAY - dt.timedelta(days=1), "A1", "expired"),
            (TODAY, "A1", "soon"),
            (TODAY + dt.timedelta(days=60), "A1", "soon"),
            (TODAY + dt.timedelta(days=61), "A1", "ok"),
        ],
    )
    def test_licence_state(self, expires: dt.date | None, number: str, state: str) -> None:
        membership = Membership(
            role=Role.PRACTITIONER, licence_number=number, licence_expires_on=expires
        )

        assert membership.licence_state(TODAY) == state

    def test_querysets(self, clinic: Clinic, other_practitioner: Membership) -> None:
        here = PractitionerFactory(clinic=clinic)
        PractitionerFactory(clinic=clinic, is_active=False)
        PractitionerFactory(clinic=clinic, staff=StaffFactory(is_active=False))
        ManagerFactory(clinic=clinic)

        rows = Membership.objects.for_clinic(clinic).active().practitioners().with_staff()
        assert list(rows) == [here]
        assert list(Membership.objects.for_clinic(clinic.pk).active().practitioners()) == [here]

    def test_of_a_closed_clinic_is_not_active(self, practitioner: Membership) -> None:
        Clinic.objects.filter(pk=practitioner.clinic_id).update(is_active=False)

        assert not Membership.objects.active().exists()


class TestApiToken:
    def test_usable(self, practitioner: Membership) -> None:
        now = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
        made = {"membership": practitioner, "created_at": now - dt.timedelta(days=9)}
        forever = ApiTokenFactory(**made)
        ApiTokenFactory(**made, revoked_at=now)
        ApiTokenFactory(**made, expires_at=now)
        later = ApiTokenFactory(**made, expires_at=now + dt.timedelta(seconds=1))

        assert set(ApiToken.objects.usable(now)) == {forever, later}
        assert {token for token in ApiToken.objects.all() if token.is_usable(now)} == {
            forever,
            later,
        }

    def test_expires_after_it_was_made(self, practitioner: Membership) -> None:
        now = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
        with pytest.raises(IntegrityError, match="clinic_token_expires_later"):
            ApiTokenFactory(membership=practitioner, created_at=now, expires_at=now)

    def test_the_secret_is_not_stored(self, practitioner: Membership) -> None:
        token = ApiTokenFactory(membership=practitioner)

        stored = ApiToken.objects.values().get(pk=token.pk)
        assert token.secret not in str(stored)
        assert str(token) == "Test program"
