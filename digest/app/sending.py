"""The ways out, and what leaves by them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import date, timedelta
from typing import TYPE_CHECKING

from digest.app.gathering import Gathering
from digest.errors import HeldBackError
from digest.model.delivery import Message
from digest.model.newsletter import Newsletter

if TYPE_CHECKING:
    from digest.deliver.base import Backend
    from digest.deliver.dkim import Signer
    from digest.tasks.dns_check import Sending
    from digest.tasks.send_edition import Sender
    from digest.tasks.send_test import TrialReport
    from digest.tasks.sending_status import EditionStatus

#: How old an edition may be that is still sent to those who were entered into its ledger afterwards.
_LATE = timedelta(days=14)


class Dispatch(Gathering):
    """Adds what leaves."""

    def backend(self) -> Backend:
        """A new one for each run, since what a backend learns (a relay that is out) is good for one run only.

        Raises SettingsError for an unknown one, HeldBackError where the imprint is still the sample.
        """
        from digest.deliver.backends import make_backend

        if self._backend is not None:
            return self._backend
        delivery, site = self.settings.delivery, self.settings.site
        return make_backend(delivery, self.environ, sample_imprint=site.sample_imprint, where=str(self.path))

    @property
    def _bounce_domain(self) -> str:
        """Where bounces go, each to an address of its own; "" where the envelope sender is always the same."""
        delivery = self.settings.delivery
        return delivery.bounce_domain if delivery.envelope == "verp" else ""

    def sending_identity(self) -> Sending:
        """How mail leaves, as the DNS knows it. Raises SettingsError for a DKIM key that cannot be used."""
        from digest.tasks.sending_identity import describe_sending

        return describe_sending(self.settings.delivery, self.settings.dkim, self.header_senders, str(self.path))

    def check_backend(self) -> None:
        """Raises SettingsError for a backend that cannot be made; whether it may send is asked when it is due."""
        with suppress(HeldBackError):
            self.backend()

    def sender(self) -> Sender:
        """Raises what `backend` raises."""
        from digest.tasks.send_edition import Sender
        from digest.tasks.sending_run import Rules

        return Sender(
            self.database,
            self.backend(),
            self.links,
            self.clock,
            Rules(
                bounce_domain=self._bounce_domain,
                on_unknown=self.settings.delivery.on_unknown,
                domain_limits=self.settings.delivery.domain_limits,
                signer=self._signer(),
            ),
        )

    def _signer(self) -> Signer | None:
        """Raises SettingsError for a key that cannot be used."""
        if not self.settings.dkim.domain or getattr(self.backend(), "signs", False):
            return None
        from digest.deliver.dkim_keys import check_alignment, load_signer

        check_alignment(self.settings.dkim, self.header_senders, str(self.path))
        return load_signer(self.settings.dkim, str(self.path))

    @property
    def header_senders(self) -> dict[str, str]:
        """Setting -> address, for everything that may stand in From."""
        own = {f"newsletters.{each.slug}.sender": each.sender for each in self.settings.newsletters if each.sender}
        return {"site.sender": self.settings.site.sender} | own

    def send_test(self, number: int, addresses: Sequence[str]) -> list[TrialReport]:
        """Send a prepared edition, marked as a test, to these addresses; the ledger knows nothing of it."""
        from digest.tasks.send_test import send_test

        return send_test(
            self.database,
            self.backend(),
            self.links,
            number,
            addresses,
            self.last_snapshot(),
            self.secret,
            self.clock(),
            self._signer(),
        )

    def queue_again(self, number: int, address: str) -> None:
        """Queue a sent edition once more for one person."""
        from digest.tasks.send_again import queue_again

        queue_again(self.database, number, address, self.secret, self.clock())

    def waiting_letters(self) -> list[int]:
        """The numbers of the letters that somebody waits for."""
        from digest.storage.letters import letters_due

        with self.database.read() as connection:
            return letters_due(connection)

    def waiting_late(self) -> list[int]:
        """The numbers of the sent editions of the last days that somebody waits for: newcomers, and repeats by hand."""
        from digest.storage.late_editions import late_editions_due

        with self.database.read() as connection:
            return late_editions_due(connection, self.today() - _LATE)

    def sending_status(self, number: int | None = None, newsletter: str = "") -> list[EditionStatus]:
        """How sending stands: of one edition, or of the newest and unfinished ones. Raises NotFoundError."""
        from digest.tasks.sending_status import sending_status

        newest_of = [each.slug for each in self.newsletters(newsletter)]
        return sending_status(self.database, self.clock(), newest_of=newest_of, newsletter=newsletter, number=number)

    def preview(self, number: int, address: str) -> Message:
        from digest.tasks.preview_message import preview_message

        return preview_message(
            self.database,
            number,
            address,
            self.secret,
            self.links,
            self.last_snapshot(),
            self.clock(),
            self._bounce_domain,
        )

    def unfinished_days(self, newsletter: Newsletter) -> list[date]:
        """The days whose edition is being sent or was broken off."""
        from digest.storage.editions import unfinished_days

        with self.database.read() as connection:
            return unfinished_days(connection, newsletter.slug)
