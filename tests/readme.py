"""README's configuration tables, written from the declared variables.

``python -m tests.readme`` writes them anew; a test fails while they differ.
"""

from __future__ import annotations

from pathlib import Path

from mesoclinic.environment import VARIABLES, Scope, Variable

README = Path(__file__).resolve().parent.parent / "README.md"
_TITLES: dict[Scope, str] = {
    "server": "Read by the server (web, worker, beat)",
    "compose": "Only Docker Compose",
    "embedded": "Only `make run` and `make test`, where no DATABASE_URL and REDIS_URL are set",
    "tests": "Only the tests",
}
_BEGIN, _END = "<!-- configuration: begin -->", "<!-- configuration: end -->"


def configuration() -> str:
    """All tables as Markdown, between their two markers."""
    parts = [_BEGIN]
    for scope, title in _TITLES.items():
        parts += ["", f"**{title}**", "", "| Variable | Default | Meaning |", "|---|---|---|"]
        parts += [_row(variable) for variable in VARIABLES if variable.scope == scope]
    return "\n".join([*parts, "", _END])


def _row(variable: Variable) -> str:
    default = "required" if variable.default is None else f"`{variable.default}`"
    return f"| `{variable.name}` | {default if variable.default != '' else 'empty'} | {variable.help} |"


def main() -> None:
    text = README.read_text()
    before, _, rest = text.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    README.write_text(before + configuration() + after)


if __name__ == "__main__":
    main()
