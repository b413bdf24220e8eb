"""DKIM signatures (RFC 6376): relaxed/relaxed, RSA-SHA256 (RFC 8301), every field that matters signed and oversigned.

The key's own work takes ten times as long as everything around it and is a step of its own, `Signer.seal`, which may
run in another thread: `digest/deliver/signing_pool.py` does that.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Sequence
from email.utils import mktime_tz, parsedate_tz
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING, Final, NamedTuple

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256

from digest.model.delivery import Message

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

#: What is signed as often as it is there, and once more: whoever adds another one breaks the signature (8.15).
SIGNED: Final = (
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "MIME-Version",
    "Content-Type",
    "Reply-To",
    "List-Id",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "Feedback-ID",
)
_NAMES: Final = tuple(name.lower().encode("ascii") for name in SIGNED)
_WANTED: Final = frozenset(_NAMES)
_SPACES: Final = re.compile(rb"[ \t]{2,}|\t")
_LINE: Final = 76
#: Of the signature in base64, so that each line stays under 78 with " b=" before it.
_CHUNK: Final = 72


class Unsigned(NamedTuple):
    """A signature field up to its `b=`, and the SHA-256 digest (32 octets) that the key has to sign."""

    field: bytes
    digest: bytes


class Signer:
    """Signs for one domain with one key, whose public half stands in the DNS at SELECTOR._domainkey.DOMAIN."""

    def __init__(self, domain: str, selector: str, key: RSAPrivateKey) -> None:
        """`domain` and `selector` as they stand in the DNS: ASCII, a domain with umlauts as A-labels."""
        self.domain, self.selector = domain, selector
        self._key = key
        self._padding, self._hash = PKCS1v15(), Prehashed(SHA256())
        self._opening = lru_cache(maxsize=64)(self._make_opening)

    def sign(self, message: Message) -> Message:
        """`message` with a DKIM-Signature before everything else; the same message gets the same one every time.

        The body of a `canonical` message is taken for its own relaxed form (3.4.4), any other is brought into it.
        """
        unsigned = self.prepare(message)
        return self.finish(message, unsigned, self.seal(unsigned))

    def prepare(self, message: Message) -> Unsigned:
        """Everything before the key is needed."""
        head, _, body = message.data.partition(b"\r\n\r\n")
        fields = relaxed_fields(head)
        instances = [fields.get(name, ()) for name in _NAMES]
        dates = fields.get(b"date", ())
        field = b"%b%b;\r\n b=" % (
            self._opening(tuple(map(len, instances)), _timestamp(dates[0]) if dates else b""),
            b64encode(sha256(body if message.canonical else relaxed_body(body)).digest()),
        )
        # Of several fields of one name the lowest comes first (5.4.2).
        signed = [
            b"%b:%b\r\n" % (name, value)
            for name, values in zip(_NAMES, instances, strict=True)
            for value in reversed(values)
        ]
        # Our own field, without a line end and with an empty b= (3.7); a fold leaves the one space of the relaxed form.
        signed.append(field.replace(b"\r\n", b"").replace(b"DKIM-Signature: ", b"dkim-signature:", 1))
        return Unsigned(field, sha256(b"".join(signed)).digest())

    def seal(self, unsigned: Unsigned) -> bytes:
        """The signature itself: a third of a millisecond with RSA-2048, in which other threads may run."""
        return self._key.sign(unsigned.digest, self._padding, self._hash)

    @property
    def public_key(self) -> RSAPublicKey:
        return self._key.public_key()

    @property
    def signature_octets(self) -> int:
        return self._key.key_size // 8

    def exported_key(self) -> bytes:
        """The private key, PKCS #8 in DER, for a process that signs in our place."""
        from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

        return self._key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())

    @staticmethod
    def finish(message: Message, unsigned: Unsigned, signature: bytes) -> Message:
        """`message` with the signature that `seal` gave for `unsigned`."""
        text = b64encode(signature)
        chunks = b"\r\n ".join([text[at : at + _CHUNK] for at in range(0, len(text), _CHUNK)])
        return Message(
            mail_from=message.mail_from,
            rcpt_to=message.rcpt_to,
            message_id=message.message_id,
            data=b"".join((unsigned.field, chunks, b"\r\n", message.data)),
            canonical=message.canonical,
        )

    def _make_opening(self, counts: tuple[int, ...], timestamp: bytes) -> bytes:
        """The field up to `bh=`, for a message that has so many of each of SIGNED."""
        signed = [name for name, count in zip(SIGNED, counts, strict=True) for _ in range(count + 1)]
        tags = ["v=1;", "a=rsa-sha256;", "c=relaxed/relaxed;", f"d={self.domain};", f"s={self.selector};"]
        if timestamp:
            tags.append(f"t={timestamp.decode('ascii')};")
        lines = _folded("DKIM-Signature:", tags, " ")
        lines += _folded(" ", [f"h={signed[0]}:", *(f"{name}:" for name in signed[1:-1]), f"{signed[-1]};"], "")
        return "\r\n".join((*lines, " bh=")).encode("ascii")


def relaxed_fields(head: bytes) -> dict[bytes, list[bytes]]:
    """The relaxed form (3.4.2) of the fields in `head` that are to be signed: lower-case name -> values from the top.

    `head` has CRLF line ends, none after its last field.
    """
    unfolded = head.replace(b"\r\n ", b" ").replace(b"\r\n\t", b" ")
    fields: dict[bytes, list[bytes]] = {}
    for line in _SPACES.sub(b" ", unfolded).split(b"\r\n"):
        name, _, value = line.partition(b":")
        name = name.rstrip(b" ").lower()
        if name in _WANTED:
            fields.setdefault(name, []).append(value.strip(b" "))
    return fields


def relaxed_body(body: bytes) -> bytes:
    """The relaxed form (3.4.4) of `body`, which has CRLF line ends."""
    text = _SPACES.sub(b" ", body).replace(b" \r\n", b"\r\n").rstrip(b"\r\n ")
    return text + b"\r\n" if text else b""


@lru_cache(maxsize=256)
def _timestamp(date: bytes) -> bytes:
    """Seconds since 1970 in a Date field's value, or nothing where it has none: `t=` is not asked for (3.5)."""
    parsed = parsedate_tz(date.decode("ascii", "replace"))
    if parsed is None:
        return b""
    try:
        seconds = mktime_tz(parsed)
    except (ValueError, OverflowError):
        return b""
    return b"%d" % seconds if seconds >= 0 else b""


def _folded(start: str, words: Sequence[str], gap: str) -> list[str]:
    """`start` and `words`, `gap` between them, on lines of 76 where words allow it, later ones after a space."""
    lines = [start + gap + words[0]]
    for word in words[1:]:
        if len(lines[-1]) + len(gap) + len(word) <= _LINE:
            lines[-1] += gap + word
        else:
            lines.append(f" {word}")
    return lines
