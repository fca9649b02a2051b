"""Every text of the product that a patient can meet, and where it stands."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from django.template.base import FilterExpression, Node
from django.template.loader import get_template
from django.template.loader_tags import ExtendsNode, IncludeNode
from django.templatetags.i18n import BlockTranslateNode, TranslateNode
from django.utils.translation import trim_whitespace

ROOT = Path(__file__).resolve().parents[3]
FRAME = "patient_base.html"
PAPERS = ("treatments/consent_text.txt",)
# Modules that speak to patients only.
MODULES = (
    "patients/views/links.py", "patients/views/link_screening.py", "patients/forms/questions.py",
    "scheduling/views/links.py", "scheduling/views/own.py", "scheduling/views/offers.py",
    "scheduling/views/online.py", "scheduling/services/online_mail.py", "scheduling/services/ics.py",
    "treatments/services/documents.py", "treatments/views/link_consent.py", "aftercare/views/unsubscribe.py", "aftercare/forms/checkin.py",
)  # fmt: skip
_CALLS = {"_", "gettext", "gettext_lazy", "ngettext", "ngettext_lazy"}


def patients_texts() -> Iterator[tuple[str, str]]:
    """(file, message) of each."""
    framed = (page for page in (ROOT / "templates").rglob("*.html") if FRAME in page.read_text())
    names = {str(page.relative_to(ROOT / "templates")) for page in framed}
    for name in _with_parts({*names, *PAPERS}):
        yield from ((name, message) for message in _of_template(name))
    for module in MODULES:
        yield from ((module, message) for message in _of_module(module))


def _nodes(name: str) -> Iterator[Node]:
    waiting = list(get_template(name).template.nodelist)  # type: ignore[attr-defined]
    while waiting:
        node = waiting.pop()
        yield node
        for part in getattr(node, "child_nodelists", ()):
            waiting.extend(getattr(node, part, None) or ())


def _with_parts(names: set[str]) -> set[str]:
    """The templates, and all that they extend or include."""
    found, waiting = set(), list(names)
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found.add(name)
        for node in _nodes(name):
            if isinstance(node, ExtendsNode) and isinstance(node.parent_name, FilterExpression):
                waiting.append(str(node.parent_name.var))
            elif isinstance(node, IncludeNode) and isinstance(node.template.var, str):
                waiting.append(node.template.var)
    return found


def _of_template(name: str) -> Iterator[str]:
    for node in _nodes(name):
        if isinstance(node, TranslateNode):
            said = node.filter_expression.var
            yield said if isinstance(said, str) else str(said.literal)
        elif isinstance(node, BlockTranslateNode):
            said, _variables = node.render_token_list(node.singular)
            yield trim_whitespace(said) if node.trimmed else said


def _of_module(module: str) -> Iterator[str]:
    for node in ast.walk(ast.parse((ROOT / module).read_text())):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
            continue
        if node.func.id in _CALLS and isinstance(node.args[0], ast.Constant):
            yield str(node.args[0].value)
