"""Every default mail as a spam filter sees it: SpamAssassin's own rules, without the network.

Runs where `spamassassin` is installed (Debian: `apt-get install spamassassin`).
"""

from __future__ import annotations

import datetime as dt
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from django.utils import translation

from aftercare.services.mime import Attachment
from aftercare.services.rendering import Envelope, Source, build, write
from aftercare.services.sample import sample_variables
from mesoclinic.clinic.models import Clinic
from tests.conftest import NO_SPAMASSASSIN

NOW = dt.datetime(2026, 3, 10, 9, 0, tzinfo=dt.UTC)
DATA = Path(__file__).resolve().parents[3] / "aftercare" / "data" / "templates.json"
SPAMASSASSIN = shutil.which("spamassassin")
MOST = 1.0
# As a mail looks that came in over the clinic's own server.
RECEIVED = (
    "Received: from mail.lices.example (mail.lices.example [93.184.215.14])\r\n"
    " by mx.example.org (Postfix) with ESMTPS id 4XyZ12345; {date}\r\n"
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(SPAMASSASSIN is None, reason=NO_SPAMASSASSIN),
]


def mails() -> list[tuple[str, bytes]]:
    """Every default text in every language, as it leaves."""
    clinic = Clinic(
        name="Clinique des Lices", phone="+33 2 99 79 18 20", address="14 place des Lices, Rennes",
        emergency_number="15", base_url="https://lices.example", time_zone="Europe/Paris",
        sender_email="contact@lices.example", language="fr",
    )  # fmt: skip
    found = []
    for row in json.loads(DATA.read_text("utf-8")):
        source = Source(row["subject"], row["body"], row["language"], row.get("preheader", ""))
        with translation.override(row["language"]):
            variables = sample_variables(clinic, row["language"], NOW)
            words = write(
                clinic, source, variables, unsubscribe_url=f"{clinic.base_url}/p/x/unsubscribe/"
            )
        files = (Attachment("visit.ics", b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"),)
        envelope = Envelope(
            message_id=f"<{row['key']}.{row['language']}@lices.example>", recipient="ines@example.org",
            recipient_name="Inês Carvalho", date=NOW, attachments=files,
            unsubscribe_url=f"{clinic.base_url}/p/x/unsubscribe/",
        )  # fmt: skip
        received = RECEIVED.format(date="Tue, 10 Mar 2026 09:00:01 +0000").encode()
        found.append((f"{row['key']}.{row['language']}", received + build(clinic, words, envelope)))
    return found


def scores(mails: dict[str, bytes], folder: Path) -> dict[str, tuple[float, str]]:
    """What SpamAssassin gives each mail, and why; one process for all, because it starts slowly."""
    assert SPAMASSASSIN
    box = folder / "mbox"
    stamp = b"From sender@lices.example Tue Mar 10 09:00:00 2026\n"
    lines = [stamp + mail.replace(b"\r\n", b"\n") + b"\n" for mail in mails.values()]
    box.write_bytes(b"".join(lines))
    run = subprocess.run(  # noqa: S603  (a fixed command)
        [SPAMASSASSIN, "--local", "--test-mode", "--mbox", str(box)],
        capture_output=True, check=False,
    )  # fmt: skip
    said = run.stdout.decode("utf-8", "replace").split("From sender@lices.example")[1:]
    found = {}
    for one in said:
        # They come back in an order of their own.
        name = re.search(r"^Message-I[Dd]: <(.*)@lices", one, re.M)
        points = re.search(r"^X-Spam-Status: .*?score=(-?[\d.]+)", one, re.M)
        assert name, one[:300]
        assert points, one[:300]
        found[name[1]] = float(points[1]), one[one.find("Content analysis") :]
    assert found.keys() == mails.keys(), run.stderr[-500:]
    return found


def test_no_default_mail_looks_like_spam(tmp_path: Path) -> None:
    """And the planted one, the string that every filter must find, does: the filter is awake."""
    gtube = b"XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"
    ours = dict(mails())
    name, mail = next(iter(ours.items()))
    head = mail.split(b"MIME-Version")[0].replace(name.encode(), b"planted")
    planted = head + b"\r\n" + gtube + b"\r\n"
    found = scores(ours | {"planted": planted}, tmp_path)
    assert found.pop("planted")[0] > 100
    assert len(found) >= 30
    assert not {name: said for name, (points, said) in found.items() if points >= MOST}
