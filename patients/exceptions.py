"""The refusals of the patients room, each with a sentence a person can act on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.utils.translation import gettext_lazy as _

from mesoclinic.common.errors import Conflict, Forbidden, Invalid, NotFound


class PatientNotFound(NotFound):
    """No such patient in this clinic."""

    default_code = "patient_not_found"
    default_message = _("There is no such patient in this clinic.")


class ScreeningNotFound(NotFound):
    """No such screening in this clinic."""

    default_code = "screening_not_found"
    default_message = _("There is no such screening in this clinic.")


class FactNotFound(NotFound):
    """No such entry in this patient's record."""

    default_code = "fact_not_found"
    default_message = _("There is no such entry in this record.")


class InvalidPhone(Invalid):
    """The number can't be dialled."""

    default_code = "invalid_phone"
    default_message = _(
        "This is not a phone number. Write it with the country code, for example +33 6 12 34 56 78."
    )


class PossibleDuplicate(Conflict):
    """Somebody very like this is registered already; `candidates` are those patients."""

    default_code = "possible_duplicate"
    default_message = _(
        "Somebody very like this is registered already. Look at the record, or register anyway."
    )

    def __init__(self, candidates: Sequence[object] = ()) -> None:
        self.candidates = tuple(candidates)
        super().__init__()


class PatientClosed(Conflict):
    """The patient has died, was erased, or wants the data unused: nothing is planned or sent."""

    default_code = "patient_closed"
    default_message = _(
        "This record is closed: the patient has died, or asked that it be forgotten or not used."
    )


class ErasureBlocked(Conflict):
    """Something must be settled before the person can be erased; the message says what."""

    default_code = "erasure_blocked"
    default_message = _("Something must be settled before this record can be erased.")


class TableUnreadable(Invalid):
    """The file is no table that can be imported; the message tells a person what to do."""

    default_code = "table_unreadable"
    default_message = _("This table can't be read. Save it as CSV or XLSX.")


class ImportNotFound(NotFound):
    """No such import in this clinic."""

    default_code = "import_not_found"
    default_message = _("There is no such import in this clinic.")


class ImportNotReady(Conflict):
    """The import is in another state by now: another tab or person was faster."""

    default_code = "import_not_ready"
    default_message = _("This import has gone on in the meantime. Look at where it stands.")


class ImportNotUndoable(Conflict):
    """Too late, or undone already."""

    default_code = "import_not_undoable"
    default_message = _("This import can't be undone any more: thirty days have passed, or it was.")


class MergeNotFound(NotFound):
    """No such merge in this clinic."""

    default_code = "merge_not_found"
    default_message = _("There is no such merge in this clinic.")


class MergeRefused(Conflict):
    """The two entries can't become one; the message says why where it is known."""

    default_code = "merge_refused"
    default_message = _("These two entries can't be merged.")


class MergeNotUndoable(Conflict):
    """Too late, undone already, or the kept entry has itself been merged or erased since."""

    default_code = "merge_not_undoable"
    default_message = _(
        "This merge can't be undone any more: thirty days have passed, it was undone, or the "
        "record was merged or closed since."
    )


class FactIsImported(Conflict):
    """Imported facts are ended, not rewritten."""

    default_code = "fact_is_imported"
    default_message = _("This was imported. End it and add your own entry instead.")


class NoQuestionnaire(Conflict):
    """The clinic has not published a questionnaire."""

    default_code = "no_questionnaire"
    default_message = _(
        "There is no published questionnaire. A manager publishes one in the administration."
    )


class QuestionnaireBroken(Invalid):
    """The JSON of a questionnaire can't be read; the message names the place."""

    default_code = "questionnaire_broken"


class AlreadySubmitted(Conflict):
    """A submitted screening never changes."""

    default_code = "screening_submitted"
    default_message = _("This screening has been submitted and can't be changed. Start a new one.")


class QuestionnaireReplaced(Conflict):
    """A newer version was published while this one was filled in."""

    default_code = "questionnaire_replaced"
    default_message = _(
        "The questionnaire has changed in the meantime. Your answers are kept: please look through "
        "them once more."
    )


