"""What can go wrong in the aftercare room, in words a person can act on."""

from __future__ import annotations

from enum import StrEnum

from django.utils.translation import gettext_lazy as _

from mesoclinic.common.errors import Conflict, Invalid, NotFound


class UnknownVariable(Invalid):
    """A template uses a name that messages of its kind do not have."""

    default_code = "unknown_variable"
    default_message = _("The text uses a variable that does not exist.")


class TextRefused(Invalid):
    """The words of a template say what they may not; `problems` are sentences by field."""

    default_code = "text_refused"
    default_message = _("The text can't be saved like this.")

    def __init__(self, problems: dict[str, list[str]]) -> None:
        super().__init__()
        self.problems = problems


class NotAPicture(Invalid):
    """A logo that can't be read."""

    default_code = "not_a_picture"
    default_message = _("This is no picture that can be read. Use a PNG or JPEG.")


class UnreadableColour(Invalid):
    """White words would not be readable on the colour."""

    default_code = "unreadable_colour"
    default_message = _("White words can't be read on this colour. Choose a darker one.")


class StepNotFound(NotFound):
    """No such step or version in this clinic."""


class TemplateNotFound(NotFound):
    """No such template in this clinic."""


class StepRefused(Invalid):
    """A step of the programme that could never send anything."""

    default_code = "step_refused"
    default_message = _("The step can't be saved like this.")


class NoShortText(Invalid):
    """A step sends by SMS or WhatsApp, and its template has nothing short to say."""

    default_code = "no_short_text"
    default_message = _("The template has no short text.")


class TaskAlreadyDone(Conflict):
    """Somebody else has finished the task."""

    default_code = "task_done"
    default_message = _("Somebody has already done this.")


class TaskNotFound(NotFound):
    """No such task in this clinic."""


class MessageNotFound(NotFound):
    """No such message in this clinic."""


class CheckInNotFound(NotFound):
    """No such check-in in this clinic."""


class ChangedMeanwhile(Conflict):
    """Somebody saved this on another page while it was being written."""

    default_code = "changed_meanwhile"
    default_message = _(
        "Somebody has changed this in the meantime. What you typed is kept here: look at the other "
        "version on a new page, then save again to replace it."
    )


class AlreadyAnswered(Conflict):
    """The check-in of this link has been answered."""

    default_code = "already_answered"
    default_message = _("You have answered already. Thank you.")


class ThreadNotFound(NotFound):
    """No such conversation in this clinic."""


class ThreadClosed(Conflict):
    """A conversation that has ended takes no answer."""

    default_code = "thread_closed"
    default_message = _("This conversation is closed. Write to the patient anew from the chart.")


class TooManyQuestions(Conflict):
    """More within an hour than anybody can answer."""

    default_code = "too_many_questions"
    default_message = _("You have written several times already. Please call the clinic.")


class RulesNotFound(NotFound):
    """No such version of the triage rules in this clinic."""


class RulesNotDraft(Conflict):
    """Only a draft of the triage rules can be changed or published."""

    default_code = "rules_not_draft"
    default_message = _("This version is in force already. Make a new draft to change it.")


class MilderRules(Invalid):
    """A draft judges something more mildly, and nobody has said that this is meant."""

    default_code = "milder_rules"
    default_message = _(
        "This version would notice less than the one in force. Read what it judges more mildly, "
        "then say that it is meant, or change the draft."
    )


class NoTriageRules(Conflict):
    """The clinic has no published triage rules."""

    default_code = "no_triage_rules"
    default_message = _("This can't be answered here at the moment. Please call the clinic.")


class MessageNotHeld(Conflict):
    """Only a held or failed message can be released."""

    default_code = "message_not_held"
    default_message = _("This message is not waiting for a decision.")


class Certainty(StrEnum):
    """What a delivery error says about the message's fate."""

    TRANSIENT = "transient"
    PERMANENT = "permanent"
    AMBIGUOUS = "ambiguous"


class DeliveryError(Exception):
    """A mail server did not take a message.

    `certainty` tells whether to try again, give up, or leave the decision to the rules for unclear
    cases; `connection_lost` means that no other message can go over this connection either, and
    `server_away` that there is nobody to begin another one with.
    """

    def __init__(
        self,
        certainty: Certainty,
        detail: str,
        *,
        connection_lost: bool = False,
        server_away: bool = False,
    ) -> None:
        super().__init__(detail)
        self.certainty = certainty
        self.detail = detail
        self.connection_lost = connection_lost or server_away
        self.server_away = server_away
