"""Take in what waits in the bounce mailbox, once or until stopped."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from digest.errors import DigestError, HeldBackError, MailboxError, PausedError, StorageError
from digest.model.bounces import IngestReport, MailReport, sum_up
from digest.tasks.bounce_mailboxes.base import Mailbox

_LOG = logging.getLogger(__name__)
#: Seconds before the next try after a fault of the mailbox or the database; doubled each time.
_FIRST_RETRY, _LONGEST_RETRY = 5.0, 300.0

Ingest = Callable[[bytes, str], MailReport]


def ingest_waiting(
    mailbox: Mailbox,
    ingest: Ingest,
    *,
    on_mail: Callable[[MailReport], None] = lambda _report: None,
    stop: threading.Event | None = None,
) -> IngestReport:
    """Take in every mail that waits now. One that cannot be read is set aside and blocks nobody.

    Raises MailboxError, StorageError; the mail at hand then waits for the next time.
    """
    reports: list[MailReport] = []
    for mail in mailbox.waiting():
        if stop is not None and stop.is_set():
            break
        try:
            report = ingest(mail.raw, mail.name)
        except (StorageError, MailboxError):
            raise
        except (PausedError, HeldBackError) as later:
            _LOG.warning("%s waits: %s", mail.name, later)
            continue
        except Exception as problem:  # noqa: BLE001, whatever it is, it must not keep the other mails waiting
            _LOG.exception("%s cannot be taken in and is set aside", mail.name)
            mailbox.set_aside(mail.name)
            report = MailReport(file=mail.name, kind="set_aside", note=f"It was set aside: {problem!r}.")
        else:
            mailbox.settle(mail.name)
        reports.append(report)
        on_mail(report)
    return sum_up(reports)


def watch_mailbox(
    mailbox: Mailbox,
    ingest: Ingest,
    stop: threading.Event,
    *,
    poll_seconds: float,
    on_mail: Callable[[MailReport], None] = lambda _report: None,
    on_fault: Callable[[str], None] = lambda _sentence: None,
) -> None:
    """Take mail in as it comes, until `stop` is set; faults of the mailbox or the database are waited out.

    Raises what is wrong when it begins (SettingsError, MailboxError): nobody should wait for a mistyped password.
    """
    retry = 0.0
    began = False
    try:
        while not stop.is_set():
            try:
                ingest_waiting(mailbox, ingest, on_mail=on_mail, stop=stop)
                began, retry = True, 0.0
                if not stop.is_set():
                    mailbox.wait(poll_seconds, stop)
            except DigestError as fault:
                if not began:
                    raise
                retry = min(2 * retry or _FIRST_RETRY, _LONGEST_RETRY)
                on_fault(f"{fault} Trying again in {retry:g} seconds.")
                stop.wait(retry)
    finally:
        mailbox.close()
