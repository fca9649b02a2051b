"""How allauth behaves here: a door without sign-up, mail without surprises, secrets encrypted."""

from __future__ import annotations

import base64
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet, MultiFernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from mesoclinic.clinic.auth import memberships_of
from mesoclinic.clinic.models import StaffMember


class AccountAdapter(DefaultAccountAdapter):
    """Accounts are made by managers and administrators, never by the person at the door."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never."""
        return False

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """Today's visits; for who works in no clinic and may administer, the administration."""
        staff = request.user
        if isinstance(staff, StaffMember) and staff.is_staff and not memberships_of(staff):
            return reverse("admin:index")
        usual: str = super().get_login_redirect_url(request)
        return usual

    def get_reset_password_from_key_url(self, key: str) -> str:
        """The link of a password mail, on the configured address: a Host header can't move it."""
        uid, _, token = key.partition("-")
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": uid, "key": token})
        base: str = settings.BASE_URL
        return base + path


class MFAAdapter(DefaultMFAAdapter):
    """TOTP secrets and recovery-code seeds are stored encrypted with a key from SECRET_KEY."""

    def encrypt(self, text: str) -> str:
        """Fernet with the newest key."""
        return _fernet().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Any of SECRET_KEY and SECRET_KEY_FALLBACKS opens it."""
        return _fernet().decrypt(encrypted_text.encode()).decode()

    def get_totp_issuer(self) -> str:
        """What the authenticator app shows above the code."""
        return "MesoClinic"

    def _get_site_name(self) -> str:
        return "MesoClinic"


def _fernet() -> MultiFernet:
    secrets: list[Any] = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([Fernet(_key(str(secret))) for secret in secrets])


def _key(secret: str) -> bytes:
    derived = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=b"mesoclinic mfa").derive(
        secret.encode()
    )
    return base64.urlsafe_b64encode(derived)
