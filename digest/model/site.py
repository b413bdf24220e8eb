"""The publisher: the [site] table of the settings."""

from __future__ import annotations

import re
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from digest.model.settings import Table

Form = Literal["Sie", "du"]

#: An imprint that begins so is ours, not the operator's; `deliver` then refuses to let mail out.
SAMPLE_IMPRINT = "Beispiel"
_MAILBOX = re.compile(r"[^\s@<>()\[\]\\,;:\"]+@[^\s@<>()\[\]\\,;:\"]+")


def check_mailbox(key: str, address: str) -> None:
    """ValueError, naming `key`, where `address` cannot stand in an envelope or a header as it is."""
    if not _MAILBOX.fullmatch(address) or not address.isprintable():
        raise ValueError(f"{key} must be an address such as digest@news.example, not {address!r}")


class Site(Table, frozen=True, kw_only=True):
    """Who publishes, and under which address. `base_url` carries every public link and has no slash at its end.

    The defaults are safe: without an imprint no mail leaves the machine.
    """

    name: str = "Newsroom digest"
    base_url: str = "https://news.example"
    sender: str = "digest@news.example"
    sender_name: str = ""
    reply_to: str = ""
    form: Form = "Sie"
    time_zone: str = "Europe/Berlin"
    imprint: str = ""
    responsible: str = ""
    privacy_url: str = ""
    secret_file: str = "var/secret"  # noqa: S105, a path

    def __post_init__(self) -> None:
        if not self.base_url.startswith(("http://", "https://")) or self.base_url.endswith("/"):
            raise ValueError("base_url must begin with http:// or https:// and have no slash at its end")
        check_mailbox("sender", self.sender)
        if self.reply_to:
            check_mailbox("reply_to", self.reply_to)
        try:
            ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as unknown:  # OSError: "Europe" is a folder
            raise ValueError(f"time_zone {self.time_zone!r} is not known; write it as Europe/Berlin") from unknown

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @property
    def sample_imprint(self) -> bool:
        """Whether the imprint is empty or still the one that we ship."""
        return not self.imprint.strip() or self.imprint.startswith(SAMPLE_IMPRINT)
