"""`make mutation`: does the suite notice each small change to the rules?

The tests are loaded once. Every mutant is judged in a fork of that process, in which the code of
the one changed function is exchanged; what is no function (tables, defaults, the order of outcomes)
is judged by a fork from before the rules were loaded. The test that noticed a change is asked first
about the next change to the same function. Prints the survivors and fails below 95 % killed.
Options: names of modules to limit the run (`triage` alone: the rules of check-ins instead);
`--survivors` to try those that got away last time, now against every pair of rules too; `--rest`
to go on with a run that was broken off; `--list` to count.
"""

from __future__ import annotations

import ast
import contextlib
import importlib
import importlib.abc
import importlib.machinery
import io
import json
import math
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

import hypothesis
import hypothesis.strategies
import pytest

from tests.mutation.mutators import Mutant, mutants

# A slow minute of the machine is no objection, and the same examples judge every mutant.
hypothesis.settings.register_profile(
    "mutation", deadline=None, derandomize=True, database=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)  # fmt: skip
hypothesis.settings.load_profile("mutation")

PROJECT = Path(__file__).resolve().parents[2]
TRIAGE = "triage" in sys.argv
ROOM = "aftercare" if TRIAGE else "patients"
DOMAIN = PROJECT / ROOM / "domain"
MODULES: tuple[str, ...] = ("screening", "matching", "findings", "answers", "record", "merge")
TESTS: tuple[str, ...] = (
    "test_findings", "test_answers", "test_record", "test_merge", "test_screening",
    "test_screening_properties", "test_screening_words", "test_screening_edges",
)  # fmt: skip
if TRIAGE:
    MODULES, TESTS = ("triage",), ("test_triage",)
# Every pair of rules takes longer than all other tests together: only what got away meets them.
MORE = () if TRIAGE else ("test_screening_pairs",)
RESULTS = PROJECT / "test-results" / ("mutation-triage.json" if TRIAGE else "mutation.json")
REQUIRED = 95.0
SECONDS = int(os.environ.get("MUTATION_SECONDS", "300"))


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


class Bench:
    """The loaded tests, in the order in which they are asked."""

    def __init__(self) -> None:
        self.session: pytest.Session | None = None
        self.then: Callable[[], None] = lambda: None
        self.seconds: dict[str, float] = {}
        self.noticed: dict[str, list[str]] = {}

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Instead of running the tests: keep them, and go on with the mutants."""
        self.session = session
        self.then()
        return True

    def first_failure(self, place: str, *, measure: bool = False) -> str:
        """Ask the tests, those most likely to object to a change at `place` first; "" if none does."""
        assert self.session is not None
        before = self.session.testsfailed
        for item in sorted(self.session.items, key=lambda one: self._rank(place, one.nodeid)):
            start = time.process_time()
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
            if measure:
                self.seconds[item.nodeid] = time.process_time() - start
            if self.session.testsfailed > before:
                return item.nodeid
        return ""

    def remember(self, place: str, test: str) -> None:
        """The test has noticed a change there."""
        asked = self.noticed.setdefault(place, [])
        if test in asked:
            asked.remove(test)
        asked.insert(0, test)

    def _rank(self, place: str, test: str) -> tuple[float, float]:
        known = self.noticed.get(place, [])
        return (
            known.index(test) if test in known else len(self.seconds),
            self.seconds.get(test, 0.0),
        )


def say(words: str) -> None:
    sys.__stdout__.write(words + "\n")  # type: ignore[union-attr]
    sys.__stdout__.flush()  # type: ignore[union-attr]


def run_tests(*plugins: object) -> int:
    """Run the chosen tests in this very process, silently. 0 when all pass."""
    os.environ.update(
        SCREENING_EXAMPLES="30", SCREENING_FIXED="1", PYTEST_DISABLE_PLUGIN_AUTOLOAD="1"
    )
    tests = PROJECT / "tests" / "unit" / ROOM
    arguments = ["-c", str(Path(__file__).with_name("pytest.ini")), "--noconftest", "--tb=no"]
    names = (*TESTS, *MORE) if "--survivors" in sys.argv else TESTS
    files = [str(tests / f"{name}.py") for name in names]
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        return int(pytest.main([*arguments, *files], plugins=list(plugins)))


def forked(judge: Callable[[], str], seconds: float | None = SECONDS) -> str:
    """What `judge` says in a process of its own: the test that objects, "" for none."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        words = "broken at once"
        with contextlib.suppress(BaseException):
            words = judge()
        os.write(writing, words.encode()[:4000])
        os._exit(0)
    os.close(writing)
    end = time.monotonic() + (math.inf if seconds is None else seconds)
    while time.monotonic() < end:
        done, _status = os.waitpid(child, os.WNOHANG)
        if done:
            with os.fdopen(reading, "rb") as pipe:
                return pipe.read().decode()
        time.sleep(0.005)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(reading)
    return "never ends"


