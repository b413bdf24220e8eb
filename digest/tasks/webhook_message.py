"""What is sent to a webhook, in the manner of Standard Webhooks (standardwebhooks.com, 1.0); pure.

A receiver checks that `webhook-signature` holds "v1," and the base64 of HMAC-SHA256 over "ID.TIMESTAMP.BODY", keyed
with the octets behind "whsec_" in the secret; it refuses an old `webhook-timestamp`, and an ID that it has seen is a
repetition.
"""

from __future__ import annotations

import base64
import hmac
import random
import secrets
from datetime import datetime, timedelta
from ipaddress import ip_address
from urllib.parse import urlsplit

import msgspec

from digest.errors import UsageError
from digest.storage.webhooks import Telling

_SECRET_MARK = "whsec_"  # noqa: S105, what every secret begins with
_SECRET_OCTETS = 32
_URL_MAX = 2000
#: The first wait; each further one is three times as long, up to the longest.
_FIRST_WAIT, _LONGEST_WAIT = timedelta(seconds=30), timedelta(hours=4)
#: For so long an event is tried again; then it is given up.
TRIED_FOR = timedelta(days=1)


class SignedMessage(msgspec.Struct, frozen=True):
    headers: dict[str, str]
    body: bytes


def make_secret() -> str:
    return _SECRET_MARK + base64.b64encode(secrets.token_bytes(_SECRET_OCTETS)).decode()


def check_webhook_url(url: str) -> str:
    """`url`, if messages can be sent there. Raises UsageError.

    They carry addresses, so plain http is for this machine and private networks only; whether such a network may be
    reached at all is asked again when a message is sent.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise UsageError(f"{url[:100]!r} is no URL.") from None
    if parts.scheme not in ("http", "https") or not host or len(url) > _URL_MAX or not url.isprintable() or " " in url:
        raise UsageError(f"{url[:100]!r} is no URL; write it as https://crm.example/hook.")
    if "@" in parts.netloc or parts.fragment:
        raise UsageError("The URL of a webhook has no user name, password or fragment; the signature says who we are.")
    if parts.scheme == "http" and not _is_private(host):
        raise UsageError(f"Messages to {host} carry e-mail addresses; the URL must begin with https://.")
    return url


def event_body(telling: Telling) -> bytes:
    """The JSON that tells of one event."""
    told = {
        "event": telling.event,
        "subscriber_id": telling.subscriber_id,
        "email": telling.email,
        "list": telling.list_slug,
        "edition": telling.edition,
    }
    return msgspec.json.encode({"type": telling.kind, "timestamp": telling.at, "data": told})


def sign_message(secret: str, name: str, body: bytes, now: datetime) -> SignedMessage:
    """`body` with its headers; `name` is the webhook-id, the same whenever the same event is sent again."""
    timestamp = str(int(now.timestamp()))
    key = base64.b64decode(secret.removeprefix(_SECRET_MARK))
    mac = hmac.digest(key, f"{name}.{timestamp}.".encode() + body, "sha256")
    headers = {
        "content-type": "application/json",
        "webhook-id": name,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{base64.b64encode(mac).decode()}",
    }
    return SignedMessage(headers, body)


def next_attempt(
    attempts: int, queued_at: datetime, now: datetime, retry_after: float | None, dice: random.Random
) -> datetime | None:
    """When to try again after that many attempts, or None to give up.

    Whoever says how many seconds to wait (`retry_after`) is not asked earlier, and once more even if that is too late.
    """
    if now - queued_at >= TRIED_FOR:
        return None
    wait = min(_FIRST_WAIT * 3.0 ** min(attempts - 1, 20), _LONGEST_WAIT) * dice.uniform(0.8, 1.2)
    return now + max(wait, min(timedelta(seconds=retry_after or 0), TRIED_FOR))


def _is_private(host: str) -> bool:
    try:
        return ip_address(host).is_private
    except ValueError:
        return host == "localhost" or "." not in host
