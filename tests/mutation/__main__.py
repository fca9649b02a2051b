"""`make mutation`: does the suite notice each small change to the rules?

Every mutant is judged in a process of its own, forked from one that has loaded the tools but not
the rules. Prints the survivors and fails below 95 % killed. Options: names of modules to limit the
run, `--survivors` to try only those that got away last time, `--list` to count mutants.
"""

from __future__ import annotations

import ast
import contextlib
import importlib.abc
import importlib.machinery
import io
import json
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

import hypothesis.strategies  # noqa: F401 - loaded once, before forking
import pytest

from tests.mutation.mutators import Mutant, mutants

PROJECT = Path(__file__).resolve().parents[2]
DOMAIN = PROJECT / "patients" / "domain"
MODULES = ("screening", "matching", "findings", "answers", "record", "merge")
# The quick tests first: most mutants get no further.
QUICK = ("test_findings", "test_answers", "test_record", "test_merge", "test_screening")
THOROUGH = ("test_screening_pairs", "test_screening_properties")
RESULTS = PROJECT / "test-results" / "mutation.json"
REQUIRED = 95.0
SECONDS = int(os.environ.get("MUTATION_SECONDS", "180"))


class Planted(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Loads one module of the domain from its changed tree."""

    def __init__(self, name: str, code: CodeType) -> None:
        self.name = name
        self.code = code

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != self.name:
            return None
        return importlib.machinery.ModuleSpec(fullname, self)

    def exec_module(self, module: ModuleType) -> None:
        exec(self.code, module.__dict__)  # noqa: S102 - our own source, changed by ourselves


def say(words: str) -> None:
    sys.stdout.write(words + "\n")
    sys.stdout.flush()


def run_tests() -> int:
    """Run the chosen tests in this very process, silently. 0 when all pass."""
    os.environ.update(
        SCREENING_EXAMPLES="40", SCREENING_FIXED="1", PYTEST_DISABLE_PLUGIN_AUTOLOAD="1"
    )
    tests = PROJECT / "tests" / "unit" / "patients"
    arguments = ["-c", str(Path(__file__).with_name("pytest.ini")), "--noconftest"]
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        codes = (
            pytest.main([*arguments, *(str(tests / f"{name}.py") for name in names)])
            for names in (QUICK, THOROUGH)
        )
        return int(next((code for code in codes if code), 0))


def survives(mutant: Mutant | None) -> bool:
    """Whether the tests pass with the mutant in place (None: the rules as they are)."""
    child = os.fork()
    if child == 0:
        code = 1
        with contextlib.suppress(BaseException):
            if mutant is not None:
                name = f"patients.domain.{mutant.module}"
                sys.meta_path.insert(0, Planted(name, compile(mutant.tree, name, "exec")))
            code = run_tests()
        os._exit(min(code, 1))
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status) == 0
        time.sleep(0.02)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return False  # an endless loop is noticed


def chosen(names: Sequence[str]) -> list[Mutant]:
    modules = [name for name in MODULES if not names or name in names]
    return [
        mutant
        for module in modules
        for mutant in mutants(module, (DOMAIN / f"{module}.py").read_text("utf-8"))
        if _compiles(mutant.tree)
    ]


def _compiles(tree: ast.Module) -> bool:
    try:
        compile(tree, "mutant", "exec")
    except (SyntaxError, ValueError, TypeError):
        return False
    return True


def load() -> dict[str, Any]:
    return dict(json.loads(RESULTS.read_text("utf-8"))) if RESULTS.exists() else {}


def main(arguments: Sequence[str]) -> int:
    found = chosen([one for one in arguments if not one.startswith("-")])
    before = load()
    if "--list" in arguments:
        say(f"{len(found)} mutants")
        return 0
    if not survives(None):
        say("The tests fail on the rules as they are; mend that first.")
        return 1
    results: dict[str, bool] = {}
    for number, mutant in enumerate(found, start=1):
        name = f"{mutant.number} {mutant.name}"
        settled = "--survivors" in arguments and before.get(name) is False
        alive = not settled and survives(mutant)
        results[name] = alive
        if alive:
            say(f"survived  {mutant.name}")
        if number % 25 == 0:
            say(f"{number} of {len(found)}")
            store(before | results)
    store(before | results)
    return report(results)


def store(results: dict[str, bool]) -> None:
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", "utf-8")


def report(results: dict[str, bool]) -> int:
    for module in MODULES:
        mine = [
            alive for name, alive in results.items() if name.split(" ")[1].startswith(f"{module}:")
        ]
        if mine:
            killed = len(mine) - sum(mine)
            say(
                f"{module:<10} {killed:>4} of {len(mine):>4} killed  {100 * killed / len(mine):5.1f} %"
            )
    killed = len(results) - sum(results.values())
    share = 100 * killed / len(results)
    say(f"{'all':<10} {killed:>4} of {len(results):>4} killed  {share:5.1f} %")
    return 0 if share >= REQUIRED else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
