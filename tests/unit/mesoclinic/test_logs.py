"""Tokens never reach a log."""

from __future__ import annotations

import json
import logging

import pytest
import structlog

from mesoclinic import logs

TOKEN = "q9vT3wJ8Zt-k1_secret_Lm2"


@pytest.mark.parametrize(
    "text",
    [
        f"GET /p/{TOKEN}/screening/",
        f"https://clinic.example/p/{TOKEN}",
        f"Not Found: /p/{TOKEN}/confirm/?step=2",
        f"GET /accounts/password/reset/key/1-{TOKEN}/",
        f"GET /api/v1/patients/?token={TOKEN}&page=2",
        f"GET /patients/search/?q={TOKEN}",
        f"Authorization: Token {TOKEN}",
        f"POST /book/lices/{TOKEN}/",
        f"GET /feeds/{TOKEN}.ics",
    ],
)
def test_secret_is_masked(text: str) -> None:
    masked = logs.mask(text)
    assert TOKEN not in masked
    assert "***" in masked


@pytest.mark.parametrize(
    "text", ["GET /patients/", "sent 3 of 4", "GET /plans/?page=2", "GET /book/lices/"]
)
def test_the_rest_stays(text: str) -> None:
    assert logs.mask(text) == text


def test_events_are_masked_inside_lists() -> None:
    event = logs.mask_event(None, "info", {"event": f"/p/{TOKEN}/", "args": (f"/p/{TOKEN}/", 3)})
    assert event == {"event": "/p/***/", "args": ["/p/***/", 3]}


@pytest.mark.parametrize("as_json", [True, False])
def test_both_formats_mask_foreign_and_own_lines(as_json: bool) -> None:
    formatter_options = dict(logs.configure("INFO", as_json=as_json)["formatters"]["structured"])
    formatter = formatter_options.pop("()")(**formatter_options)
    record = logging.LogRecord(
        "django.request", logging.ERROR, "x.py", 1, "Failed: %s", (f"/p/{TOKEN}/",), None
    )

    line = formatter.format(record)

    assert TOKEN not in line
    assert "/p/***/" in line
    if as_json:
        assert json.loads(line)["level"] == "error"
    structlog.contextvars.clear_contextvars()
