"""Rules for templates that Django does not check: strict content policy, escaping, compiling."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from django.template import TemplateSyntaxError, engines

PROJECT = Path(__file__).resolve().parent.parent
_COMMENT = re.compile(r"{#.*?#}|{%\s*comment\b.*?endcomment\s*%}|<!--.*?-->", re.DOTALL)
# Mail programs know no style sheets: in messages css-inline turns <style> into attributes.
_MAIL_FOLDERS = {"mail", "email"}
_RULES = (
    (
        re.compile(r"<script(?![^>]*\s(?:src=|type=\"application/json\"))[^>]*>", re.IGNORECASE),
        "inline script",
    ),
    (re.compile(r"<[a-z][^<>]*\son[a-z]+\s*=", re.IGNORECASE), "event attribute (on…=)"),
    (re.compile(r"javascript:", re.IGNORECASE), "javascript: address"),
    (re.compile(r"\|\s*safe\b|\|\s*safeseq\b|autoescape\s+off"), "unescaped output"),
    (re.compile(r"\shx-on[:\-a-z]*\s*=|\shx-vals\s*=\s*['\"]js:", re.IGNORECASE), "script in htmx"),
    (
        re.compile(r"(?:src|href)\s*=\s*['\"](?:https?:)?//", re.IGNORECASE),
        "address of another site",
    ),
)
_PAGE_RULES = (
    (re.compile(r"<style\b", re.IGNORECASE), "inline style sheet"),
    (re.compile(r"<[a-z][^<>]*\sstyle\s*=", re.IGNORECASE), "style attribute"),
)


def problems() -> list[str]:
    """Every broken rule as "path:line: what", sorted; compiles each template too."""
    return [text for path in sorted(_templates()) for text in check(path)]


def check(path: Path) -> list[str]:
    """The broken rules of one template."""
    source = path.read_text()
    blanked = _COMMENT.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), source)
    is_mail = bool(_MAIL_FOLDERS & set(path.parts))
    rules = [*_RULES, *(() if is_mail else _PAGE_RULES)]
    if path.suffix == ".txt":  # plain text escapes nothing and runs nothing
        rules = []
    found = [
        f"{_name(path)}:{blanked.count(chr(10), 0, match.start()) + 1}: {what}"
        for rule, what in rules
        for match in rule.finditer(blanked)
    ]
    try:
        engines["django"].from_string(source)
    except TemplateSyntaxError as error:
        found.append(f"{_name(path)}: does not compile: {error}")
    return found


def _templates() -> Iterator[Path]:
    for suffix in ("html", "txt"):
        yield from (PROJECT / "templates").rglob(f"*.{suffix}")
        for app in ("mesoclinic", "patients", "treatments", "scheduling", "aftercare"):
            yield from (PROJECT / app).rglob(f"templates/**/*.{suffix}")


def _name(path: Path) -> str:
    return str(path.relative_to(PROJECT)) if path.is_relative_to(PROJECT) else path.name
