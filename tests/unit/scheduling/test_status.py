"""The states of an appointment and their diagram."""

from __future__ import annotations

from pathlib import Path

import pytest

from scheduling.domain.status import (
    BLOCKING,
    FINAL,
    TRANSITIONS,
    UPCOMING,
    Status,
    allowed,
    diagram,
    retakes_slot,
    targets,
)

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "scheduling-states.md"


def test_the_document_shows_the_diagram_of_the_table() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    shown = text.split("```mermaid\n", 1)[1].split("```", 1)[0]
    assert shown == diagram(), "docs/scheduling-states.md is behind the table of transitions"


def test_each_change_stands_in_the_table_once_and_changes_something() -> None:
    pairs = [(change.source, change.target) for change in TRANSITIONS]
    assert len(pairs) == len(set(pairs))
    assert all(source != target for source, target in pairs)
    assert all(change.verb for change in TRANSITIONS)


@pytest.mark.parametrize("source", Status)
@pytest.mark.parametrize("target", Status)
def test_only_the_table_allows(source: Status, target: Status) -> None:
    listed = (source, target) in {(change.source, change.target) for change in TRANSITIONS}
    assert allowed(source, target) is listed
    assert (target in targets(source)) is listed


def test_values_are_taken_as_well_as_members() -> None:
    assert allowed("booked", "confirmed")
    with pytest.raises(ValueError, match="unheard_of"):
        allowed("booked", "unheard_of")


def test_what_blocks_a_slot() -> None:
    assert set(Status) - BLOCKING == {Status.NO_SHOW, Status.CANCELLED}


def test_a_signed_visit_is_final_and_nothing_else_is() -> None:
    assert {Status.DONE} == FINAL
    assert {change.source for change in TRANSITIONS if change.target is Status.DONE} == {
        Status.IN_SESSION
    }


def test_every_state_can_be_reached_from_a_new_visit() -> None:
    reached = {Status.PENDING, Status.BOOKED}
    for _ in Status:
        reached |= {change.target for change in TRANSITIONS if change.source in reached}
    assert reached == set(Status)


def test_every_upcoming_visit_can_be_cancelled() -> None:
    assert all(allowed(status, Status.CANCELLED) for status in UPCOMING)


@pytest.mark.parametrize(
    ("source", "target", "retakes"),
    [
        (Status.CANCELLED, Status.BOOKED, True),
        (Status.NO_SHOW, Status.ARRIVED, True),
        (Status.BOOKED, Status.CONFIRMED, False),
        (Status.BOOKED, Status.CANCELLED, False),
    ],
)
def test_taking_a_freed_slot_again_is_told(source: Status, target: Status, retakes: bool) -> None:
    assert retakes_slot(source, target) is retakes
