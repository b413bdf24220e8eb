"""Addresses as every mail program reads them alike: ASCII, without spaces or quotes."""

from __future__ import annotations

import re
from urllib.parse import quote, urlsplit, urlunsplit

#: RFC 3986, 2.2, and "%" for what is encoded already; not ' ( ) *, which end a link in some programs.
_SAFE = "%/:=&?~+!$,;@"
_HOST = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?|[0-9a-f:.]+")


def web_link(url: str | None) -> str | None:
    """`url` in ASCII (RFC 3987, 3.1), without user and password; None for what is no http or https link with a host."""
    try:
        parts = urlsplit((url or "").strip())
        host = ascii_domain(parts.hostname or "")
        port = f":{parts.port}" if parts.port else ""
        path, query, fragment = (quote(part, safe=_SAFE) for part in (parts.path, parts.query, parts.fragment))
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not _HOST.fullmatch(host):
        return None
    place = f"[{host}]" if ":" in host else host
    return urlunsplit((parts.scheme, place + port, path, query, fragment))


def with_params(url: str, params: str, own_url: str) -> str:
    """`url` with the query parameters `params` ("a=1&b=2") behind its own, if it leads to the host of `own_url`.

    A host below it counts as well. What the address has already is not given twice; other links stay as they are.
    """
    parts, own = urlsplit(url), (urlsplit(own_url).hostname or "").removeprefix("www.")
    host = parts.hostname or ""
    if not params or not own or not (host == own or host.endswith(f".{own}")):
        return url
    there = {pair.partition("=")[0] for pair in parts.query.split("&")}
    added = [pair for pair in quote(params, safe=_SAFE).split("&") if pair.partition("=")[0] not in there]
    query = "&".join(filter(None, (parts.query, *added)))
    return urlunsplit(parts._replace(query=query))


def ascii_domain(domain: str) -> str:
    """A domain with its umlauts as A-labels (RFC 5891). Raises ValueError for what is no domain."""
    if domain.isascii():
        return domain
    import idna  # tables of all scripts, which most senders never need

    return idna.encode(domain, uts46=True).decode("ascii")


def ascii_address(address: str) -> str:
    """A mail address with its domain in A-labels; its local part stays as it is."""
    local, at, domain = address.rpartition("@")
    return f"{local}{at}{ascii_domain(domain)}"