class AnswersMissing(Invalid):
    """Required questions are open; `missing` maps their keys to a sentence."""

    default_code = "answers_missing"
    default_message = _("Some questions still need an answer.")

    def __init__(self, missing: Mapping[str, str]) -> None:
        self.missing = dict(missing)
        super().__init__(field=next(iter(self.missing), None))


class AnswerNotAccepted(Invalid):
    """An answer has a shape that its question does not take."""

    default_code = "answer_not_accepted"
    default_message = _("This answer does not fit the question.")


class DecisionNotAllowed(Conflict):
    """An absolute contraindication can't be overridden by anybody."""

    default_code = "decision_not_allowed"
    default_message = _(
        "An absolute contraindication applies: only “defer” or “do not treat” can be chosen."
    )


class DecisionOutdated(Conflict):
    """The judgement changed while the page was open."""

    default_code = "decision_outdated"
    default_message = _("The findings have changed in the meantime. Look at them again.")


class NothingToConfirm(Conflict):
    """Only a valid screening can be confirmed."""

    default_code = "nothing_to_confirm"
    default_message = _("There is no valid screening to confirm. Start a new one.")


class LinkUnusable(NotFound):
    """Unknown, expired, revoked and used links look the same to their holder."""

    default_code = "link_unusable"
    default_message = _("This link can't be used any more. Please ask the clinic for a new one.")


class CodeWrong(Invalid):
    """The code does not open the page."""

    default_code = "code_wrong"
    default_message = _("This code is not right or too old. Look at the newest e-mail.")


class TooManyCodes(Conflict):
    """Codes are mailed a few times an hour only."""

    default_code = "too_many_codes"
    default_message = _("We have sent several codes already. Please wait an hour or call us.")


class InvitationNotFound(NotFound):
    """No such mailed questionnaire in this clinic."""

    default_code = "invitation_not_found"
    default_message = _("There is no such link in this clinic.")


class InvitationEnded(Conflict):
    """What is done or has ended can't be withdrawn any more."""

    default_code = "invitation_ended"
    default_message = _("This link has ended already, or the questionnaire is done.")


class NoAddress(Conflict):
    """A link is mailed: without an address there is nothing to mail it to."""

    default_code = "no_email"
    default_message = _("The patient has no e-mail address. Add one, or screen at the desk.")


class BundleUnreadable(Invalid):
    """A file that is no FHIR bundle of one patient; the message says what is wrong."""

    default_code = "bundle_unreadable"


class ClinicalContent(Forbidden):
    """What only practitioners may see or do."""

    default_code = "clinical_content"
    default_message = _("Only practitioners see this.")


class FileNotFound(NotFound):
    """No such file in this clinic, or one that was withdrawn."""

    default_code = "file_not_found"
    default_message = _("There is no such photograph or document in this clinic.")


class NotADraft(Conflict):
    """A published version never changes."""

    default_code = "not_a_draft"
    default_message = _("Only a draft can be changed. Copy this version to a new draft.")


class QuestionnaireNotFound(NotFound):
    """No such version in this clinic."""

    default_code = "questionnaire_not_found"
    default_message = _("There is no such questionnaire.")


class FileRefused(Invalid):
    """A file that is not kept; the message says what to do instead."""

    default_code = "file_refused"
    default_message = _(
        "This kind of file is not kept. Choose a JPEG, PNG or WebP picture, or a PDF."
    )

    def __init__(self, message: object = None) -> None:
        super().__init__(message, field="files")


class FileTooLarge(FileRefused):
    """More bytes than are taken."""

    default_code = "file_too_large"


class FileIsHeic(FileRefused):
    """The format of iPhones' cameras, which few browsers can show."""

    default_code = "file_heic"
    default_message = _(
        "This is a HEIC photograph, which can't be read here. On an iPhone choose Settings, Camera, "
        "Formats, “Most compatible”, or send it as JPEG."
    )


class FileIsSvg(FileRefused):
    """A drawing made of instructions, which may hold programs."""

    default_code = "file_svg"
    default_message = _("SVG drawings are not kept: they can hold programs. Save it as PNG.")


class TooManyPixels(FileRefused):
    """A picture larger than can be decoded safely."""

    default_code = "too_many_pixels"


class FileUnreadable(FileRefused):
    """Damaged, cut off, or not what its first bytes say."""

    default_code = "file_unreadable"
    default_message = _("This file is damaged or cut off. Send it again, or take it anew.")
