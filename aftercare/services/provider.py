"""Mail through the API of a provider, by django-anymail, where no SMTP server is to be used.

`EMAIL_PROVIDER` names it; what it reports afterwards comes to `/hooks/mail/`.
"""

from __future__ import annotations

from email import message_from_bytes, policy
from email.message import EmailMessage as ParsedMail

from anymail.exceptions import AnymailAPIError, AnymailError, AnymailRecipientsRefused
from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend

from aftercare.exceptions import Certainty, DeliveryError
from aftercare.services.transport import SmtpTransport

_TRY_AGAIN = frozenset({408, 425, 429})
_OWN_HEADERS = (
    "Message-ID", "Auto-Submitted", "List-Unsubscribe", "List-Unsubscribe-Post"
)  # fmt: skip


class ProviderTransport(SmtpTransport):
    """Hands over one message for each request; the connection is kept open between them."""

    def __init__(self) -> None:
        super().__init__()
        self._backend: BaseEmailBackend | None = None

    def send(self, *, sender: str, recipient: str, payload: bytes) -> str:
        """Hand over one message; the provider's id. Raises `DeliveryError`."""
        mail = as_django(payload)
        backend = self._opened()
        try:
            backend.send_messages([mail])
        except AnymailRecipientsRefused as error:
            raise DeliveryError(Certainty.PERMANENT, _said(error)) from error
        except AnymailAPIError as error:
            raise _judged(error) from error
        except AnymailError as error:
            raise DeliveryError(Certainty.PERMANENT, _said(error)) from error
        except OSError as error:
            # What requests raises is an OSError, its time-outs included.
            raise DeliveryError(Certainty.AMBIGUOUS, _said(error)) from error
        return str(getattr(mail, "anymail_status").message_id or "")  # noqa: B009  (added while sending)

    def close(self) -> None:
        """End the conversation."""
        if self._backend is not None:
            self._backend.close()
            self._backend = None

    def _opened(self) -> BaseEmailBackend:
        if self._backend is None:
            name = f"anymail.backends.{settings.EMAIL_PROVIDER}.EmailBackend"
            self._backend = get_connection(name)
            self._backend.open()
        return self._backend


def configured_transport() -> SmtpTransport:
    """The way by which this installation sends its mail."""
    by_api = settings.EMAIL_PROVIDER and settings.EMAIL_PROVIDER_API
    return ProviderTransport() if by_api else SmtpTransport()


def as_django(payload: bytes) -> EmailMultiAlternatives:
    """A finished mail as Django's mail backends take it, with our headers."""
    parsed = message_from_bytes(payload, _class=ParsedMail, policy=policy.default)
    text, html = parsed.get_body(("plain",)), parsed.get_body(("html",))
    mail = EmailMultiAlternatives(
        subject=str(parsed["Subject"]),
        body=text.get_content() if text is not None else "",
        from_email=str(parsed["From"]),
        to=[str(parsed["To"])],
        headers={name: str(parsed[name]) for name in _OWN_HEADERS if parsed[name]},
    )
    if html is not None:
        mail.attach_alternative(html.get_content(), "text/html")
    for part in parsed.iter_attachments():
        mail.attach(part.get_filename(), part.get_content(), part.get_content_type())
    return mail


def _judged(error: AnymailAPIError) -> DeliveryError:
    status = getattr(error, "status_code", None)
    if status is None:
        # The request did not come back: whether the message was taken is unknown.
        return DeliveryError(Certainty.AMBIGUOUS, _said(error), connection_lost=True)
    wait = status in _TRY_AGAIN or status >= 500
    return DeliveryError(Certainty.TRANSIENT if wait else Certainty.PERMANENT, _said(error))


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:250]
