"""The [alerts] table: who is told when an edition does not go out, and by which ways."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from digest.deliver.settings import LOOPBACK, Relay
from digest.model.settings import Table
from digest.model.site import check_mailbox

_SUBMISSION, _SUBMISSIONS, _SMTP = 587, 465, 25  # RFC 6409, RFC 8314, RFC 5321


class AlertsSettings(Table, frozen=True, kw_only=True):
    """`mail_to` is one address, or several with commas between them; `relay` is the way that mail to them takes.

    A relay is "host" or "host:port": one of [[delivery.relays]], or another that wants no password. A table with the
    keys of a relay describes one that does. Without any the mail leaves by the delivery's own backend, which may be
    what is broken. `webhook_url` gets a POST with JSON, `heartbeat_url` one after each successful day.
    """

    mail_to: str = ""
    relay: str | Relay = ""
    webhook_url: str = ""
    heartbeat_url: str = ""

    def __post_init__(self) -> None:
        for address in self.addresses:
            check_mailbox("mail_to", address)
        if isinstance(self.relay, str) and self.relay and _host_and_port(self.relay) is None:
            raise ValueError(
                f"relay must be a host such as mail2.news.example or mail2.news.example:465, not {self.relay!r}"
            )
        for key, url in (("webhook_url", self.webhook_url), ("heartbeat_url", self.heartbeat_url)):
            if url and not _is_url(url):
                raise ValueError(f"{key} must be an address such as https://alarm.example/hook")

    @property
    def addresses(self) -> tuple[str, ...]:
        """Those of `mail_to`, each once."""
        return tuple(dict.fromkeys(address.strip() for address in self.mail_to.split(",") if address.strip()))

    def find_relay(self, relays: Sequence[Relay]) -> Relay | None:
        """The relay that alerts go by; None where they leave as all mail does."""
        if isinstance(self.relay, Relay):
            return self.relay
        named = _host_and_port(self.relay)
        if named is None:
            return None
        host, port = named
        for relay in relays:
            if relay.host == host and port in (None, relay.port):
                return relay
        if host in LOOPBACK:
            return Relay(host=host, port=port or _SMTP, tls="none", connections=1)
        if port == _SUBMISSIONS:
            return Relay(host=host, port=port, tls="implicit", connections=1)
        return Relay(host=host, port=port or _SUBMISSION, connections=1)


def _host_and_port(text: str) -> tuple[str, int | None] | None:
    try:
        parts = urlsplit(f"//{text}")
        plain = parts.hostname and not (parts.path or parts.query or parts.fragment or "@" in text or " " in text)
        return (parts.hostname or "", parts.port) if plain and text.isprintable() else None
    except ValueError:
        return None


def _is_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and url.isprintable() and " " not in url
    except ValueError:
        return False
