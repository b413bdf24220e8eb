"""Passwords of editors: what may be one, and how it is kept (argon2id, RFC 9106)."""

from __future__ import annotations

import threading
import unicodedata
from functools import cache

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from digest.errors import PasswordError
from digest.model.editor import Editor

SHORTEST, LONGEST = 12, 200
_FEWEST_SIGNS = 5
#: 19 MiB and two passes, as OWASP's password storage cheat sheet has it; a check takes about 20 ms.
_HASHER = PasswordHash((Argon2Hasher(time_cost=2, memory_cost=19 * 1024, parallelism=1),))
#: Many checks at a time would cost the server its memory.
_AT_ONCE = threading.BoundedSemaphore(2)


def check_password(editor: Editor, text: str) -> None:
    """Raises PasswordError for one that is too short, too long, of too few different signs, or one's own name."""
    if len(text) < SHORTEST:
        raise PasswordError("short", f"it must have {SHORTEST} characters at least")
    if len(text) > LONGEST:
        raise PasswordError("long", f"it must have {LONGEST} characters at most")
    if len(set(text)) < _FEWEST_SIGNS:
        raise PasswordError("plain", f"it must have {_FEWEST_SIGNS} different characters at least")
    if text.casefold() in {editor.email.casefold(), editor.name.casefold()}:
        raise PasswordError("own", "it must not be the name or the address")


def hash_password(text: str) -> str:
    """The form in which it is kept."""
    with _AT_ONCE:
        return _HASHER.hash(_spelled(text))


def is_password(text: str, hashed: str | None) -> bool:
    """Whether `text` is the password that `hashed` was made from; takes as long where there is none."""
    nobodys = _nobodys_hash()
    with _AT_ONCE:
        fits = _HASHER.verify(_spelled(text[: LONGEST + 1]), hashed or nobodys)
    return fits and hashed is not None


def _spelled(text: str) -> str:
    """Keyboards spell "ü" in two ways (RFC 8265, 4.2.2)."""
    return unicodedata.normalize("NFC", text)


@cache
def _nobodys_hash() -> str:
    return hash_password("nobody's")
