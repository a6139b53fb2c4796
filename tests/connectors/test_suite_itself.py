"""The suite notices what it is there for: each toy breaks one promise, and its check must fail."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.connectors import running
from tests.connectors.checks import CHECKS, Case, attaching, hearing, speaking, surviving, telling
from tests.connectors.checks import Run as Promise
from tests.connectors.platforms.toy import Service
from tests.connectors.toy import Fault

BROKEN: list[tuple[Fault, Promise]] = [
    (
        Fault.REMEMBERS_TOO_EARLY,
        surviving.killed_at_any_moment_it_loses_nothing_and_logs_no_words,
    ),
    (Fault.FORGETS, surviving.what_was_said_while_we_were_away_is_heard_afterwards),
    (Fault.NEW_IDS, hearing.what_is_told_again_after_a_crash_keeps_its_id_and_text),
    (Fault.NEW_IDS, hearing.what_is_said_is_heard_with_its_id_author_time_and_text),
    (Fault.DISORDER, hearing.a_conversation_is_heard_in_the_order_in_which_it_was_said),
    (Fault.DROPS_WHAT_FAILED, hearing.nothing_is_lost_while_intake_is_busy_or_fails),
    (Fault.EDIT_IS_NEW, hearing.an_edit_is_a_message_of_its_own_that_names_what_it_replaces),
    (Fault.DELETION_IS_SILENT, hearing.a_deletion_is_told_and_takes_no_words_with_it),
    (Fault.NO_CUT, hearing.a_text_that_is_too_long_is_cut_to_what_intake_takes),
    (Fault.CHANGES_TEXT, hearing.hostile_texts_arrive_as_they_were_said_and_stop_nothing),
    (Fault.ODD_STOPS_ALL, hearing.hostile_texts_arrive_as_they_were_said_and_stop_nothing),
    (Fault.SWALLOWS_REFUSAL, hearing.without_a_legal_basis_nothing_is_handed_over),
    (Fault.TELLS_NOBODY, telling.nothing_said_before_the_room_was_told_is_ever_read),
    (Fault.TELLS_NOBODY, telling.without_an_approved_notice_nobody_is_told_and_nobody_read),
    (Fault.READS_FIRST, telling.nothing_said_before_the_room_was_told_is_ever_read),
    (Fault.READS_FIRST, telling.where_all_must_agree_nobody_is_read_before_all_have),
    (Fault.JOINERS_UNTOLD, telling.who_comes_later_is_told_before_being_read),
    (Fault.IGNORES_OBJECTION, telling.an_objection_stops_reading_until_it_is_taken_back),
    (
        Fault.NO_NAME,
        speaking.words_are_said_in_the_room_under_the_agencys_name_and_are_nobodys_message,
    ),
    (
        Fault.HEARS_ITSELF,
        speaking.words_are_said_in_the_room_under_the_agencys_name_and_are_nobodys_message,
    ),
    (Fault.SAYS_TWICE, speaking.the_same_id_twice_is_said_once),
    (Fault.SAYS_TWICE, surviving.killed_in_the_middle_of_sending_it_never_says_it_twice),
    (Fault.PRIVATE_IS_LOUD, speaking.private_words_are_seen_by_one_person_alone),
    (Fault.IMPATIENT, speaking.too_many_is_obeyed_and_the_words_come_once_in_the_end),
    (Fault.IMPATIENT, speaking.too_many_for_very_long_says_nothing_and_is_tried_again),
    (Fault.HOPEFUL, speaking.words_during_a_cut_are_held_up_or_in_doubt_and_never_said_twice),
    (
        Fault.BLIND_TO_REVOKING,
        speaking.credentials_that_are_not_accepted_any_more_end_it_with_a_sentence,
    ),
    (
        Fault.TELLS_SECRETS,
        speaking.credentials_that_are_not_accepted_any_more_end_it_with_a_sentence,
    ),
    (
        Fault.SPOILS_CONTENT,
        attaching.what_was_attached_can_be_had_byte_for_byte_and_not_beyond_a_limit,
    ),
    *(
        (fault, attaching.content_that_cannot_be_had_costs_no_message_and_leads_nowhere_else)
        for fault in (Fault.WAITS_FOR_CONTENT, Fault.FOLLOWS_ANYWHERE, Fault.TELLS_HOSTS)
    ),
    (Fault.LOGS_WORDS, surviving.killed_in_the_middle_of_sending_it_never_says_it_twice),
]


@pytest.mark.parametrize(
    ("fault", "promise"), BROKEN, ids=[f"{fault.name}-{run.__name__[:20]}" for fault, run in BROKEN]
)
async def test_a_broken_connector_is_noticed(
    fault: Fault, promise: Promise, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "PATIENCE", 2.5)
    await fails(Service(fault), promise, tmp_path)


async def test_a_gap_that_is_not_told_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "PATIENCE", 2.5)
    service = Service(Fault.HIDES_GAPS, history=False)
    await fails(
        service, surviving.killed_at_any_moment_it_loses_nothing_and_logs_no_words, tmp_path
    )


@pytest.mark.parametrize(
    "promise",
    [
        surviving.killed_at_any_moment_it_loses_nothing_and_logs_no_words,
        surviving.a_cut_of_the_network_loses_nothing_or_is_told_as_a_gap,
    ],
)
async def test_where_nothing_can_be_fetched_a_gap_that_is_told_is_enough(
    promise: Promise, tmp_path: Path
) -> None:
    service = Service(history=False)
    await service.start()
    try:
        await promise(Case(service, tmp_path))
    finally:
        await service.stop()


async def fails(service: Service, promise: Promise, folder: Path) -> None:
    """The promise is found broken, by its own words and not by an accident of the toy."""
    await service.start()
    try:
        with pytest.raises((AssertionError, TimeoutError)):
            await promise(Case(service, folder))
    finally:
        await service.stop()


def test_every_fault_of_the_toy_is_tried() -> None:
    assert {fault for fault, _ in BROKEN} == set(Fault) - {Fault.NONE, Fault.HIDES_GAPS}
    assert {run for _, run in BROKEN} <= {each.run for each in CHECKS}
