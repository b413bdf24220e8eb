"""Keeping it all running: backups, pruning, alerts, reminders."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from digest.app.editions import Editions
from digest.model.delivery import Message

if TYPE_CHECKING:
    from digest.deliver.base import Backend
    from digest.tasks.alerts import Alarm
    from digest.tasks.backup import BackupReport
    from digest.tasks.prune import PruneReport


class Upkeep(Editions):
    """Adds what the machine's keeper needs."""

    def backup(self, out: Path | None = None, *, keep: int = 0) -> BackupReport:
        """Back up into `out`, or into the folder backups, where `keep` of the newest stay (0: all of them)."""
        from digest.tasks.backup import make_backup

        return make_backup(self.places, self.clock(), out, keep=keep)

    def prune(self, *, who: str, dry_run: bool = False) -> PruneReport:
        """Delete what [retention] and [privacy] say is to go."""
        from digest.tasks.prune import Folders, prune_all

        file = self.database.file
        folders = Folders(
            pictures=self.pictures_folder,
            imports=self.imports_folder,
            cache=file.with_name("http-cache.db") if file else None,
            beside=self.pictures_folder.parent,
        )
        settings = self.settings
        retention, privacy, newsletters = settings.retention, settings.privacy, settings.newsletters
        return prune_all(
            self.database, folders, retention, privacy, newsletters, who=who, now=self.clock(), dry_run=dry_run
        )

    def alarm(self) -> Alarm:
        """What tells people in charge that an edition does not go out."""
        from digest.tasks.alert_ways import AlertWay, Heartbeat, MailWay, WebhookWay
        from digest.tasks.alerts import Alarm

        settings, alerts = self.settings, self.settings.alerts
        ways: list[AlertWay] = []
        if alerts.addresses:
            ways.append(MailWay(settings.site, alerts.addresses, self._alert_backend, self._signer))
        if alerts.webhook_url:
            ways.append(WebhookWay(settings.site, alerts.webhook_url, self._poster))
        heartbeat = Heartbeat(alerts.heartbeat_url, self._poster) if alerts.heartbeat_url else None
        zone = settings.site.zone
        return Alarm(self.database, settings.newsletters, settings.sources, zone, self.clock, ways, heartbeat)

    def _alert_backend(self) -> Backend:
        """The way out of alerts. An imprint protects readers; alerts need none."""
        from digest.deliver.backends import make_backend
        from digest.deliver.session import Timeouts
        from digest.deliver.smtp import SmtpBackend

        delivery = self.settings.delivery
        relay = self.settings.alerts.find_relay(delivery.relays)
        if relay is not None:
            hasty = Timeouts(greeting=20, command=20, data=20, body=60, patience=5)
            return SmtpBackend(replace(delivery, backend="smtp", relays=(relay,)), self.environ, timeouts=hasty)
        return self._backend or make_backend(delivery, self.environ, sample_imprint=False, where=str(self.path))

    def was_reminded(self, number: int) -> bool:
        """Whether editors got the reminder of that edition."""
        from digest.tasks.remind_editors import was_reminded

        return was_reminded(self.database, number)

    def remind_editors(self, number: int) -> bool:
        """Mail a prepared edition to editors, to be approved or changed; whether there is anybody to mail it to."""
        from digest.tasks.notice import send_notices
        from digest.tasks.remind_editors import remind_editors
        from digest.tasks.send_test import trial_messages

        def previews(addresses: Sequence[str]) -> list[Message]:
            now, snapshot = self.clock(), self.last_snapshot()
            return trial_messages(self.database, self.links, number, addresses, snapshot, self.secret, now)

        def send(messages: Sequence[Message]) -> list[str]:
            return send_notices(self.backend(), messages, self._signer())

        return remind_editors(self.database, number, previews, self.settings.alerts.addresses, send, self.clock())
