"""URLs as feeds and pages write them -> URLs that may stand in a mail, and what makes two of them the same."""

from __future__ import annotations

import re
from urllib.parse import quote, urljoin, urlsplit, urlunsplit

MAX_CHARS = 2_000
#: Parameters that say where a reader came from and nothing about what is read. courlan's list also takes `source`,
#: `keyword` and `eid`, which name articles on some sites.
_TRACKING = re.compile(
    r"utm_\w+|utm|at_(?:medium|campaign|custom\d|content|term|creation|platform|variant|format|network)"
    r"|(?:pk|mtm|piwik|matomo|itm|wt|vero|oly|hsa|stm|mkt|sc)_\w+|wt\.\w+|wtmc|xing_share|xtor|xts|ns_\w+"
    r"|(?:fb|g|dc|y|tw|tt|msc|yc|ysc|sc)?clid|msclkid|gbraid|wbraid|gclsrc|igshid|igsh|mc_[ce]id|li_fat_id|_hs\w+"
    r"|_ga|_gl|s_cid|ecid|sara_ref|sara_ecid|cmpid|ocid|ncid|icid|dicbo|fb_(?:action|source|ref)\w*|ref_src|ref_url"
    r"|smid|spm|trk|trkcampaign|newsletter_id|echobox|rss_?(?:feed|source|id)?",
    re.IGNORECASE,
)
#: Parameters that track only where their value says so.
_TELLING = re.compile(r"(?:ref|source|src|from|origin|via|partner|cid|cmp)=(?:rss|feed|newsletter|nl|twitter|facebook)",
                      re.IGNORECASE)  # fmt: skip
_TELLING_FRAGMENT = re.compile(r"(?:xtor|utm_|ref=|wt_|wt\.|xing|echobox|rss|feed|newsletter)", re.IGNORECASE)
_HOST = re.compile(
    r"(?=.{1,253}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.?"
)
_DEFAULT_PORTS = {"http": 80, "https": 443}


def clean_url(url: str, base: str | None = None) -> str | None:
    """An absolute http or https URL in ASCII, without credentials, default port and tracking; None where it is none.

    `base` is what a relative `url` refers to (RFC 3986, 5).
    """
    bare = re.sub(r"[\t\r\n]", "", url).strip().replace("&amp;", "&")
    if not bare or len(bare) > MAX_CHARS:
        return None
    try:
        parts = urlsplit(urljoin(base, bare) if base else bare)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return None
    scheme = parts.scheme.lower()
    if scheme not in _DEFAULT_PORTS or not (authority := _authority(host)):
        return None
    if port is not None and port != _DEFAULT_PORTS[scheme]:
        authority = f"{authority}:{port}"
    fragment = "" if _TELLING_FRAGMENT.match(parts.fragment) else parts.fragment
    cleaned = urlunsplit((scheme, authority, _quoted(parts.path), _quoted(_untracked(parts.query)), _quoted(fragment)))
    return cleaned if len(cleaned) <= MAX_CHARS else None


def url_key(url: str) -> str:
    """What stays the same however a page is linked: no scheme, www., last slash or fragment.

    What is no address stays as it is.
    """
    cleaned = clean_url(url)
    if cleaned is None:
        return url
    parts = urlsplit(cleaned)
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.netloc.lower().removeprefix('www.')}{parts.path.rstrip('/')}{query}"


def _authority(host: str) -> str:
    """The host as it stands in a URL, "" for what can be none."""
    if ":" in host:
        return f"[{host}]" if re.fullmatch(r"[0-9a-f:.]+", host) else ""
    if not host.isascii():
        try:
            host = host.encode("idna").decode("ascii")
        except UnicodeError:
            return ""
    return host.lower() if _HOST.fullmatch(host.lower()) else ""


def _untracked(query: str) -> str:
    kept = [
        pair
        for pair in query.split("&")
        if not _TRACKING.fullmatch(pair.partition("=")[0]) and not _TELLING.match(pair)
    ]
    return "&".join(kept)


def _quoted(text: str) -> str:
    """Non-ASCII, blanks, quotes and angle brackets as percent-encoded octets; what is encoded stays as it is."""
    return quote(re.sub(r"%(?![0-9A-Fa-f]{2})", "%25", text), safe="/%:@!$&'()*+,;=~-._?#[]", errors="replace")
