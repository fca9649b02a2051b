from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.db import connection, transaction

from mesoclinic.audit.actors import Actor
from mesoclinic.audit.models import AuditEntry
from mesoclinic.clinic import selectors, services
from mesoclinic.clinic.exceptions import (
    AlreadyMember,
    NotInThisClinic,
    TokenExpiryPassed,
    TokenNameMissing,
    TokenRevoked,
)
from mesoclinic.clinic.models import ApiToken, Clinic, Membership, Role, StaffMember
from mesoclinic.clinic.services import NewStaff, TokenRequest
from mesoclinic.common.errors import Forbidden
from mesoclinic.common.ids import token_digest
from tests.factories.clinic import ApiTokenFactory, PractitionerFactory
from tests.personas import lices

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
ActorOf = Callable[[Membership], Actor]


class TestRecordNumbers:
    @pytest.mark.django_db
    def test_count_up_per_clinic(self, clinic: Clinic, other_clinic: Clinic) -> None:
        assert [services.next_record_number(clinic) for _ in range(3)] == [1, 2, 3]
        assert services.next_record_number(other_clinic) == 1

    @pytest.mark.django_db(transaction=True)
    def test_many_desks_at_once_get_numbers_without_gaps_or_twins(self) -> None:
        clinic, got = lices(), []

        def register() -> None:
            try:
                for _ in range(5):
                    with transaction.atomic():
                        got.append(services.next_record_number(clinic))
            finally:
                connection.close()

        threads = [threading.Thread(target=register) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)

        assert sorted(got) == list(range(1, 41))


@pytest.mark.django_db
class TestAddStaff:
    def test_a_new_person(self, clinic: Clinic, manager: Membership, actor_of: ActorOf) -> None:
        made = services.add_staff(
            actor=actor_of(manager),
            clinic=clinic,
            person=NewStaff("New@Example.org", "Nele Voss", Role.PRACTITIONER, "Dr", "A1"),
        )

        assert (made.display_name, made.staff.email) == ("Dr Nele Voss", "new@example.org")
        assert not made.staff.has_usable_password()
        entry = AuditEntry.objects.get(model="clinic.membership", object_id=str(made.pk))
        assert entry.actor_label == "Zita Novak"

    def test_somebody_who_works_elsewhere_keeps_their_account(
        self, clinic: Clinic, manager: Membership, other_practitioner: Membership, actor_of: ActorOf
    ) -> None:
        made = services.add_staff(
            actor=actor_of(manager),
            clinic=clinic,
            person=NewStaff("RUTH@example.org", "Another Name", Role.RECEPTIONIST),
        )

        assert made.staff == other_practitioner.staff
        assert made.staff.full_name == "Ruth Tane"

    def test_twice_is_refused_at_the_field(
        self, clinic: Clinic, manager: Membership, actor_of: ActorOf
    ) -> None:
        again = NewStaff(manager.staff.email, "Zita", Role.RECEPTIONIST)
        with pytest.raises(AlreadyMember) as caught:
            services.add_staff(actor=actor_of(manager), clinic=clinic, person=again)

        assert caught.value.field == "email"

    def test_only_managers_and_the_system(
        self, clinic: Clinic, practitioner: Membership, actor_of: ActorOf
    ) -> None:
        person = NewStaff("n@example.org", "N", Role.RECEPTIONIST)
        with pytest.raises(Forbidden):
            services.add_staff(actor=actor_of(practitioner), clinic=clinic, person=person)
        assert not StaffMember.objects.filter(email="n@example.org").exists()
        assert services.add_staff(actor=Actor.system(), clinic=clinic, person=person)


