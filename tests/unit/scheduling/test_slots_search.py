"""Free slots, proven against a search that tests every start by itself."""

from __future__ import annotations

from datetime import datetime

from hypothesis import given, settings

from mesoclinic.common.intervals import Interval
from scheduling.domain.slots import (
    Pick,
    Resources,
    Slot,
    SlotRequest,
    free_intervals,
    free_slots,
    open_intervals,
)
from tests.unit.scheduling.slot_worlds import slow_slots, worlds


def _key(slot: Slot) -> tuple[datetime, str, str, str]:
    return (slot.start, str(slot.practitioner_id), str(slot.room_id), str(slot.device_id))


@settings(max_examples=45, deadline=None)
@given(worlds())
def test_every_combination_is_what_the_slow_search_finds(
    world: tuple[SlotRequest, Resources],
) -> None:
    request, resources = world
    assert sorted(free_slots(request, resources, Pick.EACH_COMBINATION), key=_key) == sorted(
        slow_slots(request, resources), key=_key
    )


@settings(max_examples=45, deadline=None)
@given(worlds())
def test_the_other_picks_are_the_first_of_every_combination(
    world: tuple[SlotRequest, Resources],
) -> None:
    request, resources = world
    every = free_slots(request, resources, Pick.EACH_COMBINATION)
    per_person: dict[object, Slot] = {}
    per_start: dict[object, Slot] = {}
    for slot in every:
        per_person.setdefault((slot.start, slot.practitioner_id), slot)
        per_start.setdefault(slot.start, slot)
    assert free_slots(request, resources, Pick.EACH_PRACTITIONER) == list(per_person.values())
    assert free_slots(request, resources, Pick.EACH_START) == list(per_start.values())


@settings(max_examples=45, deadline=None)
@given(worlds())
def test_free_intervals_hold_every_slot_and_nothing_taken(
    world: tuple[SlotRequest, Resources],
) -> None:
    request, resources = world
    person = resources.practitioners[0]
    free = free_intervals(request, person, resources)
    alone = Resources(
        practitioners=(person,),
        closures=resources.closures,
        patient_busy=resources.patient_busy,
    )
    for slot in free_slots(request, alone):
        assert any(item.covers(Interval(slot.start, slot.end)) for item in free)
    opened = open_intervals(request, person)
    for item in free:
        assert any(hours.covers(item) for hours in opened)
        assert not any(item.overlaps(busy) for busy in person.busy)
