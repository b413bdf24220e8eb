"""A mailbox on an IMAP server (RFC 3501, 9051): what is unseen waits; news is told by IDLE (RFC 2177) where offered."""

from __future__ import annotations

import contextlib
import ssl
import threading
from collections.abc import Iterator
from typing import Any

from imapclient import IMAPClient  # type: ignore[import-untyped]
from imapclient.exceptions import IMAPClientAbortError, IMAPClientError, LoginError  # type: ignore[import-untyped]

from digest.errors import MailboxError, SettingsError
from digest.model.bounces import BouncesSettings
from digest.tasks.bounce_mailboxes.base import MAX_OCTETS, Waiting

_TIMEOUT_SECONDS = 30.0
#: A server may end a session that idles longer (RFC 2177, 3).
_IDLE_SECONDS = 25 * 60.0
_STEP_SECONDS = 1.0
_BODY = f"BODY.PEEK[]<0.{MAX_OCTETS}>"
_FAULTS = (OSError, IMAPClientError, ssl.SSLError, ValueError)


class ImapMailbox:
    """One folder of one user. Connects when it is first needed, and again after a fault.

    TLS is always verified; `context` replaces the system's trust.
    """

    def __init__(self, settings: BouncesSettings, password: str, *, context: ssl.SSLContext | None = None) -> None:
        self._settings, self._password = settings, password
        self._context = context or ssl.create_default_context()
        self._open: IMAPClient | None = None

    def where(self) -> str:
        return f"{self._settings.imap_user} at {self._settings.imap_host}"

    def waiting(self) -> Iterator[Waiting]:
        with self._sentences():
            numbers = self._client().search(["UNSEEN", "UNDELETED"])
        for number in sorted(numbers):
            with self._sentences():
                raw = _body(self._client().fetch([number], [_BODY]).get(number, {}))
            if raw is not None:
                yield Waiting(name=str(number), raw=raw)

    def settle(self, name: str) -> None:
        with self._sentences():
            self._client().add_flags([int(name)], [b"\\Seen"])
            if self._settings.imap_done_folder:
                self._move(int(name), self._settings.imap_done_folder)

    def set_aside(self, name: str) -> None:
        with self._sentences():
            self._client().add_flags([int(name)], [b"\\Seen", b"\\Flagged"])

    def wait(self, seconds: float, stop: threading.Event) -> None:
        with self._sentences():
            client = self._client()
            if not client.has_capability("IDLE"):
                stop.wait(seconds)
                return
            client.idle()
            waited = 0.0
            while waited < _IDLE_SECONDS and not stop.is_set():
                waited += _STEP_SECONDS
                if client.idle_check(timeout=_STEP_SECONDS):
                    break
            client.idle_done()

    def close(self) -> None:
        if self._open is not None:
            with contextlib.suppress(*_FAULTS):
                self._open.logout()
            self._open = None

    def _client(self) -> IMAPClient:
        if self._open is None:
            self._open = self._connect()
        return self._open

    def _connect(self) -> IMAPClient:
        wanted = self._settings
        implicit = wanted.imap_tls == "implicit"
        client = IMAPClient(
            wanted.imap_host,
            wanted.imap_port,
            ssl=implicit,
            ssl_context=self._context if implicit else None,
            use_uid=True,
            timeout=_TIMEOUT_SECONDS,
        )
        try:
            if wanted.imap_tls == "starttls":
                client.starttls(self._context)
            client.login(wanted.imap_user, self._password)
            client.select_folder(wanted.imap_folder)
        except BaseException:
            with contextlib.suppress(*_FAULTS):
                client.shutdown()
            raise
        return client

    def _move(self, number: int, folder: str) -> None:
        client = self._client()
        if client.has_capability("MOVE"):
            client.move([number], folder)
            return
        client.copy([number], folder)
        client.delete_messages([number])
        if client.has_capability("UIDPLUS"):
            client.expunge([number])

    @contextlib.contextmanager
    def _sentences(self) -> Iterator[None]:
        try:
            yield
        except _FAULTS as fault:
            broken, self._open = self._open, None
            if broken is not None:
                with contextlib.suppress(*_FAULTS):
                    broken.shutdown()
            # A connection that breaks in the middle of a login is no refusal.
            if not isinstance(fault, LoginError) or isinstance(fault.__context__, IMAPClientAbortError):
                raise MailboxError(f"The mailbox of {self.where()} cannot be read: {_said(fault)}.") from fault
            problem = f"{self._settings.imap_host} refuses the login of {self._settings.imap_user}: {_said(fault)}"
            raise SettingsError("bounces.imap_user", problem, "the settings") from fault


def _body(fetched: Any) -> bytes | None:
    """The octets of a mail in a FETCH answer, None where it is gone."""
    return next((value for key, value in fetched.items() if key.startswith(b"BODY[]") and value is not None), None)


def _said(problem: Exception) -> str:
    said = problem.args[0] if problem.args else problem
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(problem)
    return " ".join(text.split())[:200].rstrip(".") or type(problem).__name__
