"""Ask the doctor: a question is a task, an answer a mail without words, read after a fresh code."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from aftercare.exceptions import ThreadClosed, ThreadNotFound, TooManyQuestions
from aftercare.models import CannedAnswer, Message, StaffTask, Thread, ThreadPhoto, ThreadPost
from aftercare.selectors import threads as reads
from aftercare.services import threads
from mesoclinic.clinic.models import Clinic, Membership
from mesoclinic.common.errors import Forbidden, Invalid
from patients.models import Patient, PatientLink
from tests.factories import aftercare as make
from tests.factories import files, treatments
from tests.integration.aftercare.reading import html, plain
from tests.integration.patients.pictures import form_file
from tests.mailsink import MailSink
from tests.personas import client_for

NOW = dt.datetime(2026, 3, 10, 9, 0, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def link(ines: Patient) -> PatientLink:
    return make.link(ines, PatientLink.Purpose.ASK, None, NOW)[0]


def answered(member: Membership, thread: Thread, text: str = "Yes, after two days.") -> ThreadPost:
    return threads.answer(
        actor=treatments.actor_of(member), clinic=member.clinic, thread_id=thread.pk, text=text,
        now=NOW + 5 * MINUTE,
    )  # fmt: skip


def test_a_question_is_a_task_and_a_double_click_is_one_question(link: PatientLink) -> None:
    first = threads.ask(link=link, text=" May I swim? ", now=NOW)
    assert threads.ask(link=link, text="May I swim?", now=NOW + MINUTE) == first
    more = threads.ask(link=link, text="And sauna?", now=NOW + MINUTE)

    assert more.thread_id == first.thread_id
    task = StaffTask.objects.get()
    assert (task.kind, task.role, task.subject_id) == ("question", "clinical", first.thread_id)
    thread = Thread.objects.get()
    assert (thread.state, thread.waits_since) == ("waiting", NOW)


@pytest.mark.parametrize("text", ["", "  ", "x" * 2001])
def test_nothing_and_too_much_are_refused(link: PatientLink, text: str) -> None:
    with pytest.raises(Invalid):
        threads.ask(link=link, text=text, now=NOW)
    assert not Thread.objects.exists()


def test_six_questions_an_hour_are_enough(link: PatientLink) -> None:
    for n in range(6):
        threads.ask(link=link, text=f"Question {n}", now=NOW + n * MINUTE)
    with pytest.raises(TooManyQuestions):
        threads.ask(link=link, text="One more", now=NOW + 10 * MINUTE)
    assert threads.ask(link=link, text="One more", now=NOW + 61 * MINUTE)


def test_an_answer_ends_the_task_and_is_announced_without_a_word_of_it(
    ines: Patient, practitioner: Membership, mail_sink: MailSink
) -> None:
    thread = make.question(ines, NOW).thread
    answered(practitioner, thread)

    task = StaffTask.objects.get()
    assert (task.outcome, task.done_by) == ("Answered.", "Ayla Kara")
    thread.refresh_from_db()
    assert (thread.state, thread.answered_at) == ("answered", NOW + 5 * MINUTE)
    make.post(NOW + 6 * MINUTE)
    (mail,) = mail_sink.messages
    for text in (str(mail["Subject"]), plain(mail), html(mail)):
        assert "swim" not in text
        assert "two days" not in text
    # A second answer is a second mail, not a silent one.
    answered(practitioner, thread, "And no sauna.")
    assert Message.objects.filter(subject_type="thread").count() == 2


def test_the_answer_is_read_after_the_mailed_code_by_that_browser_only(
    ines: Patient, practitioner: Membership, mail_sink: MailSink
) -> None:
    thread = make.question(ines, NOW).thread
    answered(practitioner, thread)
    make.post(NOW + 6 * MINUTE)
    found = re.search(r"/p/([\w-]+)/answer/", plain(mail_sink.messages[0]))
    assert found is not None
    page, read = f"/p/{found[1]}/answer/", f"/p/{found[1]}/answer/read/"

    phone = Client()
    with time_machine.travel(NOW + 10 * MINUTE, tick=False):
        assert "two days" not in phone.get(page).content.decode()
        assert phone.get(read).status_code == 302
        assert phone.post(read, {"text": "Is that you?"}).status_code == 302
        phone.post(page, {"send": "1"})
        make.post(NOW + 10 * MINUTE)
        code = re.search(r"\b\d{6}\b", plain(mail_sink.messages[-1]))
        assert code is not None
        wrong = "000000" if code[0] != "000000" else "111111"
        assert phone.post(page, {"code": wrong}).status_code == 422
        assert phone.post(page, {"code": code[0]})["Location"] == read
        seen = phone.get(read)
        assert "two days" in seen.content.decode()
        assert seen["Cache-Control"] == "no-store, private"
        assert Client().get(read).status_code == 302
        phone.post(read, {"text": "Thank you. And in the sea?"})
    with time_machine.travel(NOW + 60 * MINUTE, tick=False):
        assert phone.get(read).status_code == 302
    assert [post.is_answer for post in thread.posts.all()] == [False, True, False]


def test_photographs_go_with_a_question_and_only_practitioners_see_them(
    ines: Patient, practitioner: Membership, other_practitioner: Membership, settings: Any,
    tmp_path: Path,
) -> None:  # fmt: skip
    """A broken one is named and holds up neither the question nor the others."""
    settings.MEDIA_ROOT = tmp_path
    _link, token = make.link(ines, PatientLink.Purpose.ASK, None, NOW)
    sent = {
        "text": "Is this bruise usual?",
        "photos": [form_file(files.jpeg(), "cheek.jpg"), form_file(b"no picture", "broken.jpg")],
    }
    with time_machine.travel(NOW, tick=False):
        done = Client().post(f"/p/{token}/ask/", sent)
    assert "broken.jpg" in done.content.decode()
    (photo,) = ThreadPhoto.objects.all()
    assert photo.post.text == "Is this bruise usual?"
    assert photo.file.patient_id == ines.pk

    thread = reverse("aftercare:thread", args=[photo.post.thread_id])
    shown = client_for(practitioner).get(thread).content.decode()
    picture = reverse("patients:file", args=[photo.file_id])
    assert picture in shown
    assert client_for(other_practitioner).get(thread).status_code == 404


def test_a_conversation_can_be_closed_with_a_reason_and_is_over(
    ines: Patient, practitioner: Membership
) -> None:
    thread = make.question(ines, NOW).thread
    url = reverse("aftercare:thread-close", args=[thread.pk])
    client_for(practitioner).post(url, {"why": " "})
    assert not StaffTask.objects.get().done_at
    client_for(practitioner).post(url, {"why": "Called her."})
    assert StaffTask.objects.get().outcome == "Called her."
    with pytest.raises(ThreadClosed):
        answered(practitioner, thread)
    assert make.question(ines, NOW + MINUTE, "Another thing").thread != thread


def test_only_practitioners_of_the_clinic_read_and_answer(
    ines: Patient, practitioner: Membership, receptionist: Membership,
    other_practitioner: Membership,
) -> None:  # fmt: skip
    CannedAnswer.objects.create(clinic=ines.clinic, title="Swimming", text="After two days.")
    thread = make.question(ines, NOW).thread
    url = reverse("aftercare:thread", args=[thread.pk])
    shown = client_for(practitioner).get(url).content.decode()
    assert "May I swim?" in shown
    assert "After two days." in shown
    assert client_for(receptionist).get(url).status_code == 403
    assert client_for(other_practitioner).get(url).status_code == 404
    assert client_for(other_practitioner).post(url, {"text": "Hello"}).status_code == 404
    with pytest.raises(Forbidden):
        answered(receptionist, thread)
    with pytest.raises(ThreadNotFound):
        answered(other_practitioner, thread)
    listed = client_for(practitioner).get("/questions/?state=waiting").content.decode()
    assert "Inês Carvalho" in listed
    exported = client_for(practitioner).get("/questions/?export=csv").content.decode()
    assert "Inês Carvalho,waiting" in exported
    assert "swim" not in exported


def test_how_soon_questions_are_answered_is_said_from_five_answers_on(
    clinic: Clinic, practitioner: Membership, lices: Clinic
) -> None:
    for n in range(5):
        assert reads.usual_wait(clinic, now=NOW + 10 * MINUTE) is None
        patient = treatments.patient(clinic, f"Patient {n}", email=f"p{n}@example.org")
        answered(practitioner, make.question(patient, NOW).thread)
    assert reads.usual_wait(clinic, now=NOW + 10 * MINUTE) == 5 * MINUTE
