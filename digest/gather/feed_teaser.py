"""What a feed's entry says of its article -> lead and body, and a title where it has none."""

from __future__ import annotations

import re
from collections.abc import Iterable

from digest.gather.clean import cut
from digest.gather.furniture import is_furniture, split_related

#: A teaser longer than this is not one.
LEAD_CHARS = 600
TITLE_CHARS = 120
#: No paragraph longer than this is one that blog software hung something on.
TAIL_CHARS = 2_000
#: What blog software hangs on a text, at its end.
_TAILS = re.compile(
    r"(?:\s*(?:Der Beitrag .{1,300} erschien zuerst (?:auf|bei|am) .{1,200}"
    r"|(?:The post|The article) .{1,300} (?:appeared first on|first appeared on) .{1,200}"
    r"|(?:\(?(?:Weiterlesen|Mehr lesen|Lesen Sie mehr|mehr|Zum Artikel|Read more|Continue reading)(?: .{0,150})?\)?"
    r"(?:\s*[›»→…]|\s*\.{3}))"
    r"|\[(?:weiterlesen|mehr|more)\]|\bWeiterlesen|\bRead more))+\s*$",
    re.IGNORECASE,
)
_ELLIPSIS = re.compile(r"\s*(?:\[\s*(?:…|\.{3}|&hellip;)\s*\]|\(\s*(?:…|\.{3})\s*\))\s*$")
_SENTENCE_END = re.compile(r"""(?<=[^\W\d_]{2}[.!?…])["“”»)]?\s+(?=["„»(]?[A-ZÄÖÜ0-9])""")
_PLUS = re.compile(
    r"^(?:[\[(](?:Plus|Abo|Premium|\w{1,4}\+|\+)[\])]|(?:S|F|Z|SZ|BZ|RP|WAZ|N|T|M)\+|\+(?!\s*\+))\s*[:|–-]?\s*(?=\S)"
    r"|\s*[\[(](?:Plus|Abo|Premium|Bezahlinhalt|Paid|\w{1,4}\+|\+)[\])]$|\s+(?:[|–-]\s+)?\w{0,4}\+$",
    re.IGNORECASE,
)
#: Categories that are a price and no topic.
PAID_MARKS = frozenset(["plus", "premium", "paid", "paywall", "abo", "bezahlinhalt", "plus-artikel", "kostenpflichtig"])


def without_furniture(paragraphs: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The paragraphs without what the site hangs on them, and the titles of other articles that stood in them."""
    kept: list[str] = []
    related: list[str] = []
    for paragraph in paragraphs:
        if len(paragraph) <= TAIL_CHARS:
            paragraph = _ELLIPSIS.sub(" …", _TAILS.sub("", paragraph))
        text, titles = split_related(paragraph)
        related += titles or ()
        if text and (not is_furniture(text) or not any(map(str.isalnum, text))):
            kept.append(text)
    return tuple(kept), tuple(related)


def lead_and_body(summary: tuple[str, ...], content: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """The teaser and the text. Without a teaser of its own an article begins with its first paragraphs; a teaser that
    is a whole article is its text as well."""
    if not summary or summary == content:
        return _opening(content), content
    text = " ".join(summary)
    if len(text) <= LEAD_CHARS:
        return text, content
    return _opening(summary), content or summary


def make_title(lead: str, body: tuple[str, ...]) -> str:
    """A headline for an entry without one: its first sentence, "" where it says nothing."""
    text = lead or next(iter(body), "")
    return cut(_SENTENCE_END.split(text, maxsplit=1)[0], TITLE_CHARS)


def read_paid(title: str) -> tuple[str, bool]:
    """The title without its "(Plus)" or "S+", and whether it had one."""
    bare = _PLUS.sub("", title).strip()
    return (bare, True) if bare and bare != title.strip() else (title, False)


def _opening(paragraphs: tuple[str, ...]) -> str:
    """As many whole paragraphs as a teaser holds; of a longer first one as many whole sentences."""
    lead = ""
    for paragraph in paragraphs:
        longer = f"{lead} {paragraph}".strip()
        if len(longer) > LEAD_CHARS:
            break
        lead = longer
    if lead or not paragraphs:
        return lead
    for sentence in _SENTENCE_END.split(paragraphs[0][: LEAD_CHARS + 1]):
        longer = f"{lead} {sentence}".strip()
        if len(longer) >= LEAD_CHARS:
            break
        lead = longer
    return lead or cut(paragraphs[0], LEAD_CHARS)
