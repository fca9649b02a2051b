"""The demo clinics: told through the services, once, each as a whole."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.utils import timezone

from aftercare.models import Message
from mesoclinic.clinic.models import Clinic
from mesoclinic.demo import setting
from mesoclinic.demo.cast import PLACES, Place
from mesoclinic.demo.story import Teller
from patients.models import ImportRun, Patient
from patients.selectors import recent_merges, suspected_pairs
from scheduling.models import Appointment
from treatments.models import SessionRecord, TreatmentPlan

pytestmark = pytest.mark.django_db
SMALL = 0.06


def load(**options: Any) -> str:
    out = StringIO()
    call_command("load_demo", stdout=out, **{"scale": SMALL} | options)
    return out.getvalue()


def test_every_page_gets_something_to_show_once() -> None:
    load()

    for place in PLACES:
        rows = Patient.objects.filter(clinic__slug=place.slug)
        assert rows.count() >= int(place.patients * SMALL)
    clinic = Clinic.objects.get(slug=PLACES[0].slug)
    visits = Appointment.objects.for_clinic(clinic)
    assert TreatmentPlan.objects.for_clinic(clinic).exists()
    assert SessionRecord.objects.for_clinic(clinic).filter(signed_at__isnull=False).exists()
    assert {"booked", "done"} <= set(visits.values_list("status", flat=True))
    states = set(Message.objects.for_clinic(clinic).values_list("state", flat=True))
    assert {"planned", "sent"} <= states
    assert ImportRun.objects.for_clinic(clinic).get().state == "done"
    assert suspected_pairs(clinic)
    assert recent_merges(clinic, timezone.now())
    assert Patient.objects.for_clinic(clinic).filter(restricted_at__isnull=False).exists()
    count = Patient.objects.count()
    assert "here already" in load()
    assert Patient.objects.count() == count


def test_an_interrupted_load_is_told_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(Teller, "become_contraindicated", stop)
        with pytest.raises(KeyboardInterrupt):
            load(only="lices", scale=0.02)
    assert Clinic.objects.count() == len(PLACES)
    assert not Patient.objects.exists()

    load(only="lices", scale=0.02)

    assert Patient.objects.filter(clinic__slug="lices", phone__startswith="+33").exists()
    assert TreatmentPlan.objects.exists() or Appointment.objects.exists()


def test_side_by_side_one_process_for_each_clinic(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[list[str]] = []

    class Child:
        def __init__(self, command: list[str]) -> None:
            started.append(command[2:])

        def wait(self) -> int:
            return len(started) - 1

    monkeypatch.setattr("subprocess.Popen", Child)

    with pytest.raises(CommandError, match="could not be loaded"):
        load(side_by_side=True)

    assert started == [
        ["load_demo", "--only", place.slug, "--scale", str(SMALL)] for place in PLACES
    ]


def test_the_accounts_are_printed() -> None:
    told = load(accounts=True)

    assert all(person.email in told for place in PLACES for person in place.people)


def test_links_lead_to_todays_port_and_an_address_given_by_hand_stays() -> None:
    local, own = (Clinic.objects.get(slug=place.slug) for place in _built())
    Clinic.objects.filter(pk=local.pk).update(base_url="http://localhost:8123")
    Clinic.objects.filter(pk=own.pk).update(base_url="https://skin.example")

    load(readdress=True)

    local.refresh_from_db()
    own.refresh_from_db()
    assert (local.base_url, own.base_url) == (settings.BASE_URL, "https://skin.example")


def _built() -> tuple[Place, ...]:
    setting.administrator()
    for place in PLACES:
        setting.build(place, timezone.now())
    return PLACES
