"""The policies of URLs whose views are not ours. What is in neither table nor code is refused."""

from __future__ import annotations

from mesoclinic.clinic.access import Policy

NAMESPACES: dict[str, Policy] = {"admin": Policy.ADMIN}

# None closes a URL that a package brings along but this house does not use: it answers 404.
URL_NAMES: dict[str, Policy | None] = {
    "account_login": Policy.PUBLIC,
    "account_logout": Policy.PUBLIC,
    "account_inactive": Policy.PUBLIC,
    "account_reset_password": Policy.PUBLIC,
    "account_reset_password_done": Policy.PUBLIC,
    "account_reset_password_from_key": Policy.PUBLIC,
    "account_reset_password_from_key_done": Policy.PUBLIC,
    "account_reauthenticate": Policy.SIGNED_IN,
    "account_change_password": Policy.SIGNED_IN,
    "account_set_password": Policy.SIGNED_IN,
    "account_signup": None,
    "account_email": None,
    "account_email_verification_sent": None,
    "account_confirm_email": None,
    "account_confirm_login_code": None,
    # Between password and second factor nobody is signed in yet; the views check the stage.
    "mfa_authenticate": Policy.PUBLIC,
    "mfa_login_webauthn": Policy.PUBLIC,
    "mfa_index": Policy.SIGNED_IN,
    "mfa_reauthenticate": Policy.SIGNED_IN,
    "mfa_activate_totp": Policy.SIGNED_IN,
    "mfa_deactivate_totp": Policy.SIGNED_IN,
    "mfa_view_recovery_codes": Policy.SIGNED_IN,
    "mfa_generate_recovery_codes": Policy.SIGNED_IN,
    "mfa_download_recovery_codes": Policy.SIGNED_IN,
    "mfa_list_webauthn": Policy.SIGNED_IN,
    "mfa_add_webauthn": Policy.SIGNED_IN,
    "mfa_reauthenticate_webauthn": Policy.SIGNED_IN,
    "mfa_remove_webauthn": Policy.SIGNED_IN,
    "mfa_edit_webauthn": Policy.SIGNED_IN,
}

# The only pages open to somebody whose role still lacks its second factor.
SECOND_FACTOR_SETUP = frozenset(
    {
        "account_logout",
        "account_reauthenticate",
        "account_change_password",
        "mfa_index",
        "mfa_reauthenticate",
        "mfa_reauthenticate_webauthn",
        "mfa_activate_totp",
        "mfa_view_recovery_codes",
        "mfa_generate_recovery_codes",
        "mfa_download_recovery_codes",
        "mfa_list_webauthn",
        "mfa_add_webauthn",
        "clinic:switch",
    }
)
