"""The mail with the code of an online booking.

It is sent at once and not through the outbox: that holds messages to patients, and nobody is one
yet. The page says so when it could not be sent, and another can be asked for.
"""

from __future__ import annotations

from smtplib import SMTPException

import structlog
from django.core.mail import EmailMessage
from django.utils import translation
from django.utils.translation import gettext as _

from mesoclinic.clinic.languages import readable
from scheduling.models import OnlineBooking

logger = structlog.get_logger(__name__)


def send_code(booking: OnlineBooking, code: str) -> bool:
    """Mail the code; False where the mail server did not take it. No health data, no time."""
    clinic = booking.clinic
    with translation.override(readable(booking.language, clinic.language)):
        subject = _("Your code for %(clinic)s") % {"clinic": clinic.name}
        body = "\n\n".join(
            (
                _(
                    "%(code)s is your code to finish booking at %(clinic)s. It works for fifteen minutes."
                )
                % {"code": code, "clinic": clinic.name},
                _(
                    "You did not book? Then please ignore this message: without the code nothing is booked."
                ),
            )
        )
    mail = EmailMessage(
        subject, body, clinic.sender, [booking.email],
        headers={"Auto-Submitted": "auto-generated"},
    )  # fmt: skip
    try:
        mail.send()
    except (SMTPException, OSError, ValueError):
        logger.warning("online_code_not_sent", booking=str(booking.pk))
        return False
    return True
