"""The posts of a WordPress REST API (/wp/v2/posts, with _embed) -> articles. A broken post is left out, not all."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import msgspec

from digest.gather.byline import join_names
from digest.gather.clean import FIRST_YEAR
from digest.gather.coins import coins_in
from digest.gather.dates import parse_date
from digest.gather.feed_authors import read_author
from digest.gather.feed_teaser import PAID_MARKS, lead_and_body, make_title, read_paid, without_furniture
from digest.gather.furniture import read_credit
from digest.gather.html_text import MAX_CHARS, paragraphs, plain
from digest.gather.lines import key_of
from digest.gather.urls import clean_url
from digest.gather.wordpress_json import at, error_in, items, load, text
from digest.gather.wordpress_picture import find_picture
from digest.gather.wordpress_yoast import YoastHead, read_yoast
from digest.gather.xmltext import UnsoundError
from digest.model.article import Article

#: WordPress never gives more at once.
MAX_POSTS = 100
_UTC = ZoneInfo("UTC")
#: Taxonomies that say nothing about what a post is about.
_NO_TOPICS = frozenset(["post_format", "author", "language", "term_language", "post_translations", "nav_menu"])
#: A post's classes name its terms, too, by their slugs, and what plug-ins let nobody read for nothing.
_TERM_CLASS = re.compile(r"(?:category|tag)-(?P<slug>\S+)")
_PAID_CLASS = re.compile(r"pmpro-(?:level-required|no-access)|rcp-is-restricted|members?-only|.*paywall.*")
#: Shortcodes that nobody turned into HTML: page builders and galleries.
_SHORTCODE = re.compile(
    r"\[/?(?:vc|et_pb|fusion|av|mk|kc|caption|gallery|playlist|embed|audio|video|contact-form)[\w-]{0,60}"
    r"(?:\s[^\[\]]{0,2000})?\]"
)
#: Where the part begins that is for sale: Steady, Jetpack, Leaky Paywall and others.
_WALL = re.compile(r"_STEADY_PAYWALL_|<[a-z]{1,10}\s[^<>]{0,300}\bclass=[\"'][^\"'<>]{0,300}paywall", re.IGNORECASE)
_KICKER = re.compile(r".*(?:kicker|dachzeile|overline|topline|spitzmarke|oberzeile|roofline)")
_NO_AUTHORS = frozenset(["admin", "administrator", "wordpress"])


class PostsBytes(msgspec.Struct, frozen=True, kw_only=True):
    """An answer of the API as it was read. `base` is what relative links refer to, `zone` a zone's name."""

    content: bytes
    base: str
    source: str
    zone: str


class Posts(msgspec.Struct, frozen=True, kw_only=True):
    """The articles in the answer's order, how many posts it listed, and how many of them only a password opens."""

    articles: tuple[Article, ...]
    listed: int
    protected: int = 0


def read_posts(posts: PostsBytes) -> Posts:
    """Every post that readers can read. Raises UnsoundError for what is no list of posts, nor a single one.

    Takes much time for some hostile content: see read_apart.py.
    """
    answer = load(posts.content)
    # With ?_envelope the list is the body of an object that has the headers, too.
    if isinstance(at(answer, "body"), list | dict):
        answer = at(answer, "body")
    if problem := error_in(answer):
        raise UnsoundError(f"answers with an error: {problem}")
    listed = items(answer) or ([answer] if _is_post(answer) else [])
    if not listed and answer != []:
        raise UnsoundError("is JSON, but no list of WordPress posts")
    listed = listed[:MAX_POSTS]
    sound = [post for post in listed if _is_post(post)]
    if listed and not sound:
        raise UnsoundError("is JSON, but no list of WordPress posts")
    readable = [post for post in sound if not _is_protected(post)]
    return Posts(
        articles=tuple(_article(post, posts) for post in readable if _is_published(post)),
        listed=len(listed),
        protected=len(sound) - len(readable),
    )


def _is_post(value: object) -> bool:
    return isinstance(value, dict) and any(text(value.get(key)) for key in ("title", "content", "excerpt", "link"))


def _is_protected(post: object) -> bool:
    return at(post, "content", "protected") is True or at(post, "excerpt", "protected") is True


def _is_published(post: object) -> bool:
    return text(at(post, "status")) in ("", "publish")


