"""The bytes of a mail, read back by the standard library's parser."""

from __future__ import annotations

import email.policy
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import parseaddr

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aftercare.services import mime
from aftercare.services.mime import Attachment

# Everything a person can type; lone surrogates are no text.
TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Zl", "Zp")), max_size=300)
BODY = st.text(st.characters(codec="utf-8", exclude_characters="\r\x0b\x0c\x1c\x1d\x1e\x85  "))


def read(data: bytes) -> EmailMessage:
    message = message_from_bytes(data, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    return message


def lines_are_short(data: bytes, limit: int) -> bool:
    assert b"\n" not in data.replace(b"\r\n", b"")
    return all(len(line) <= limit for line in data.split(b"\r\n"))


@given(TEXT)
@example("Ваш визит завтра " * 12)
@example("=?utf-8?q?not_a_word?=é")
def test_a_header_in_any_script_reads_back(value: str) -> None:
    line = mime.header("Subject", value)
    assert line.isascii()
    if not value.isascii():
        assert lines_are_short(line, 85)
    if "=?" not in value or not value.isascii():
        assert read(line + b"\r\n")["Subject"].strip() == value.strip()


@pytest.mark.parametrize("attack", ["a\r\nBcc: b@example.org", "a\nBcc: x", "a\r\n\r\nbody", "\0x"])
def test_a_header_cannot_smuggle_another(attack: str) -> None:
    for line in (
        mime.header("Subject", attack),
        mime.header("Subject", attack + "é"),
        mime.address_header("To", attack, "a@example.org"),
        mime.address_header("To", attack + "é", "a@example.org"),
    ):
        mail = read(line + b"\r\n")
        assert mail["Bcc"] is None
        assert len(mail.keys()) == 1


@given(TEXT)
@example('Dr "Rui" Lin, Ltd')
@example("Siobhán Ní Bhriain")
@example("Nguyễn Thị Thảo " * 6)
def test_a_name_in_any_script_reads_back(name: str) -> None:
    line = mime.address_header("To", name, "rui@example.org")
    # The older parser: the newer one of Python 3.11 puts blanks between the words of a long name.
    shown, address = parseaddr(message_from_bytes(line + b"\r\n")["To"])
    assert address == "rui@example.org"
    if "=?" not in name or not name.isascii():
        assert str(make_header(decode_header(shown))).split() == name.split()


def test_an_address_that_is_no_ascii_is_refused() -> None:
    with pytest.raises(UnicodeEncodeError):
        mime.address_header("To", "Rui", "ruï@example.org")


@given(BODY, BODY)
@example("a line\n.\n..two\nFrom here\n", "<p>= é " + "x" * 500 + "</p>  \n")
def test_both_texts_read_back(text: str, html: str) -> None:
    data = b"Subject: x\r\n" + mime.body(text, html)
    assert lines_are_short(data, 78)
    mail = read(data)
    assert mail.get_content_type() == "multipart/alternative"
    plain, twin = mail.iter_parts()
    assert decoded(plain) == text
    assert decoded(twin) == html
    assert twin.get_content_type() == "text/html"


def decoded(part: object) -> str:
    assert isinstance(part, EmailMessage)
    raw = part.get_payload(decode=True)
    assert isinstance(raw, bytes)
    return raw.decode().replace("\r\n", "\n")


@given(st.binary(max_size=400))
def test_a_file_travels_unchanged(content: bytes) -> None:
    file = Attachment("visit.ics", content, params={"method": "REQUEST", "charset": "utf-8"})
    mail = read(b"Subject: x\r\n" + mime.body("text\n", "<p>text</p>\n", [file]))
    assert mail.get_content_type() == "multipart/mixed"
    alternative, attached = mail.iter_parts()
    assert alternative.get_content_type() == "multipart/alternative"
    assert attached.get_filename() == "visit.ics"
    assert attached.get_param("method") == "REQUEST"
    assert attached.get_payload(decode=True) == content
