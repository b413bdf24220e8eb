"""The ways by which alerts reach somebody: a mail, a webhook; and the heartbeat, whose absence is one as well."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

import msgspec

from digest.deliver.base import Backend
from digest.errors import DigestError
from digest.links import newsroom_edition_url
from digest.model.alerts import Alert
from digest.model.site import Site
from digest.tasks.alert_words import subject_of, text_of
from digest.tasks.notice import send_notices, text_notice
from digest.tasks.webhook_message import SignedMessage

if TYPE_CHECKING:
    from digest.deliver.dkim import Signer
    from digest.tasks.post_message import Poster

_JSON = {"content-type": "application/json"}


class AlertWay(Protocol):
    """`name` is how it is remembered that this way was told."""

    name: str

    def tell(self, alert: Alert, *, resolved: bool, now: datetime) -> str:
        """Tell of an alert, or that it is over; what went wrong, or ""."""
        ...


class MailWay:
    """A mail to each of `addresses`. `backend` makes the way out; it may raise a DigestError."""

    name = "mail"

    def __init__(
        self, site: Site, addresses: Sequence[str], backend: Callable[[], Backend], signer: Callable[[], Signer | None]
    ) -> None:
        self._site, self._addresses, self._backend, self._signer = site, addresses, backend, signer

    def tell(self, alert: Alert, *, resolved: bool, now: datetime) -> str:
        subject = subject_of(alert, resolved=resolved)
        text = text_of(alert, self._site.base_url, resolved=resolved)
        try:
            notices = [text_notice(self._site, address, subject, text, now) for address in self._addresses]
            problems = send_notices(self._backend(), notices, self._signer())
        except (DigestError, ValueError) as problem:
            return str(problem)
        # One who was reached knows; telling that one again because of another would be noise.
        return "" if "" in problems else "; ".join(dict.fromkeys(problems))


class WebhookWay:
    """A POST of JSON: `text` for chat programs, the other fields for machines."""

    name = "webhook"

    def __init__(self, site: Site, url: str, poster: Callable[[], Poster]) -> None:
        self._site, self._url, self._poster = site, url, poster

    def tell(self, alert: Alert, *, resolved: bool, now: datetime) -> str:
        base_url = self._site.base_url
        said = {
            "type": "alert",
            "text": f"{subject_of(alert, resolved=resolved)}\n{text_of(alert, base_url, resolved=resolved)}",
            "cause": alert.cause,
            "resolved": resolved,
            "title": alert.title,
            "date": alert.day,
            "edition": alert.edition,
            "state": alert.state,
            "reason": alert.reason,
            "url": newsroom_edition_url(base_url, alert.edition) if alert.edition is not None else "",
            "timestamp": now,
        }
        with self._poster() as poster:
            return poster.post(self._url, SignedMessage(_JSON, msgspec.json.encode(said)), now).problem


class Heartbeat:
    """Tells a watchman that a day's sending went well; the watchman raises the alarm where that fails to come."""

    def __init__(self, url: str, poster: Callable[[], Poster]) -> None:
        self._url, self._poster = url, poster

    def ping(self, now: datetime) -> str:
        """What went wrong, or ""."""
        with self._poster() as poster:
            return poster.post(self._url, SignedMessage({"content-type": "text/plain"}, b"ok"), now).problem
