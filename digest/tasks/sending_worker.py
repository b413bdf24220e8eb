"""Sends editions in a thread of its own, one at a time, while a server goes on answering."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from digest.errors import DigestError, SenderBusyError
from digest.model.market import Snapshot
from subscribers.errors import SubscribersError

if TYPE_CHECKING:
    from digest.tasks.send_edition import Sender

_log = logging.getLogger(__name__)
#: Seconds between two looks at whether the other sender is done.
_TRY_AGAIN = 1.0


class SendingWorker:
    """Takes editions to send; `sender` makes a sender for each, `prices` gives those to send with.

    Where another sender is at work on the database (the scheduler's own, another process), it waits for its turn.
    """

    def __init__(self, sender: Callable[[], Sender], prices: Callable[[], Snapshot | None]) -> None:
        self._make_sender, self._prices = sender, prices
        self._asked: queue.SimpleQueue[tuple[int, bool] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._waiting: set[int] = set()
        self._said: dict[int, str] = {}
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self._sender: Sender | None = None

    def send(self, number: int, *, resume: bool = False) -> None:
        """Ask for the edition `number` to be sent, or with `resume` to go on with one that was paused."""
        with self._lock:
            if self._stopped.is_set() or number in self._waiting:
                return
            self._waiting.add(number)
            self._said.pop(number, None)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="sending")
                self._thread.start()
        self._asked.put((number, resume))

    def has(self, number: int) -> bool:
        """Whether it is being sent here, or waits for its turn."""
        return number in self._waiting

    def said(self, number: int) -> str:
        """What was in the way when it was sent here last; "" where nothing was."""
        return self._said.get(number, "")

    def stop(self) -> None:
        """Let the messages under way finish, leave the rest to the next start, and end."""
        with self._lock:
            self._stopped.set()
            thread, sender = self._thread, self._sender
        if sender is not None:
            sender.stop()
        if thread is not None:
            self._asked.put(None)
            thread.join()

    def _work(self) -> None:
        while (asked := self._asked.get()) is not None and not self._stopped.is_set():
            number, resume = asked
            try:
                note = self._send_in_turn(number, resume)
            except (DigestError, SubscribersError) as problem:
                note = str(problem)
                _log.warning("Edition %s was not sent: %s", number, problem)
            except Exception as problem:  # noqa: BLE001, the thread goes on, and the log has all of it
                note = f"{type(problem).__name__}: {problem}"
                _log.critical("Edition %s was not sent.", number, exc_info=problem)
            with self._lock:
                self._said[number] = note
                self._waiting.discard(number)

    def _send_in_turn(self, number: int, resume: bool) -> str:
        while True:
            with self._lock:
                sender = self._sender = self._make_sender()
                if self._stopped.is_set():
                    sender.stop()
            try:
                return sender.send(number, self._prices, resume=resume).note
            except SenderBusyError:
                if self._stopped.wait(_TRY_AGAIN):
                    return ""
            finally:
                self._sender = None
