"""Templates keep the rules of the house; the lint that says so is tested itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import templatelint


def test_all_templates_keep_the_rules() -> None:
    assert templatelint.problems() == []


@pytest.mark.parametrize(
    ("source", "what"),
    [
        ("<script>alert(1)</script>", "inline script"),
        ('<button onclick="x()">', "event attribute"),
        ('<a href="javascript:x()">', "javascript: address"),
        ("{{ name|safe }}", "unescaped output"),
        ("{% autoescape off %}{% endautoescape %}", "unescaped output"),
        ('<p style="color: red">', "style attribute"),
        ("<style>p {}</style>", "inline style sheet"),
        ('<div hx-on:click="x()">', "script in htmx"),
        ('<script src="https://cdn.example/x.js"></script>', "address of another site"),
        ("{% if %}", "does not compile"),
        ("{% nosuchtag %}", "does not compile"),
    ],
)
def test_planted_fault_is_found(tmp_path: Path, source: str, what: str) -> None:
    page = tmp_path / "page.html"
    page.write_text(f"line one\n{source}")

    (problem,) = templatelint.check(page)
    assert what in problem


@pytest.mark.parametrize(
    "source",
    [
        '<script src="/static/app.js" defer></script>',
        '<script type="application/json" id="data">{}</script>',
        "{# <script>x</script> #}",
        "{% comment %}style= <style>{% endcomment %}",
        '<p class="style">style = on purpose</p>',
    ],
)
def test_harmless_page_passes(tmp_path: Path, source: str) -> None:
    page = tmp_path / "page.html"
    page.write_text(source)
    assert templatelint.check(page) == []


def test_mail_may_style_itself(tmp_path: Path) -> None:
    (tmp_path / "mail").mkdir()
    page = tmp_path / "mail" / "reminder.html"
    page.write_text('<style>p {}</style><p style="margin: 0">x</p>')
    assert templatelint.check(page) == []
