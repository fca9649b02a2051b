from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from django.contrib import admin
from django.core import mail
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from mesoclinic.audit.actors import Actor
from mesoclinic.audit.models import Action, AuditEntry
from mesoclinic.audit.services import record_read
from mesoclinic.clinic.admin_base import ReadOnlyPatientDataAdmin, narrow_choices
from mesoclinic.clinic.models import ApiToken, Clinic, Membership, StaffMember
from scheduling.models import TimeOff, VisitType
from tests.factories.clinic import ApiTokenFactory, ManagerFactory

pytestmark = pytest.mark.django_db
Browser = Callable[..., Client]


@pytest.fixture
def root(superuser: StaffMember, client_for: Browser) -> Client:
    return client_for(superuser)


@pytest.fixture
def desk(manager: Membership, client_for: Browser) -> Client:
    return client_for(manager)


def form_data(client: Client, url: str) -> dict[str, Any]:
    form = client.get(url).context["adminform"].form
    values = {name: form[name].value() for name in form.fields}
    return {name: value for name, value in values.items() if value not in (None, False)}


class TestClinics:
    def url(self, clinic: Clinic) -> str:
        return reverse("admin:clinic_clinic_change", args=[clinic.pk])

    def test_a_manager_sees_and_keeps_their_own(
        self, clinic: Clinic, other_clinic: Clinic, desk: Client
    ) -> None:
        listed = desk.get(reverse("admin:clinic_clinic_changelist")).context["cl"].result_list
        assert list(listed) == [clinic]

        data = {
            **form_data(desk, self.url(clinic)),
            "base_url": "https://lices.example",
            "phone": "+33 1",
            "mfa_required_roles": ["manager"],
        }
        assert desk.post(self.url(clinic), data).status_code == 302
        clinic.refresh_from_db()
        assert (clinic.phone, clinic.mfa_required_roles) == ("+33 1", ["manager"])

        entry = AuditEntry.objects.filter(model="clinic.clinic", action=Action.UPDATE).latest("id")
        assert (entry.actor_label, entry.fields) == (
            "Zita Novak",
            ["base_url", "mfa_required_roles", "phone"],
        )

    def test_not_another(self, other_clinic: Clinic, desk: Client) -> None:
        assert desk.post(self.url(other_clinic), {}).status_code in {302, 403}

    def test_only_administrators_open_one(self, desk: Client, root: Client) -> None:
        url = reverse("admin:clinic_clinic_add")
        assert desk.get(url).status_code == 403
        assert root.get(url).status_code == 200

    def test_a_new_one_has_visit_types_and_holidays(self, clinic: Clinic, root: Client) -> None:
        url = reverse("admin:clinic_clinic_add")
        known = form_data(root, self.url(clinic))
        answer = root.post(
            url,
            {
                **known,
                "name": "Praxis am Weg",
                "slug": "weg",
                "country": "DE",
                "base_url": "https://weg.example",
            },
        )
        assert answer.status_code == 302, answer.context["adminform"].form.errors

        opened = Clinic.objects.get(slug="weg")
        kinds = VisitType.objects.for_clinic(opened).values_list("key", flat=True)
        assert set(kinds) == {"consultation", "session", "review", "photographs"}
        closed = TimeOff.objects.for_clinic(opened).exclude(holiday_key="")
        assert closed.filter(during__startswith__gt=timezone.now()).exists()
        entry = AuditEntry.objects.get(object_id=str(opened.pk), action=Action.INSERT)
        assert entry.actor_label == "Sam Root"

    def test_a_new_one_has_the_defaults_of_every_room(self, root: Client) -> None:
        url = reverse("admin:clinic_clinic_add")
        here = {
            "name": "Studio", "slug": "studio", "address": "1 Mill Lane", "country": "GB",
            "time_zone": "Europe/London", "phone": "+44 20 7946 0000",
            "base_url": "https://studio.example", "is_active": "on",
            "sender_email": "studio@example.org",
        }  # fmt: skip
        answer = root.post(url, {**form_data(root, url), **here}, follow=True)
        assert "The defaults are loaded" in answer.content.decode()

        clinic = Clinic.objects.get(slug="studio")
        rooms = (
            "patients.Questionnaire", "patients.ClinicalTerm", "treatments.Ingredient",
            "treatments.Protocol", "scheduling.VisitType", "scheduling.TimeOff",
            "aftercare.MessageTemplate", "aftercare.ProgrammeStep", "aftercare.TriageRuleSet",
        )  # fmt: skip
        lacks = [name for name in rooms if not apps.get_model(name).objects.filter(clinic=clinic)]
        assert lacks == []
        # Who opened it stands in the record, whatever the rooms call themselves.
        made = AuditEntry.objects.filter(clinic_id=clinic.pk, action=Action.INSERT)
        assert set(made.values_list("actor_label", flat=True)) == {"Sam Root"}

    def test_nobody_deletes_one(self, clinic: Clinic, root: Client) -> None:
        url = reverse("admin:clinic_clinic_delete", args=[clinic.pk])
        assert root.post(url, {"post": "yes"}).status_code == 403

    def test_mistakes_are_said_at_the_field(self, clinic: Clinic, desk: Client) -> None:
        wrong = {"time_zone": "Mars/Base", "country": "fr", "base_url": "https://x.example/"}
        answer = desk.post(self.url(clinic), {**form_data(desk, self.url(clinic)), **wrong})

        errors = answer.context["adminform"].form.errors
        assert {"time_zone", "country"} <= set(errors)


