"""What every request of a reader is answered with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

import msgspec

from digest.errors import NotFoundError
from digest.links import Links
from digest.model.newsletter import Newsletter
from digest.model.privacy import PrivacySettings
from digest.model.site import Site
from digest.storage.database import Database
from digest.tasks.send_letter import Letters

#: Who changes are written down under that readers make themselves.
READER = "reader"


class Desk(msgspec.Struct, frozen=True, kw_only=True):
    """`topics` and `coins` are those that readers may choose from; `own_templates` is the operator's folder.

    `outbox` and `reports` are the folders where copies of a person's mail and lines about them may lie.
    """

    database: Database
    secret: bytes
    links: Links
    site: Site
    newsletters: Sequence[Newsletter]
    privacy: PrivacySettings
    letters: Letters
    topics: tuple[str, ...]
    coins: tuple[str, ...]
    clock: Callable[[], datetime]
    outbox: Path
    reports: Path
    own_templates: Path | None = None

    def newsletter(self, slug: str) -> Newsletter:
        """The newsletter of that slug. Raises NotFoundError."""
        for newsletter in self.newsletters:
            if newsletter.slug == slug:
                return newsletter
        raise NotFoundError("newsletter", slug, "in the settings")

    def newsletter_of_list(self, list_slug: str) -> Newsletter | None:
        """The first newsletter that goes to that list."""
        return next((newsletter for newsletter in self.newsletters if list_slug in newsletter.lists), None)

    def ip(self, ip: str) -> str:
        """The IP address as it may be written down: empty unless the settings say to store it."""
        return ip if self.privacy.store_ip else ""