@pytest.mark.django_db
class TestTokens:
    def issue(self, actor: Actor, membership: Membership, **wanted: object) -> tuple[ApiToken, str]:
        request = TokenRequest(
            name=str(wanted.get("name", "Lab")),
            membership=membership,
            last_day=wanted.get("last_day"),  # type: ignore[arg-type]
        )
        assert actor.clinic_id is not None
        clinic = Clinic.objects.get(pk=actor.clinic_id)
        return services.issue_token(actor=actor, clinic=clinic, wanted=request, now=NOW)

    def test_only_the_digest_is_kept(
        self, manager: Membership, practitioner: Membership, actor_of: ActorOf
    ) -> None:
        token, secret = self.issue(actor_of(manager), practitioner)

        token.refresh_from_db()
        assert token.digest == token_digest(secret)
        assert (token.hint, token.created_by) == (secret[:6], manager.staff)
        assert selectors.usable_token(token_digest(secret), NOW) == token

    def test_it_works_to_the_end_of_its_last_day_at_the_clinic(
        self, manager: Membership, practitioner: Membership, actor_of: ActorOf
    ) -> None:
        """29 March 2026 has 23 hours in Paris: it ends at 22:00 UTC."""
        token, _secret = self.issue(actor_of(manager), practitioner, last_day=dt.date(2026, 3, 29))

        assert token.expires_at == dt.datetime(2026, 3, 29, 22, tzinfo=dt.UTC)

    def test_refusals(
        self,
        manager: Membership,
        practitioner: Membership,
        other_practitioner: Membership,
        actor_of: ActorOf,
    ) -> None:
        actor = actor_of(manager)
        with pytest.raises(TokenNameMissing):
            self.issue(actor, practitioner, name="  ")
        with pytest.raises(TokenExpiryPassed):
            self.issue(actor, practitioner, last_day=dt.date(2026, 2, 28))
        with pytest.raises(NotInThisClinic):
            self.issue(actor, other_practitioner)
        with pytest.raises(Forbidden):
            self.issue(actor_of(practitioner), practitioner)
        nobody = Actor(kind="staff", id="", label="", clinic_id=manager.clinic_id, role="manager")
        with pytest.raises(Forbidden):
            self.issue(nobody, practitioner)
        assert not ApiToken.objects.exists()

    def test_revoked_once_for_ever(
        self, manager: Membership, practitioner: Membership, actor_of: ActorOf
    ) -> None:
        token = ApiTokenFactory(membership=practitioner)
        services.revoke_token(actor=actor_of(manager), token=token, now=NOW)

        assert selectors.usable_token(token.digest, NOW) is None
        with pytest.raises(TokenRevoked):
            services.revoke_token(actor=actor_of(manager), token=token, now=NOW)
        with pytest.raises(Forbidden):
            services.revoke_token(actor=actor_of(practitioner), token=token, now=NOW)

    def test_use_is_noted_once_a_minute_and_not_audited(self, practitioner: Membership) -> None:
        token = ApiTokenFactory(membership=practitioner)
        before = AuditEntry.objects.count()
        for seconds in (0, 59, 60):
            services.touch_token(token, NOW + dt.timedelta(seconds=seconds))

        token.refresh_from_db()
        assert token.last_used_at == NOW + dt.timedelta(seconds=60)
        assert AuditEntry.objects.count() == before

    @pytest.mark.parametrize("off", ["membership", "staff", "clinic"])
    def test_falls_with_what_it_stands_on(self, practitioner: Membership, off: str) -> None:
        token = ApiTokenFactory(membership=practitioner)
        row: Any = practitioner if off == "membership" else getattr(practitioner, off)
        type(row).objects.filter(pk=row.pk).update(is_active=False)

        assert selectors.usable_token(token.digest, NOW) is None


@pytest.mark.django_db
class TestSelectors:
    def test_another_clinics_are_not_there(
        self, clinic: Clinic, other_practitioner: Membership
    ) -> None:
        token = ApiTokenFactory(membership=other_practitioner)
        with pytest.raises(NotInThisClinic):
            selectors.get_membership(clinic, other_practitioner.pk)
        with pytest.raises(NotInThisClinic):
            selectors.get_token(clinic, token.pk)
        assert not selectors.staff_of(clinic).exists()

    def test_licence_warnings_worst_first(self, clinic: Clinic) -> None:
        today = dt.date(2026, 3, 1)
        dates = {"soon": 30, "expired": -3, "fine": 200}
        made = {
            name: PractitionerFactory(
                clinic=clinic, licence_expires_on=today + dt.timedelta(days=days)
            )
            for name, days in dates.items()
        }

        assert selectors.licence_warnings(clinic, today) == [made["expired"], made["soon"]]


@pytest.mark.django_db
def test_a_proven_address_becomes_the_only_primary(practitioner: Membership) -> None:
    staff = practitioner.staff
    EmailAddress.objects.create(user=staff, email="old@example.org", primary=True, verified=True)
    services.mark_email_verified(staff)
    services.mark_email_verified(staff)

    rows = EmailAddress.objects.filter(user=staff).values_list("email", "primary", "verified")
    assert sorted(rows) == [("ayla@example.org", True, True), ("old@example.org", False, True)]
