"""The thread that sends while a server goes on answering."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from digest.errors import PausedError, SenderBusyError
from digest.model.edition import EditionState
from digest.tasks.send_report import SendReport
from digest.tasks.sending_worker import SendingWorker


class ScriptedSender:
    """Does with each edition what its number's script says, one line a time; "hang" waits until it is stopped."""

    def __init__(self, scripts: dict[int, list[Any]]) -> None:
        self.scripts, self.sent = scripts, []
        self.begun, self.ended, self.stopped = threading.Event(), threading.Event(), threading.Event()

    def send(self, number: int, _prices: Any, *, resume: bool = False) -> SendReport:
        step = self.scripts[number].pop(0)
        self.begun.set()
        if step == "hang":
            assert self.stopped.wait(10)
        if isinstance(step, BaseException):
            raise step
        self.sent.append((number, resume))
        if not any(self.scripts.values()):
            self.ended.set()
        return SendReport(edition=number, newsletter="morgen", state=EditionState.SENT, note=str(step))

    def stop(self) -> None:
        self.stopped.set()


def work(scripts: dict[int, list[Any]]) -> tuple[SendingWorker, ScriptedSender]:
    sender = ScriptedSender(scripts)
    return SendingWorker(lambda: sender, lambda: None), sender  # type: ignore[return-value, arg-type]


def test_editions_are_sent_in_the_order_in_which_they_were_asked_for() -> None:
    worker, sender = work({1: [""], 2: ["nobody"]})
    worker.send(1)
    worker.send(2, resume=True)
    assert sender.ended.wait(10)
    worker.stop()
    assert sender.sent == [(1, False), (2, True)]
    assert (worker.said(1), worker.said(2)) == ("", "nobody")
    assert not worker.has(1)


def test_asking_twice_sends_once() -> None:
    worker, sender = work({1: ["hang"]})
    worker.send(1)
    assert sender.begun.wait(10)
    worker.send(1)
    assert worker.has(1)
    worker.stop()
    assert sender.sent == [(1, False)]


def test_it_waits_for_another_sender(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("digest.tasks.sending_worker._TRY_AGAIN", 0.01)
    worker, sender = work({1: [SenderBusyError("busy"), SenderBusyError("busy"), ""]})
    worker.send(1)
    assert sender.ended.wait(10)
    worker.stop()
    assert sender.sent == [(1, False)]
    assert worker.said(1) == ""


@pytest.mark.parametrize("problem", [PausedError("The relay refuses us."), ZeroDivisionError("oops")])
def test_what_goes_wrong_is_said_and_the_next_is_sent(problem: Exception) -> None:
    worker, sender = work({1: [problem], 2: [""]})
    worker.send(1)
    worker.send(2)
    assert sender.ended.wait(10)
    worker.stop()
    assert str(problem) in worker.said(1)
    assert sender.sent == [(2, False)]


def test_stopping_ends_it_and_takes_nothing_more() -> None:
    worker, sender = work({1: ["hang"], 2: [""]})
    worker.send(1)
    worker.send(2)
    assert sender.begun.wait(10)
    worker.stop()
    worker.send(3)
    assert sender.sent == [(1, False)]
    assert not any(thread.name == "sending" for thread in threading.enumerate())


def test_one_that_was_never_asked_ends_too() -> None:
    worker, _ = work({})
    worker.stop()
    worker.send(1)
    assert not worker.has(1)
