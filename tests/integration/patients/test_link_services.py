"""Links and codes: what is stored of them, how often they work, when they end."""

from __future__ import annotations

import datetime as dt

import pytest

from mesoclinic.audit.actors import Actor
from patients import services, signals
from patients.exceptions import CodeWrong, LinkUnusable, NoAddress, TooManyCodes
from patients.models import LinkCode, Patient, PatientLink
from tests.factories.patients import NOW
from tests.integration.patients.conftest import heard

HOUR = dt.timedelta(hours=1)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]


def test_only_the_digest_is_stored(invited: str, patient: Patient) -> None:
    link = PatientLink.objects.get()
    assert invited not in str(PatientLink.objects.values().get())
    assert len(invited) == 43
    assert services.resolve_link(invited, "screening", NOW).pk == link.pk


def test_inviting_again_ends_the_earlier_link(invited: str, patient: Patient, desk: Actor) -> None:
    services.invite_to_screening(actor=desk, patient=patient, now=NOW)
    with pytest.raises(LinkUnusable):
        services.resolve_link(invited, "screening", NOW)


def test_without_an_address_nobody_is_invited(patient: Patient, desk: Actor) -> None:
    patient.email = ""
    with pytest.raises(NoAddress):
        services.invite_to_screening(actor=desk, patient=patient, now=NOW)
    assert not PatientLink.objects.exists()


def test_a_code_works_once_for_ten_minutes(invited: str) -> None:
    link = services.resolve_link(invited, None, NOW)
    actor = services.link_actor(link)
    with heard(signals.link_code_requested) as calls:
        services.request_code(actor=actor, link=link, now=NOW)
    code = calls[0]["code"]
    assert LinkCode.objects.get().digest != code
    with pytest.raises(CodeWrong):
        services.check_code(actor=actor, link=link, code=code, now=NOW + dt.timedelta(minutes=10))
    services.check_code(actor=actor, link=link, code=f"{code[:3]} {code[3:]}", now=NOW)
    with pytest.raises(CodeWrong):
        services.check_code(actor=actor, link=link, code=code, now=NOW)


def test_five_wrong_tries_spend_a_code(invited: str) -> None:
    link = services.resolve_link(invited, None, NOW)
    actor = services.link_actor(link)
    with heard(signals.link_code_requested) as calls:
        services.request_code(actor=actor, link=link, now=NOW)
    code = calls[0]["code"]
    wrong = "000000" if code != "000000" else "000001"
    for _ in range(5):
        with pytest.raises(CodeWrong):
            services.check_code(actor=actor, link=link, code=wrong, now=NOW)
    assert LinkCode.objects.get().attempts == 5
    with pytest.raises(CodeWrong):
        services.check_code(actor=actor, link=link, code=code, now=NOW)


def test_three_codes_an_hour(invited: str) -> None:
    link = services.resolve_link(invited, None, NOW)
    actor = services.link_actor(link)
    for _ in range(3):
        services.request_code(actor=actor, link=link, now=NOW)
    with pytest.raises(TooManyCodes):
        services.request_code(actor=actor, link=link, now=NOW)
    services.request_code(actor=actor, link=link, now=NOW + HOUR)
