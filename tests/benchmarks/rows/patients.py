"""Finding patients among 100,000, and the pages around them."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from tests.benchmarks.client import Client, expect
from tests.benchmarks.harness import EMPTY, Bench, Figure

# A folded substring on the trigram index, as bare as it can be asked.
_FLOOR = """
SELECT id, name, birth_date FROM patients_patient
WHERE clinic_id = %(clinic)s AND search LIKE '%%' || mesoclinic_fold(%(word)s) || '%%'
ORDER BY family_name, name LIMIT 8
"""
_FLOOR_ALIKE = """
SELECT id, name FROM patients_patient
WHERE clinic_id = %(clinic)s AND mesoclinic_fold(%(word)s) <%% search
ORDER BY mesoclinic_fold(%(word)s) <<-> search LIMIT 8
"""
# Typed with and without accents, whole and in parts, first and last names.
EXACT = (
    "muñoz", "Munoz", "Şahin", "sahin", "björk", "o'suill", "thảo nguyễn", "Gorkem Ozturk",
    "zielin", "conceição", "Kateřina Dvořák", "tanaka yuki",
)  # fmt: skip
TYPOS = ("Zielinsky", "Goncalvez", "Dvorzak", "Tanakka", "Lindkvist", "Schaffer")


def empty_page(bench: Bench) -> Sequence[Figure]:
    """The frame of every page: session, person, clinic, navigation, headers."""
    client = bench.client()
    figure = bench.page("empty", client, EMPTY, 0.0)
    bench.pages["empty"] = figure.value
    return [Figure("empty", figure.value, figure.p95, figure.queries)]


def search(bench: Bench) -> Sequence[Figure]:
    """Search as you type, as JSON: every answer holds the word that was typed."""
    client = bench.client()
    _check(client, bench)
    return [
        _searched(bench, client, "search", EXACT, _FLOOR),
        _searched(bench, client, "search-typo", TYPOS, _FLOOR_ALIKE),
    ]


def patient_list(bench: Bench) -> Sequence[Figure]:
    """The first page of all patients, and one from the middle of the alphabet."""
    client = bench.client()
    first = expect(client.get("/patients/"), 200)
    assert first.text.count("/patients/") > 20, "the list shows its rows"
    return [bench.page("list", client, "/patients/")]


def chart(bench: Bench) -> Sequence[Figure]:
    """The chart of a patient with a plan, as its practitioner sees it."""
    client = bench.client(bench.world.big.practitioner(0))
    return [bench.page("chart", client, f"/patients/{bench.world.course_patient}/")]


def _searched(
    bench: Bench, client: Client, key: str, words: Sequence[str], floor_sql: str
) -> Figure:
    paths = [f"/patients/search/?q={quote(word)}" for word in words]
    timing, queries = bench.timed(
        key,
        lambda number: expect(
            client.get(paths[number % len(paths)], accept="application/json"), 200
        ),
        lambda ask: client.get(paths[0], accept="application/json", ask=ask),
    )
    clinic = str(bench.world.big.clinic.pk)
    floors = [bench.bare(floor_sql, {"clinic": clinic, "word": word}, repeat=10) for word in words]
    floor = sorted(floors)[len(floors) // 2]
    return Figure(key, timing.median, timing.p95, queries, floor)


def _check(client: Client, bench: Bench) -> None:
    """Accents and case don't matter; typos are forgiven."""
    small = len(bench.world.patients) < _ENOUGH
    for word in (*EXACT, *TYPOS):
        if small and " " in word:
            continue  # nobody may have both names
        path = f"/patients/search/?q={quote(word)}"
        found = expect(client.get(path, accept="application/json"), 200).json()["results"]
        assert found, f"nobody found for {word!r}"


_ENOUGH = 50_000
"""So many patients that every name of the lists occurs with every other one."""
