"""Which room and device a visit gets, where nobody asked for a certain one."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from uuid import UUID

from django.utils import formats

from scheduling.exceptions import NotBookable, NothingFree, SlotTaken
from scheduling.selectors.calendars import Hours
from scheduling.selectors.conflicts import Clash, Shelf, free_of_kind
from scheduling.services.drafts import Draft, Terms

# Each attempt takes another free room when the one picked went to somebody else meanwhile.
ATTEMPTS = 6


class PickTaken(Exception):
    """The room or device that was picked went to somebody else between look and lock."""


def with_rooms(terms: Terms, drafts: Sequence[Draft], ignoring: Sequence[UUID] = ()) -> list[Draft]:
    """The drafts with a free room (and device) each; a wished room is kept where it is free.

    Without a wish the practitioner's usual room comes first, then the rooms in their order,
    begun at another one for each practitioner so that they don't crowd the first. Raises
    NothingFree, SlotTaken for a fixed room, NotBookable for one of another kind.
    """
    rooms = _free(terms, drafts, "room_id", ignoring)
    devices = _free(terms, drafts, "device_id", ignoring)
    hours = terms.hours_of(draft.member.staff_id for draft in drafts)
    return [
        replace(
            draft,
            room_id=_room(terms, draft, rooms[index], _usual(terms, draft, hours)),
            device_id=_device(draft, devices[index]),
        )
        for index, draft in enumerate(drafts)
    ]


def back_again(terms: Terms, draft: Draft) -> Draft:
    """A visit that comes back: where it was, else in another room (with another device) that is
    free. Where there is none it is fixed to where it was, for the clash to be named.
    """
    for device_id in dict.fromkeys((draft.device_id, None)):
        try:
            (found,) = with_rooms(terms, [replace(draft, device_id=device_id)], [draft.id])
        except (NothingFree, SlotTaken):
            continue
        return found
    return replace(draft, fixed_room=True)


def _usual(terms: Terms, draft: Draft, hours: Hours) -> UUID | None:
    return hours.room_at(draft.member.staff_id, terms.clinic.local(draft.timing.during.start))


def _free(
    terms: Terms, drafts: Sequence[Draft], column: str, ignoring: Sequence[UUID]
) -> dict[int, list[UUID]]:
    """What is free for each draft, by its place in line. One query for each kind that is needed."""
    by_kind: dict[str, list[int]] = {}
    for index, draft in enumerate(drafts):
        kind = draft.kind.room_kind if column == "room_id" else draft.kind.device_kind
        if kind:
            by_kind.setdefault(kind, []).append(index)
    found: dict[int, list[UUID]] = {index: [] for index in range(len(drafts))}
    for kind, places in by_kind.items():
        times = [(drafts[one].timing.during, drafts[one].timing.occupies) for one in places]
        shelf = Shelf(terms.clinic.pk, kind, column, terms.clinic.time_zone)
        found.update(zip(places, free_of_kind(shelf, times, terms.now, ignoring), strict=True))
    return found


def _room(terms: Terms, draft: Draft, free: list[UUID], usual: UUID | None) -> UUID:
    if draft.room_id in free:
        return draft.room_id
    if draft.fixed_room:
        raise SlotTaken(["room"], when=_when(terms, draft))
    if not free:
        raise NothingFree(field="room")
    if usual in free:
        return usual
    return free[draft.member.staff_id.int % len(free)]


def _device(draft: Draft, free: list[UUID]) -> UUID | None:
    if not draft.kind.device_kind:
        if draft.device_id is not None:
            raise NotBookable(field="device")
        return None
    if draft.device_id in free:
        return draft.device_id
    if draft.device_id is not None or not free:
        raise SlotTaken(["device"])
    return free[0]


def check_clashes(terms: Terms, drafts: Sequence[Draft], found: Sequence[Clash]) -> None:
    """Refuse what is taken. Raises SlotTaken, or PickTaken where another room may do."""
    for clash in found:
        draft = drafts[clash.index]
        picked = {"device"} if draft.fixed_room else {"room", "device"}
        if set(clash.parties) - picked:
            parties = [party for party in clash.parties if party not in picked]
            raise SlotTaken(parties, when=_when(terms, draft) if len(drafts) > 1 else "")
    if found:
        raise PickTaken


def name_the_busy(terms: Terms, drafts: Sequence[Draft], found: Sequence[Clash]) -> None:
    """No room is free. Where the practitioner or the patient has another visit, that is what a
    person can act on, so that is said. Raises SlotTaken.
    """
    with suppress(PickTaken):
        check_clashes(terms, drafts, [clash for clash in found if not clash.lapsed])


def _when(terms: Terms, draft: Draft) -> str:
    moment = terms.clinic.local(draft.timing.during.start)
    return formats.date_format(moment, "SHORT_DATETIME_FORMAT")
