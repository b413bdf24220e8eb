"""Our signed tokens in a mail that came back. Whether one is genuine, who holds the secret decides."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from subscribers.bounces.mime import headers
from subscribers.bounces.model import Tokens
from subscribers.bounces.notice import Notice

#: A handle, a number and a truncated HMAC in base32 (RFC 4648, 6), without regard to case.
_TOKEN = r"([A-Za-z2-7]{32})(?![A-Za-z0-9])"  # noqa: S105, a pattern
_BOUNCE = re.compile(rf"(?<![A-Za-z0-9])b-{_TOKEN}@", re.IGNORECASE)
_MESSAGE = re.compile(rf"<{_TOKEN}@")
_UNSUBSCRIBE = re.compile(rf"(?:abmelden/|abmelden(?:%20|\+|\s)\s*){_TOKEN}", re.IGNORECASE)
#: Who a mail was delivered to, and what the quoted message was sent from: set by servers, the nearest first.
_ENVELOPE = ("delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "x-apparently-to", "to", "cc")
_MOST = 50


def tokens_in(notice: Notice, raw: bytes) -> Tokens:
    """What looks like one of our tokens; the places that servers fill go before those that a writer fills."""
    envelope = notice.fields(*_ENVELOPE)
    quoted = [str(value) for message in notice.quoted for value in message.values()]
    quoted += [value for message in notice.quoted for name in ("list-unsubscribe",) for value in headers(message, name)]
    own = notice.fields("in-reply-to", "references", "subject")
    everywhere = [*envelope, *notice.statuses, *quoted, *own, notice.text, raw[: 512 * 1024].decode("latin-1")]
    return tokens_among(everywhere, message=quoted, unsubscribe=own)


def tokens_among(places: Sequence[str], *, message: Sequence[str] = (), unsubscribe: Sequence[str] = ()) -> Tokens:
    """The tokens in `places`, in their order; `message` and `unsubscribe` are looked through first for those kinds."""
    return Tokens(
        bounce=_found(_BOUNCE, places),
        message=_found(_MESSAGE, [*message, *places]),
        unsubscribe=_found(_UNSUBSCRIBE, [*unsubscribe, *places]),
    )


def _found(pattern: re.Pattern[str], places: Iterable[str]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for place in places:
        for match in pattern.finditer(" ".join(place.split()) if len(place) < 10_000 else place):
            found.setdefault(match[1].lower())
            if len(found) >= _MOST:
                return tuple(found)
    return tuple(found)
