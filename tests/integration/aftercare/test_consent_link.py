"""Consent by a mailed link: from the mail over the code to the signature, once."""

from __future__ import annotations

import datetime as dt
import re

import time_machine
from django.test import Client

from aftercare.services import seeding
from mesoclinic.audit.models import AuditEntry
from mesoclinic.clinic.models import Clinic, Membership
from tests.factories import aftercare as make
from tests.factories import treatments
from tests.integration.aftercare.reading import plain
from tests.mailsink import MailSink
from treatments import services
from treatments.models import Consent

NOW = treatments.NOW
MINUTE = dt.timedelta(minutes=1)


def test_it_is_read_after_the_code_and_signed_once(
    clinic: Clinic, practitioner: Membership, mail_sink: MailSink
) -> None:
    seeding.seed_clinic(clinic)
    ines = treatments.patient(clinic, email="ines@example.org")
    plan = treatments.course(treatments.catalogue(clinic), practitioner, who=ines)
    actor = treatments.actor_of(practitioner)
    services.withdraw_consent(consent=Consent.objects.get(), actor=actor, now=NOW)
    before = Consent.objects.count()
    services.ask_for_consent(plan=plan, actor=actor, now=NOW)
    make.post(NOW + MINUTE)
    found = re.search(r"/p/([\w-]+)/consent/", plain(mail_sink.messages[-1]))
    assert found is not None
    page = f"/p/{found[1]}/consent/"
    text = f"{page}text/"

    phone = Client()
    with time_machine.travel(NOW + 10 * MINUTE, tick=False):
        # Looking changes nothing and shows nothing
        assert plan.indication.name not in phone.get(page).content.decode()
        assert phone.get(text)["Location"] == page
        assert phone.post(text, {"signer_name": "Somebody"})["Location"] == page
        # The code opens the text, in this browser only
        phone.post(page, {"send": "1"})
        make.post(NOW + 10 * MINUTE)
        code = re.search(r"\b\d{6}\b", plain(mail_sink.messages[-1]))
        assert code is not None
        assert phone.post(page, {"code": code[0]})["Location"] == text
        shown = phone.get(text).content.decode()
        assert plan.indication.name in shown
        assert Client().get(text)["Location"] == page
        # Name and tick are needed, and what was shown is what is signed
        digest = re.search(r'name="text_sha256" value="([0-9a-f]{64})"', shown)
        assert digest is not None
        signed = {"text_sha256": digest[1], "signer_name": plan.patient.name, "agrees": "on"}
        for bad in ({"signer_name": " "}, {"agrees": ""}, {"text_sha256": "0" * 64}):
            assert phone.post(text, signed | bad).status_code == 422
        assert Consent.objects.count() == before
        answers = [phone.post(text, signed), phone.post(text, signed), phone.get(text)]
        assert [one.status_code for one in answers] == [200, 200, 200]
        assert "signer_name" not in answers[-1].content.decode()
        # Another browser finds a used link
        assert Client().get(text).status_code == Client().get(page).status_code == 404
    consent = Consent.objects.latest("created_at")
    assert Consent.objects.count() == before + 1
    assert (consent.method, consent.signer_name) == ("link", plan.patient.name)
    assert consent.cocktail == plan.cocktails.latest()
    kinds = AuditEntry.objects.filter(model="treatments.consent", object_id=str(consent.pk))
    assert {entry.actor_kind for entry in kinds} == {"link"}
