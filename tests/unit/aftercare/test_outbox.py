"""Every state of a message and every way in which a delivery can fail."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftercare.domain.outbox import TRANSITIONS, Attempt, Failure, State, after_failure

NOW = datetime(2026, 5, 20, 8, tzinfo=UTC)
LATER = NOW + timedelta(days=2)


def test_every_state_is_in_the_table() -> None:
    assert set(TRANSITIONS) == set(State)


def test_final_states_stay_final() -> None:
    for state in (State.SUPPRESSED, State.EXPIRED):
        assert TRANSITIONS[state] == frozenset()


def test_what_was_sent_becomes_only_what_its_provider_tells() -> None:
    told = {State.DELIVERED, State.BOUNCED, State.COMPLAINED}
    for state in {State.SENT, *told}:
        assert TRANSITIONS[state] <= told


def test_a_skipped_message_is_at_most_planned_again() -> None:
    assert TRANSITIONS[State.SKIPPED] <= {State.PLANNED}


def test_nothing_is_sent_without_being_claimed_or_released() -> None:
    into_sent = {state for state, targets in TRANSITIONS.items() if State.SENT in targets}
    assert into_sent == {State.SENDING, State.HELD}


def test_what_waits_can_always_be_withdrawn() -> None:
    for state in (State.PLANNED, State.HELD):
        assert {State.SKIPPED, State.SUPPRESSED, State.EXPIRED} <= TRANSITIONS[state]


def test_no_state_leads_to_itself() -> None:
    assert all(state not in targets for state, targets in TRANSITIONS.items())


def test_a_permanent_failure_ends_it() -> None:
    verdict = after_failure(Failure.PERMANENT, Attempt(1, 0, LATER), NOW)
    assert (verdict.state, verdict.next_try_at) == (State.FAILED, None)


def test_a_transient_failure_is_tried_again_until_it_expires() -> None:
    verdict = after_failure(Failure.TRANSIENT, Attempt(2, 0, LATER), NOW)
    assert (verdict.state, verdict.next_try_at) == (State.PLANNED, NOW + timedelta(minutes=5))
    soon = NOW + timedelta(minutes=5)
    assert after_failure(Failure.TRANSIENT, Attempt(2, 0, soon), NOW).state is State.FAILED


def test_the_first_interruption_is_tried_again_the_second_held() -> None:
    first = after_failure(Failure.AMBIGUOUS, Attempt(1, 1, LATER), NOW)
    assert first.state is State.PLANNED
    assert first.next_try_at is not None
    assert after_failure(Failure.AMBIGUOUS, Attempt(2, 2, LATER), NOW).state is State.HELD


def test_an_interruption_without_time_left_is_held_not_lost() -> None:
    assert after_failure(Failure.AMBIGUOUS, Attempt(1, 1, NOW), NOW).state is State.HELD


@given(
    st.sampled_from(Failure),
    st.integers(1, 60),
    st.integers(0, 5),
    st.timedeltas(timedelta(days=-1), timedelta(days=30)),
)
def test_every_failure_has_an_answer_that_the_table_allows(
    failure: Failure, attempts: int, interruptions: int, left: timedelta
) -> None:
    verdict = after_failure(failure, Attempt(attempts, interruptions, NOW + left), NOW)
    assert verdict.state in TRANSITIONS[State.SENDING]
    assert (verdict.next_try_at is not None) == (verdict.state is State.PLANNED)
    if verdict.next_try_at is not None:
        assert NOW < verdict.next_try_at < NOW + left


@pytest.mark.parametrize("failure", [Failure.TRANSIENT, Failure.AMBIGUOUS])
def test_endless_trouble_comes_to_an_end(failure: Failure) -> None:
    now, attempts, interruptions = NOW, 0, 0
    for _ in range(100):
        attempts += 1
        interruptions += failure is Failure.AMBIGUOUS
        verdict = after_failure(failure, Attempt(attempts, interruptions, LATER), now)
        if verdict.next_try_at is None:
            break
        now = verdict.next_try_at
    else:
        pytest.fail("the message was tried for ever")
    assert attempts <= 20
