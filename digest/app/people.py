"""Readers: their requests, letters to them, what comes back from them, and who is told of them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from digest.app.sending import Dispatch
from digest.model.newsletter import Newsletter

if TYPE_CHECKING:
    from digest.model.bounces import IngestReport, MailReport
    from digest.render.letterhead import LetterName
    from digest.tasks.bounce_mailboxes.base import Mailbox
    from digest.tasks.deliver_webhooks import WebhookReport
    from digest.tasks.desk import Desk
    from digest.tasks.forget_person import ForgottenReport
    from digest.tasks.post_message import Answer
    from digest.tasks.purge import PurgeReport
    from digest.tasks.reader_requests import ReaderRequests
    from digest.tasks.send_letter import Letters
    from subscribers.import_undo import UndoReport


class People(Dispatch):
    """Adds what concerns readers."""

    @cached_property
    def desk(self) -> Desk:
        """What readers' requests, and letters to them, are made with."""
        from digest.tasks.desk import Desk

        settings = self.settings
        said = [topic for source in settings.sources for topic in source.topics]
        said += [topic for newsletter in settings.newsletters for part in newsletter.sections for topic in part.topics]
        return Desk(
            database=self.database,
            secret=self.secret,
            links=self.links,
            site=settings.site,
            newsletters=settings.newsletters,
            privacy=settings.privacy,
            letters=self._letters(),
            topics=tuple(dict.fromkeys(topic.lower() for topic in [*said, *settings.topics.values()])),
            coins=settings.market.coins,
            clock=self.clock,
            own_templates=self._own_templates,
            outbox=Path(settings.delivery.path),
            reports=self.imports_folder,
        )

    def _letters(self) -> Letters:
        from digest.tasks.send_letter import Letters

        market = self.settings.market
        return Letters(
            # The secret's place on this machine is nothing that a letter is made from.
            replace(self.settings.site, secret_file=""),
            self.links,
            self.settings.privacy,
            self._letter_templates,
            coins=market.coins,
            currency=market.currency,
        )

    def _letter_templates(self, name: LetterName) -> dict[str, str]:
        from digest.render.environment import read_templates
        from digest.render.letterhead import FOLDER

        return read_templates(f"{FOLDER}/{name}", self._own_templates)

    def forget(self, address: str, *, who: str, source: str) -> ForgottenReport:
        """Erase whoever has that address; `source` says whose wish it is, and names nobody."""
        from digest.tasks.forget_person import forget_address

        return forget_address(self.desk, address, who=who, source=source)

    def export_person(self, address: str) -> dict[str, Any]:
        """Everything that is kept about whom that address names. Raises UnknownSubscriberError."""
        from digest.tasks.export_person import export_person
        from subscribers.repository import get_subscriber

        with self.database.read() as connection:
            person = get_subscriber(connection, address, secret=self.secret)
            return export_person(connection, person, secret=self.secret, now=self.clock())

    def ask_pending(self) -> int:
        """Queue confirmation letters to everybody who is pending and was not asked yet; how many."""
        from digest.tasks.ask_pending import ask_pending

        return ask_pending(self.desk)

    def purge(self) -> PurgeReport:
        """Delete what the [privacy] settings say is to go."""
        from digest.tasks.purge import purge

        return purge(self.database, self.settings.privacy, self.clock())

    def reader_requests(self) -> ReaderRequests:
        """What the public pages can ask for."""
        from digest.tasks.reader_requests import ReaderRequests

        return ReaderRequests(self.desk)

    def undo_import(self, number: int, *, who: str, progress: Callable[[int], None] = lambda _done: None) -> UndoReport:
        """Take an import back. Raises UnknownImportError."""
        from digest.storage.mailed import mailed_among
        from subscribers.import_undo import undo_import

        return undo_import(
            self.database.write, number, in_use=mailed_among, who=who, now=self.clock(), progress=progress
        )

    def ingest_bounce(self, raw: bytes, file: str, *, dry_run: bool = False) -> MailReport:
        """Take in one mail that came back; `file` names it in the report."""
        from digest.tasks.forward_reply import Forwarder
        from digest.tasks.ingest_bounces import ingest_mail

        forward = Forwarder(self.desk, self.settings.bounces, self.backend)
        return ingest_mail(self.desk, self.settings.bounces, raw, file, forward=forward, dry_run=dry_run)

    def receive_bounces(self, provider: str, body: bytes) -> list[MailReport]:
        """Take in a notification by a mail service's webhook; see `digest.tasks.receive_bounces`."""
        from digest.tasks.receive_bounces import receive_bounces

        return receive_bounces(self.desk, self.settings.bounces, provider, body, self._fetch_once)

    def bounce_mailbox(self) -> Mailbox:
        """The mailbox of [bounces]. Raises SettingsError where none is named, or its password is not there."""
        from digest.tasks.bounce_mailboxes.named import open_mailbox

        return open_mailbox(self.settings.bounces, self.environ, str(self.path))

    def ingest_waiting_bounces(self) -> IngestReport | None:
        """Count what servers refused of late, and take in what waits in the mailbox of [bounces].

        None where the settings name no mailbox.
        """
        from digest.tasks.count_rejections import count_rejections
        from digest.tasks.watch_bounces import ingest_waiting

        count_rejections(self.desk, self.settings.bounces)
        if not (self.settings.bounces.maildir or self.settings.bounces.imap_host):
            return None
        mailbox = self.bounce_mailbox()
        try:
            return ingest_waiting(mailbox, self.ingest_bounce)
        finally:
            mailbox.close()

    def deliver_webhooks(self, only: int | None = None) -> list[WebhookReport]:
        """One turn for every outgoing webhook that has something to be told, or for the one numbered `only`."""
        from digest.tasks.deliver_webhooks import deliver_webhooks

        with self._poster() as poster:
            return deliver_webhooks(self.database, poster, self.clock, only=only)

    def test_webhook(self, number: int) -> Answer:
        """Send a webhook a message of type "test". Raises NotFoundError."""
        from digest.tasks.deliver_webhooks import send_test

        with self._poster() as poster:
            return send_test(self.database, poster, number, self.clock())

    def count_recipients(self, newsletter: Newsletter) -> int:
        """How many people its lists and its segment come to. Raises UnknownListError, UnknownSegmentError."""
        from subscribers.recipients import count_recipients
        from subscribers.segment_store import clause_of_segment

        with self.database.read() as connection:
            segment = clause_of_segment(connection, newsletter.segment, zone=self.settings.site.zone)
            return count_recipients(connection, newsletter.lists, segment=segment)