class TestStaff:
    def test_a_new_account_is_invited_and_no_password_is_typed(self, root: Client) -> None:
        url = reverse("admin:clinic_staffmember_add")
        assert "password" not in root.get(url).content.decode().lower().split("</header>")[-1]
        data = {
            "full_name": "Nele Voss",
            "email": "Nele@example.org",
            "language": "en",
            "is_active": "on",
        }
        assert root.post(url, data).status_code == 302

        staff = StaffMember.objects.get(email="nele@example.org")
        assert not staff.has_usable_password()
        assert [sent.to for sent in mail.outbox] == [["nele@example.org"]]
        entry = AuditEntry.objects.get(object_id=str(staff.pk), action=Action.INSERT)
        assert entry.actor_label == "Sam Root"

    def test_the_same_address_in_another_case_is_refused(
        self, practitioner: Membership, root: Client
    ) -> None:
        data = {"full_name": "X", "email": "AYLA@example.org", "language": "en"}
        answer = root.post(reverse("admin:clinic_staffmember_add"), data)

        assert "email" in answer.context["adminform"].form.errors

    def test_invited_again_by_action(self, practitioner: Membership, root: Client) -> None:
        data = {"action": "send_invitation", "_selected_action": [str(practitioner.staff_id)]}
        answer = root.post(reverse("admin:clinic_staffmember_changelist"), data, follow=True)

        assert "1 invitation sent." in answer.content.decode()
        assert len(mail.outbox) == 1

    def test_accounts_are_for_administrators(self, desk: Client) -> None:
        assert desk.get(reverse("admin:clinic_staffmember_changelist")).status_code == 403

    def test_no_bulk_delete_and_no_delete(self, practitioner: Membership, root: Client) -> None:
        listed = root.get(reverse("admin:clinic_staffmember_changelist"))
        assert "delete_selected" not in listed.content.decode()
        url = reverse("admin:clinic_staffmember_delete", args=[practitioner.staff_id])
        assert root.post(url, {"post": "yes"}).status_code == 403


