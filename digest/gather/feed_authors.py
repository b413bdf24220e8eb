"""Who wrote a feed's entry. RSS calls an address an author, perhaps with a name beside it."""

from __future__ import annotations

import re
from typing import Any

from digest.gather.html_text import plain

_ADDRESS = re.compile(r"(?:mailto:)?(?P<address>[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8})")
_NOBODY = ("noreply@", "no-reply@", "donotreply@", "nobody@")
_BY = re.compile(r"^(?:von|by)\s+(?=[A-ZÄÖÜ])", re.IGNORECASE)
#: What feedparser leaves of an address whose last label has more than four letters: "urg (Anna Beispiel".
_REST_BEFORE = re.compile(r"[a-z]+\s*[(<]\s*(?=[^\s<>()])|[a-z]+$")
_REST_BEHIND = re.compile(r"\s*[(<][a-z]+>?$")
#: No longer name is looked at: the expressions above take quadratic time.
_NAME_CHARS = 500


def names_of(owner: dict[str, Any]) -> list[str]:
    """The names of feedparser's `owner` (an entry, a source, a feed), each once; where there is no name an address."""
    authors: list[dict[str, Any]] = [author for author in dict.get(owner, "authors", []) if author]
    last = dict.get(owner, "author")
    found: list[str] = []
    for author in authors[:-1]:
        found += _names(author)
    # Of the last one feedparser also keeps what was written, and that is better than what it made of it.
    if isinstance(last, str) and "@" in last and authors and _is_cut(authors[-1]):
        found += read_author(last)
    elif authors:
        found += _names(authors[-1])
    elif isinstance(last, str):
        found += read_author(last)
    return list(dict.fromkeys(found))


def read_author(text: str) -> list[str]:
    """ "anna@t.example (Anna Beispiel)", "Anna Beispiel <anna@t.example>" -> the name; a bare address stays."""
    line = _BY.sub("", plain(text.replace("<", "(").replace(">", ")") if "@" in text else text))
    addresses = [found["address"] for found in _ADDRESS.finditer(line)]
    if not addresses:
        return [line] if line else []
    bare = _ADDRESS.sub(" ", line)
    pieces = re.split(r"[(),;<>]+", bare) if len(addresses) > 1 else [re.sub(r"[()<>]+", " ", bare)]
    names = [name for piece in pieces if (name := " ".join(piece.split()).strip(" ,;:-"))]
    return names or [address for address in addresses if not address.lower().startswith(_NOBODY)]


def _names(author: dict[str, Any]) -> list[str]:
    name, address = plain(str(author.get("name") or "")[:_NAME_CHARS]), str(author.get("email") or "")
    if _is_cut(author):
        name = _REST_BEHIND.sub("", _REST_BEFORE.sub("", name, count=1))
    return read_author(name or address)


def _is_cut(author: dict[str, Any]) -> bool:
    """Whether feedparser took only a part of the address, so that its rest is stuck to the name."""
    name, address = str(author.get("name") or "")[:_NAME_CHARS], str(author.get("email") or "")
    if len(address.rpartition(".")[2]) != 4:
        return False
    return bool(_REST_BEFORE.match(name) or _REST_BEHIND.search(name))
