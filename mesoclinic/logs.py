"""Structured logs for Django, Celery and gunicorn, with secrets masked before they are written."""

from __future__ import annotations

import re
from collections.abc import MutableMapping
from typing import Any

import structlog

# Whoever holds such an address may act for a patient or take over an account.
_SECRETS = (
    (re.compile(r"(/p/)[^/\s?#\"']+"), r"\1***"),
    # Tokens of times held online and of calendars are long; names of clinics are not.
    (re.compile(r"(/book/[^/\s?#\"']+/)[^/\s?#\"']+"), r"\1***"),
    (re.compile(r"(/feeds/)[\w-]{20,}"), r"\1***"),
    (re.compile(r"(/accounts/password/reset/key/)[^/\s?#\"']+"), r"\1***"),
    (re.compile(r"(/accounts/confirm-email/)[^/\s?#\"']+"), r"\1***"),
    (re.compile(r"([?&](?:token|key|code|q|search)=)[^&\s#\"']+"), r"\1***"),
    (
        re.compile(r"(?i)(authorization['\"]?\s*[:=]\s*['\"]?(?:token|bearer|basic)\s+)\S+"),
        r"\1***",
    ),
)


def mask(text: str) -> str:
    """`text` with patient-link tokens, account keys, API tokens and search words replaced by ***."""
    if "/" not in text and "=" not in text and ":" not in text:
        return text
    for pattern, replacement in _SECRETS:
        text = pattern.sub(replacement, text)
    return text


def mask_event(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> Any:
    """structlog processor: mask every text of an event, one level deep in tuples and lists."""
    for key, value in event.items():
        if isinstance(value, str):
            event[key] = mask(value)
        elif isinstance(value, list | tuple):
            event[key] = [mask(item) if isinstance(item, str) else item for item in value]
    return event


def configure(level: str, *, as_json: bool) -> dict[str, Any]:
    """Set structlog up and return Django's LOGGING: everything to stderr in one format."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        structlog.processors.UnicodeDecoder(),
        mask_event,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if as_json
        else structlog.dev.ConsoleRenderer(
            colors=False, exception_formatter=structlog.dev.plain_traceback
        )
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "structured": {
                "()": structlog.stdlib.ProcessorFormatter,
                "processor": renderer,
                "foreign_pre_chain": shared,
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "structured"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "django": {"handlers": [], "level": level, "propagate": True},
            "django.server": {"handlers": [], "level": level, "propagate": True},
            # One line per request is enough; this one repeats it.
            "django.request": {"level": "ERROR"},
            # Tells of every table of every font that goes into a document.
            "fontTools": {"level": "WARNING"},
        },
    }