class TestMemberships:
    def test_a_manager_changes_a_licence(
        self, practitioner: Membership, manager: Membership, desk: Client
    ) -> None:
        url = reverse("admin:clinic_membership_change", args=[practitioner.pk])
        data = {
            "role": "practitioner", "title": "Prof", "licence_number": "A9",
            "licence_expires_on": "2030-01-31", "colour": "#112233", "is_active": "on",
        }  # fmt: skip
        assert desk.post(url, data).status_code == 302

        practitioner.refresh_from_db()
        assert practitioner.licence_expires_on == dt.date(2030, 1, 31)

    def test_only_of_their_own_clinic(
        self, other_practitioner: Membership, manager: Membership, desk: Client
    ) -> None:
        listed = desk.get(reverse("admin:clinic_membership_changelist")).context["cl"].result_list
        assert list(listed) == [manager]
        url = reverse("admin:clinic_membership_change", args=[other_practitioner.pk])
        assert desk.get(url).status_code == 302

    def test_constraints_speak(self, practitioner: Membership, desk: Client) -> None:
        url = reverse("admin:clinic_membership_change", args=[practitioner.pk])
        data = {
            "role": "manager", "title": "", "licence_number": "A9",
            "licence_expires_on": "", "colour": "#112233", "is_active": "on",
        }  # fmt: skip
        answer = desk.post(url, data)

        assert "Only a practitioner has a licence." in answer.content.decode()

    def test_search_and_filter(self, practitioner: Membership, root: Client) -> None:
        url = reverse("admin:clinic_membership_changelist")
        found = root.get(url, {"q": "ayla"}).context["cl"].result_list

        assert list(found) == [practitioner]
        assert root.get(url, {"role__exact": "manager"}).status_code == 200


class TestTokens:
    def test_revoked_by_action(self, practitioner: Membership, desk: Client) -> None:
        token = ApiTokenFactory(membership=practitioner)
        data = {"action": "revoke", "_selected_action": [str(token.pk)]}
        desk.post(reverse("admin:clinic_apitoken_changelist"), data)

        token.refresh_from_db()
        assert token.revoked_at is not None

    def test_not_of_another_clinic(self, other_practitioner: Membership, desk: Client) -> None:
        token = ApiTokenFactory(membership=other_practitioner)
        data = {"action": "revoke", "_selected_action": [str(token.pk)]}
        desk.post(reverse("admin:clinic_apitoken_changelist"), data)

        assert ApiToken.objects.get(pk=token.pk).revoked_at is None

    def test_never_made_or_changed_here(self, root: Client) -> None:
        assert root.get(reverse("admin:clinic_apitoken_add")).status_code == 403


class TestChoices:
    def test_a_manager_chooses_among_their_own_clinics(
        self, rf: RequestFactory, manager: Membership, other_clinic: Clinic
    ) -> None:
        request = rf.get("/")
        request.user = manager.staff
        kwargs: dict[str, Any] = {}
        narrow_choices(Membership._meta.get_field("clinic"), request, kwargs)
        assert list(kwargs["queryset"]) == [manager.clinic]

        kwargs = {}
        ManagerFactory(clinic=other_clinic)
        narrow_choices(ApiToken._meta.get_field("membership"), request, kwargs)
        assert list(kwargs["queryset"]) == [manager]

        kwargs = {}
        narrow_choices(Membership._meta.get_field("staff"), request, kwargs)
        assert kwargs == {}