def _article(post: object, posts: PostsBytes) -> Article:
    yoast = read_yoast(at(post, "yoast_head_json"))
    markup = _SHORTCODE.sub("\n\n", text(at(post, "content"))[:MAX_CHARS])
    excerpt = _SHORTCODE.sub(" ", text(at(post, "excerpt"))[:MAX_CHARS])
    content, related = without_furniture(paragraphs(markup.replace("___STEADY_PAYWALL___", "")))
    credit = next(filter(None, map(read_credit, content)), "")
    content = tuple(line for line in content if not read_credit(line))
    summary, _ = without_furniture(paragraphs(excerpt))
    lead, body = lead_and_body(() if _is_cut_of(summary, content) else summary, content)
    lead = lead or yoast.description
    title, paid = read_paid(plain(text(at(post, "title"))))
    link = clean_url(text(at(post, "link")), posts.base) or clean_url(text(at(post, "guid")))
    published = _published(post, yoast, ZoneInfo(posts.zone))
    topics = _topics(post, yoast)
    picture = find_picture(post, yoast, markup, link or posts.base)
    return Article(
        title=title or make_title(lead, body),
        source=posts.source,
        kicker=_kicker(post),
        lead=lead,
        body=body,
        author=_author(post, yoast),
        published=published[0] if published else None,
        date_only=bool(published and published[1]),
        url=link,
        image_url=picture.url,
        image_credit=picture.credit or credit,
        picture_alt=picture.alt,
        topics=tuple(topic for topic in topics if topic.casefold() not in PAID_MARKS),
        related=related,
        site=yoast.site,
        coins=coins_in(" ".join((title, lead, *body))),
        language=text(at(post, "lang")) or yoast.language or "de",
        paid=paid or yoast.paid or _is_paid(post, topics, markup),
    )


def _is_cut_of(summary: tuple[str, ...], content: tuple[str, ...]) -> bool:
    """Whether the excerpt is what WordPress makes where there is none: the text's first words, cut off anywhere."""
    whole = " ".join(summary)
    return whole.endswith(("…", "...")) and key_of(" ".join(content)).startswith(key_of(whole))


def _published(post: object, yoast: YoastHead, zone: ZoneInfo) -> tuple[datetime, bool] | None:
    """In `zone`. `date` has no zone and is taken for ours; some imports leave zeros in one of them."""
    for raw, meant in ((at(post, "date_gmt"), _UTC), (at(post, "date"), zone), (yoast.published, zone)):
        found = parse_date(text(raw), meant)
        if found and found[0].astimezone(UTC).year >= FIRST_YEAR:
            return (found[0] if found[1] else found[0].astimezone(zone)), found[1]
    return None


def _terms(post: object) -> list[str]:
    """The names of the post's categories, then of its other terms."""
    terms = [term for group in items(at(post, "_embedded", "wp:term")) for term in items(group)]
    terms = [term for term in terms if text(at(term, "taxonomy")) not in _NO_TOPICS]
    terms.sort(key=lambda term: at(term, "taxonomy") != "category")
    return [name for term in terms if (name := plain(text(at(term, "name"))))]


def _topics(post: object, yoast: YoastHead) -> tuple[str, ...]:
    """The terms; where they are not embedded what Yoast says, or what the post's classes are named after."""
    slugs = [found["slug"] for raw in _classes(post) if (found := _TERM_CLASS.fullmatch(raw))]
    return tuple(dict.fromkeys(_terms(post) or yoast.topics or slugs))


def _classes(post: object) -> list[str]:
    return [text(raw)[:200] for raw in items(at(post, "class_list"))]


def _author(post: object, yoast: YoastHead) -> str:
    """All authors, where a plug-in for several names them, or the one that WordPress knows."""
    several = [text(at(each, "display_name")) or text(at(each, "name")) for each in items(at(post, "authors"))]
    embedded = [text(at(each, "name")) for each in items(at(post, "_embedded", "author"))]
    for raw in (several, embedded, [yoast.author]):
        names = [name for each in raw for name in read_author(each[:200]) if name.casefold() not in _NO_AUTHORS]
        if names:
            return join_names(names)
    return ""


def _fields(post: object) -> dict[str, object]:
    """A site's own fields, by their names in small letters."""
    found: dict[str, object] = {}
    for key in ("meta", "acf"):
        own = at(post, key)
        found |= {name.lower()[:100]: value for name, value in own.items()} if isinstance(own, dict) else {}
    return found


def _kicker(post: object) -> str:
    lines = (plain(text(value)) for name, value in _fields(post).items() if _KICKER.fullmatch(name))
    return next((line for line in lines if line), "")


def _is_paid(post: object, topics: tuple[str, ...], markup: str) -> bool:
    fields = {name for name, value in _fields(post).items() if _on(value)}
    marks = {name.strip("_").removeprefix("is_").replace("_", "-") for name in fields}
    return (
        not PAID_MARKS.isdisjoint(marks | {topic.casefold() for topic in topics})
        or any(_PAID_CLASS.fullmatch(name) for name in _classes(post))
        or _WALL.search(markup) is not None
    )


def _on(value: object) -> bool:
    return value is True or value == 1 or (isinstance(value, str) and value.lower() in ("1", "true", "yes", "ja", "on"))