def from_the_start(mutant: Mutant) -> str:
    """Load rules and tests anew with the mutant in place."""
    name = f"{ROOM}.domain.{mutant.module}"
    sys.meta_path.insert(0, Planted(name, compile(mutant.tree, name, "exec")))
    return "some test" if run_tests() else ""


def exchanged(bench: Bench, mutant: Mutant) -> str:
    """Exchange the code of the changed function in the loaded rules."""
    where = live_function(mutant)
    assert where is not None
    where.__code__ = changed_code(mutant)
    return bench.first_failure(f"{mutant.module}.{mutant.function}")


def live_function(mutant: Mutant) -> FunctionType | None:
    """The loaded function that the mutant changes; None where it changes something else."""
    if not mutant.function:
        return None
    found: Any = importlib.import_module(f"{ROOM}.domain.{mutant.module}")
    for name in mutant.function.split("."):
        found = vars(found).get(name)
    if isinstance(found, property):
        found = found.fget
    elif isinstance(found, cached_property):
        found = found.func
    elif isinstance(found, classmethod | staticmethod):
        found = found.__func__
    return found if isinstance(found, FunctionType) else None


def changed_code(mutant: Mutant) -> CodeType:
    code = compile(mutant.tree, f"{ROOM}.domain.{mutant.module}", "exec")
    for name in mutant.function.split("."):
        code = next(
            part for part in code.co_consts if isinstance(part, CodeType) and part.co_name == name
        )
    return code


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


class Run:
    """One run over the chosen mutants; what is known is stored as it goes."""

    def __init__(self, found: list[Mutant], options: Sequence[str]) -> None:
        self.found = found
        self.names = frozenset(map(label, found))
        stored = load()
        settled = {"--survivors": {False}, "--rest": {False, True}}
        kept = {state for option in options for state in settled.get(option, ())}
        known = {name: state for name, state in stored.items() if name in self.names}
        self.results = {name: state for name, state in known.items() if state in kept}
        self.before = {name: state for name, state in stored.items() if name not in self.names}

    def waiting(self) -> Iterator[Mutant]:
        """The mutants that nobody has judged yet."""
        yield from [one for one in self.found if label(one) not in self.results]

    def settle(self, mutant: Mutant, objection: str) -> None:
        """Store whether it lives."""
        self.results[label(mutant)] = not objection
        if not objection:
            say(f"survived  {mutant.name}")
        if len(self.results) % 25 == 0:
            say(f"{len(self.results)} of {len(self.found)}")
        self.store()

    def store(self) -> None:
        """Write what is known so far."""
        RESULTS.parent.mkdir(exist_ok=True)
        known = self.before | self.results
        RESULTS.write_text(json.dumps(known, indent=1, ensure_ascii=False) + "\n", "utf-8")


def label(mutant: Mutant) -> str:
    return f"{mutant.number} {mutant.name}"


def judge_all(run: Run) -> bool:
    """Judge every mutant; False where the tests fail on the rules as they are.

    The changed functions come first and in a fork: this process must not load the rules.
    """
    if forked(lambda: "" if judge_functions(run) else "unsound", seconds=None):
        return False
    run.results = {name: state for name, state in load().items() if name in run.names}
    for mutant in run.waiting():
        run.settle(mutant, forked(lambda mutant=mutant: from_the_start(mutant)))  # type: ignore[misc]
    return True


def judge_functions(run: Run) -> bool:
    bench = Bench()
    sound = False

    def loaded() -> None:
        nonlocal sound
        if bench.first_failure("", measure=True):
            return
        sound = True
        say(f"the tests take {sum(bench.seconds.values()):.0f} s")
        for mutant in run.waiting():
            if live_function(mutant) is None:
                continue
            objection = forked(lambda mutant=mutant: exchanged(bench, mutant))  # type: ignore[misc]
            bench.remember(f"{mutant.module}.{mutant.function}", objection)
            run.settle(mutant, objection)

    bench.then = loaded
    run_tests(bench)
    return sound


def main(arguments: Sequence[str]) -> int:
    found = chosen([one for one in arguments if not one.startswith("-")])
    if "--list" in arguments:
        apart = sum(not one.function for one in found)
        say(f"{len(found)} mutants, {apart} of them outside functions")
        return 0
    run = Run(found, arguments)
    if not judge_all(run):
        say("The tests fail on the rules as they are; mend that first.")
        return 1
    return report(run.results)


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
