"""What the treatments room refuses, in words a person can act on."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from mesoclinic.common.errors import Conflict, Forbidden, Invalid


class WrongPlanStatus(Conflict):
    """The plan is not in a status that allows this step."""

    default_code = "wrong_plan_status"
    default_message = _("The plan's status does not allow this. Look at the plan again.")


class CocktailStopped(Conflict):
    """The cocktail has an absolute finding for this patient."""

    default_code = "cocktail_stopped"
    default_message = _("This cocktail must not be given to this patient. Change it first.")


class ChangeNoteMissing(Invalid):
    """A new cocktail version says what changed."""

    default_code = "change_note_missing"
    default_message = _("Say in a few words what changed.")


class NothingChanged(Invalid):
    """The new version is the same as the one before."""

    default_code = "nothing_changed"
    default_message = _("This is the same cocktail as before. Change an ingredient or a dose.")


class CocktailMovedOn(Conflict):
    """A newer version was stored since the one this change was made from was shown."""

    default_code = "cocktail_moved_on"
    default_message = _(
        "Version %(number)s was stored on another page meanwhile: %(note)s. "
        "Yours stands here and is not stored. Store it again if it is to take its place."
    )

    def __init__(self, number: int, note: str) -> None:
        super().__init__(self.default_message % {"number": number, "note": note.rstrip(".")})


class ConsentOutdated(Conflict):
    """The text shown is not the text that would be signed now."""

    default_code = "consent_outdated"
    default_message = _("The text has changed since it was shown. Read it again, then sign.")


class NotReady(Conflict):
    """The gate says stop, and nobody has overridden it."""

    default_code = "not_ready"
    default_message = _("The session can't begin yet. See what stops it.")


class OverrideRefused(Forbidden):
    """An absolute reason can't be overridden, nor by anybody but a practitioner."""

    default_code = "override_refused"
    default_message = _("This reason can't be set aside. Resolve it first.")


class SessionSigned(Conflict):
    """A signed record never changes."""

    default_code = "session_signed"
    default_message = _("This session is signed. Add an addendum instead.")


class DraftConflict(Conflict):
    """Another tab, or somebody else, has saved this draft since the page was opened."""

    default_code = "draft_conflict"
    default_message = _(
        "This session was changed on another page meanwhile. Your last entries are not saved yet."
    )


class RecordIncomplete(Invalid):
    """Something is missing for the signature; `missing` lists it in order of work."""

    default_code = "record_incomplete"
    default_message = _("Something is missing. See the list above the signature.")

    def __init__(self, missing: Sequence[str]) -> None:
        self.missing = tuple(missing)
        super().__init__(" ".join(self.missing) if missing else None)


class LotRefused(Conflict):
    """The lot is expired, withdrawn, empty, or of another ingredient."""

    default_code = "lot_refused"
    default_message = _("This lot can't be used. Choose another one.")


class LotShort(Conflict):
    """Less is left in the lot than is to be given."""

    default_code = "lot_short"
    default_message = _("There is not enough left in this lot. Choose another one or correct it.")


class EventClosed(Conflict):
    """The adverse event is resolved already."""

    default_code = "event_closed"
    default_message = _("This reaction is resolved already.")


class SharedFileRefused(Invalid):
    """A shared catalogue file can't be taken in; `problems` are sentences with their places."""

    default_code = "shared_file"
    default_message = _("The file can't be taken in.")

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__(" ".join(self.problems) if problems else None, field="file")


class EventOpen(Conflict):
    """The adverse event is open: there is nothing to open again."""

    default_code = "event_open"
    default_message = _("This reaction is open already.")


class NobodyToTell(Conflict):
    """No signed session used the lot, or everybody it was given to has died or was erased."""

    default_code = "nobody_to_tell"
    default_message = _("There is nobody to tell. Withdraw the lot on its stock page.")
