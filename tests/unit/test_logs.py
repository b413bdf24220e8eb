"""Logs name nobody, stay one line each, and repeat nothing."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.errors import SettingsError
from digest.logs import Repeats, masked, set_up_logs

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[[], str]]:
    """Gives what was logged, at half past six of a summer's morning in Berlin."""
    root, ours = logging.getLogger(), logging.getLogger("digest")
    kept, levels = root.handlers[:], (root.level, ours.level)
    root.handlers = []
    monkeypatch.setattr("time.time", lambda: 1_783_225_802.345)
    yield lambda: capsys.readouterr().err
    root.handlers = kept
    root.setLevel(levels[0])
    ours.setLevel(levels[1])


Log = Callable[[], str]


def test_a_line_has_the_local_time_and_no_more_than_seconds(log: Log) -> None:
    set_up_logs(BERLIN, {})
    logging.getLogger("digest.rounds").info("Edition %d: sent", 12)
    assert log() == "2026-07-05T06:30:02+02:00 INFO Edition 12: sent\n"


def test_as_json(log: Log) -> None:
    set_up_logs(BERLIN, {"DIGEST_LOG": "json"})
    logging.getLogger("digest.rounds").warning("Quelle „Politik“\nschweigt")
    try:
        raise ValueError("for anna@probe.example")
    except ValueError:
        logging.getLogger("digest.schedule").exception("It failed")
    said = log()
    first, second = map(json.loads, said.splitlines())
    assert first == {
        "time": "2026-07-05T06:30:02+02:00",
        "level": "warning",
        "logger": "digest.rounds",
        "message": "Quelle „Politik“ schweigt",
    }
    assert "ValueError: for …@probe.example" in second["exception"]
    assert "anna" not in said


def test_what_other_packages_say_is_left_out_unless_it_is_an_error(log: Log) -> None:
    set_up_logs(BERLIN, {"DIGEST_LOG": "text"})
    logging.getLogger("apscheduler").warning("chatter")
    logging.getLogger("apscheduler").error("trouble")
    assert log() == "2026-07-05T06:30:02+02:00 ERROR trouble\n"


def test_another_form_is_not_known() -> None:
    with pytest.raises(SettingsError, match=r"DIGEST_LOG.*'xml' is neither json nor text"):
        set_up_logs(BERLIN, {"DIGEST_LOG": "xml"})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("550 5.1.1 <anna.weber+news@probe.example>: no such user", "550 5.1.1 <…@probe.example>: no such user"),
        ("to 'käthe@müller.example' and b@c", "to '…@müller.example' and …@c"),
        ("mailto:anna@probe.example?subject=x", "mailto:…@probe.example?subject=x"),
        ("https://probe.example/abmelden/" + "ab2c" * 8, "https://probe.example/abmelden/…"),
        ("Edition 12 of morgen: 3 submitted", "Edition 12 of morgen: 3 submitted"),
        ("um 6.30 Uhr @ home", "um 6.30 Uhr @ home"),
    ],
)
def test_addresses_and_tokens_are_masked(text: str, expected: str) -> None:
    assert masked(text) == expected


@given(st.emails(domains=st.just("probe.example")), st.text(max_size=20), st.text(max_size=20))
def test_no_local_part_is_left(address: str, before: str, after: str) -> None:
    local = address.rpartition("@")[0]
    if any(sign in local for sign in "'{},;:"):
        return  # such a sign may be the text's own, and what is before it another word
    assert f"{local}@" not in masked(f"{before} {address} {after}")


@given(st.text())
def test_masking_ends_and_is_done_once(text: str) -> None:
    assert masked(masked(text)) == masked(text)


def test_the_same_again_is_no_news_until_it_changes_or_is_over() -> None:
    repeats = Repeats()
    said = [repeats.is_news("morgen", text) for text in ("down", "down", "still down", "still down")]
    assert said == [True, False, True, False]
    assert repeats.is_news("abend", "still down")
    assert repeats.over("morgen")
    assert not repeats.over("morgen")
    assert repeats.is_news("morgen", "still down")
    assert Repeats(every_seconds=0).is_news("morgen", "x")
