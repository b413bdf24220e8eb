"""A small computation before a sign-up, by the ALTCHA protocol, version 2: cheap for one person, dear for a thousand.

The challenge stands in the page, signed; nothing is kept of it before it is solved. A solved one is remembered until it
would have ended, so that it serves once.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import timedelta

from altcha import Payload, create_challenge, verify_solution

from digest.app import App
from digest.storage.challenges import use_challenge

#: On average 256 tries: about a second on a phone.
_ALGORITHM, _COST, _PREFIX = "PBKDF2/SHA-256", 2000, "00"
_LIFETIME = timedelta(hours=2)


def new_challenge(app: App) -> str:
    """A fresh one, as JSON."""
    challenge = create_challenge(
        _ALGORITHM, _COST, key_prefix=_PREFIX, expires_at=app.clock() + _LIFETIME, hmac_secret=_key(app)
    )
    return json.dumps(challenge.to_dict())


def is_proven(app: App, payload: str) -> bool:
    """Whether `payload` solves a challenge of ours that has not ended and was not used before; it is used up now."""
    if not payload or not verify_solution(payload, _key(app)).verified:
        return False
    signature = Payload.from_base64(payload).challenge.signature or ""
    name = hashlib.sha256(signature.encode()).hexdigest()
    now = app.clock()
    with app.database.write() as connection:
        return use_challenge(connection, name, until=now + _LIFETIME, now=now)


def _key(app: App) -> bytes:
    return hmac.digest(app.secret, b"proof of work", "sha256")