class TestReadOnlyPatientData:
    """Tried on memberships, which have the same shape: a clinic and somebody's id."""

    @pytest.fixture
    def pages(self) -> ReadOnlyPatientDataAdmin:
        class MembershipReader(ReadOnlyPatientDataAdmin):
            patient_path = "staff_id"
            erased_lookup = ""

        return MembershipReader(Membership, admin.site)

    def ask(self, rf: RequestFactory, person: Membership | StaffMember) -> Any:
        request: Any = rf.get("/")
        request.user = person.staff if isinstance(person, Membership) else person
        request.actor = Actor(kind="staff", id="1", label=str(person))
        return request

    def test_a_superuser_has_no_clinical_role(
        self, rf: RequestFactory, pages: ReadOnlyPatientDataAdmin, superuser: StaffMember,
        practitioner: Membership,
    ) -> None:  # fmt: skip
        request = self.ask(rf, superuser)

        assert not pages.has_module_permission(request)
        assert not pages.has_view_permission(request, practitioner)
        assert not pages.get_queryset(request).exists()

    def test_nobody_writes(
        self, rf: RequestFactory, pages: ReadOnlyPatientDataAdmin, manager: Membership
    ) -> None:
        request = self.ask(rf, manager)

        assert pages.has_view_permission(request, manager)
        assert not pages.has_add_permission(request)
        assert not pages.has_change_permission(request, manager)
        assert not pages.has_delete_permission(request, manager)

    def test_a_list_is_one_read_that_names_everybody_on_it(
        self, rf: RequestFactory, pages: ReadOnlyPatientDataAdmin, manager: Membership,
        practitioner: Membership, other_practitioner: Membership,
    ) -> None:  # fmt: skip
        pages.changelist_view(self.ask(rf, manager))

        [entry] = AuditEntry.objects.filter(action=Action.READ)
        assert set(entry.patients) == {manager.staff_id, practitioner.staff_id}
        assert (entry.model, entry.reason) == ("clinic.membership", "admin")

    def test_a_page_is_one_read(
        self, rf: RequestFactory, pages: ReadOnlyPatientDataAdmin, manager: Membership
    ) -> None:
        pages.change_view(self.ask(rf, manager), str(manager.pk))

        [entry] = AuditEntry.objects.filter(action=Action.READ)
        assert (entry.patients, entry.object_id) == ([manager.staff_id], str(manager.pk))

    def test_the_receptionist_does_not_read(
        self, rf: RequestFactory, pages: ReadOnlyPatientDataAdmin, receptionist: Membership
    ) -> None:
        assert not pages.has_view_permission(self.ask(rf, receptionist))


class TestRecord:
    URL = "admin:audit_auditentry_changelist"

    @pytest.fixture
    def patient(self, clinic: Clinic) -> Any:
        actor = Actor(kind="staff", id=str(uuid4()), label="Noor Haddad", clinic_id=clinic.pk)
        patient = uuid4()
        record_read(actor, model="patients.patient", patients=[patient])
        return SimpleNamespace(id=patient, actor=actor)

    def found(self, client: Client, query: str) -> list[AuditEntry]:
        return list(client.get(reverse(self.URL), {"q": query}).context["cl"].result_list)

    def test_search_by_patient_person_record_and_name(self, patient: Any, desk: Client) -> None:
        [entry] = AuditEntry.objects.filter(action=Action.READ)
        for query in (str(patient.id), patient.actor.id, "haddad"):
            assert self.found(desk, query) == [entry], query
        assert self.found(desk, str(uuid4())) == []

    def test_a_manager_sees_their_own_clinics_record(
        self, patient: Any, desk: Client, other_clinic: Clinic
    ) -> None:
        shown = desk.get(reverse(self.URL)).context["cl"].result_list

        assert {entry.clinic_id for entry in shown} == {patient.actor.clinic_id}

    def test_the_administrator_sees_all_and_changes_nothing(
        self, patient: Any, root: Client
    ) -> None:
        [entry] = AuditEntry.objects.filter(action=Action.READ)
        url = reverse("admin:audit_auditentry_change", args=[entry.pk])

        assert root.get(url).status_code == 200
        assert root.post(url, {"actor_label": "x"}).status_code == 403
        assert root.get(reverse("admin:audit_auditentry_add")).status_code == 403
        assert root.get(reverse("admin:audit_auditseal_changelist")).status_code == 200

    @pytest.mark.parametrize(
        "params",
        [
            {"action": "read"},
            {"at__gte": "2026-01-01 00:00:00+00:00"},
            {"model": "clinic.membership"},
            {"actor_kind": "staff"},
        ],
    )
    def test_filters(self, patient: Any, root: Client, params: dict[str, str]) -> None:
        assert root.get(reverse(self.URL), params).status_code == 200
