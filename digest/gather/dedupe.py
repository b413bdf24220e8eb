"""Which articles are the same one: by their address, or by a title that says the same in nearly the same words."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Sequence

from rapidfuzz.distance import Levenshtein

from digest.gather.urls import url_key
from digest.model.article import Article


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


#: Words whose absence changes nothing. "für", "gegen", "vor", "nach", "nicht" change everything, and so do "ein" and
#: "aus", which may belong to the verb.
_FILLERS = _set(
    "der die das den dem des eine einen einem einer eines und in im ins am zum zur von vom bei beim mit "
    "the a of to for and at auch nun jetzt so"
)
_NEGATIONS = _set("nicht nichts kein keine keinen keiner keinem nie niemals ohne kaum not no never")
#: Labels that newsrooms put before or after a headline, and take away again.
_LABELS = _set("liveblog liveticker ticker newsblog newsticker update eilmeldung video podcast kommentar plus")
_TRANSCRIBED = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
_WORD = re.compile(r"\d+(?:[.,:]\d+)*|[^\W\d_]+")
#: "Headline - Site", "Headline | Site": with blanks around, so that no compound is torn apart.
_SITE_TAIL = re.compile(r"\s[|–—-]\s[^|–—]{2,30}$")


def article_key(article: Article) -> str:
    """The article's identity across runs: its address as it stays the same, else a hash of title, site and day."""
    if article.url:
        return url_key(article.url)
    day = article.published.date().isoformat() if article.published else ""
    identity = "\n".join((" ".join(_words(article.title)), article.site.casefold(), day))
    return f"text:{hashlib.sha256(identity.encode()).hexdigest()[:32]}"


def near_same(a_title: str, b_title: str) -> bool:
    """Whether two headlines say the same: letter case, punctuation, fillers, endings and slips aside.

    A different number, name, verb or negation makes two articles, however alike the rest is.
    """
    a, b = _words(a_title), _words(b_title)
    if not a or not b:
        return False
    if "".join(a) == "".join(b):
        return True
    return any(
        _same_words(_telling(left), _telling(right))
        for left, right in (
            (a, b),
            (_words(_SITE_TAIL.sub("", a_title)), b),
            (a, _words(_SITE_TAIL.sub("", b_title))),
        )
    )


def unique(articles: Iterable[Article], limit: int | None = None) -> list[Article]:
    """Each article once, in the order given, and at most `limit` of them: of two that are the same the one with an
    address, or else with more text, takes the place of the first."""
    kept: list[Article] = []
    places: dict[str, int] = {}
    for article in articles:
        key = article_key(article)
        place = places.get(key)
        if place is None:
            place = next((i for i, other in enumerate(kept) if near_same(other.title, article.title)), None)
        if place is not None:
            kept[place] = max(kept[place], article, key=_worth)
        elif limit is not None and len(kept) == limit:
            break
        else:
            place = len(kept)
            kept.append(article)
        places[key] = place
    return kept


def _worth(article: Article) -> tuple[bool, int]:
    return bool(article.url), sum(map(len, article.body)) + len(article.lead)


def _words(title: str) -> list[str]:
    folded = unicodedata.normalize("NFKC", title).casefold().translate(_TRANSCRIBED)
    return _WORD.findall(folded)


def _telling(words: Sequence[str]) -> list[str]:
    """The words that a headline stands on, in order; all of them where nothing else is left."""
    return [word for word in words if word not in _FILLERS and word not in _LABELS] or list(words)


def _same_words(a: list[str], b: list[str]) -> bool:
    if len(a) > len(b):
        a, b = b, a
    if len(a) == len(b):
        if all(map(_same_word, a, b)):
            return True
        # Other order, same words: "vor USA-Besuch", "vor Besuch in den USA". In a short one who does what to whom
        # is told by the order alone.
        return len(a) >= 5 and _same_word(a[0], b[0]) and sorted(a) == sorted(b)
    extra = _without(b, a)
    if extra is None or len(a) < 4 or len(extra) * 4 > len(b):
        return False
    return not any(word in _NEGATIONS or word[0].isdigit() for word in extra)


def _without(longer: list[str], shorter: list[str]) -> list[str] | None:
    """What `longer` has besides `shorter`, whose words all stand in it in this order; None where they do not."""
    extra, wanted = [], list(reversed(shorter))
    for word in longer:
        if wanted and _same_word(word, wanted[-1]):
            wanted.pop()
        else:
            extra.append(word)
    return None if wanted else extra


def _same_word(a: str, b: str) -> bool:
    """The same, another ending ("überrascht", "überraschte"), or a slip in a long word; numbers only if equal."""
    if a == b:
        return True
    if a[0].isdigit() or b[0].isdigit() or a in _NEGATIONS or b in _NEGATIONS or a[0] != b[0]:
        return False
    shorter, longer = sorted((a, b), key=len)
    stem = next((i for i, (x, y) in enumerate(zip(shorter, longer, strict=False)) if x != y), len(shorter))
    if stem >= 5 and len(longer) - stem <= 2:
        return True
    return len(shorter) >= 8 and Levenshtein.distance(a, b, score_cutoff=1) <= 1
