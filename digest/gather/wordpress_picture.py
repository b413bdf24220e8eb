"""The picture of a WordPress post: its featured media, what is on it, and who made it."""

from __future__ import annotations

from typing import NamedTuple

from digest.gather import feed_picture
from digest.gather.feed_picture import clean_alt, find_alt, find_credit
from digest.gather.furniture import clean_credit, split_credit
from digest.gather.html_text import captions, plain
from digest.gather.urls import clean_url
from digest.gather.wordpress_json import at, text
from digest.gather.wordpress_yoast import YoastHead


class PostPicture(NamedTuple):
    """`url` is absolute, or None for no picture; the texts are empty where nobody says."""

    url: str | None = None
    alt: str = ""
    credit: str = ""


def find_picture(post: object, yoast: YoastHead, markup: str, base: str) -> PostPicture:
    """The featured media; else the first picture in the text, or what Yoast shows to social networks."""
    media = at(post, "_embedded", "wp:featuredmedia", 0)
    if url := _featured(media, base):
        return _described(url, media)
    featured = clean_url(text(at(post, "jetpack_featured_media_url")), base)
    url = featured or clean_url(feed_picture.find_picture({}, (markup,)), base) or clean_url(yoast.image_url, base)
    alt = find_alt(url, (markup,), base)
    # The captions are those of the text's pictures.
    return PostPicture(url, alt, find_credit({}, (markup,)) if url and not featured else "")


def _featured(media: object, base: str) -> str | None:
    """The address of a picture; of a film or a document there is none."""
    kind = text(at(media, "media_type")) or "image"
    mime = text(at(media, "mime_type")) or "image/"
    sizes = at(media, "media_details", "sizes")
    named = [text(at(media, "source_url"))]
    named += [text(at(sizes, size, "source_url")) for size in ("full", "large", "medium_large", "medium")]
    urls = [url for raw in named if raw and (url := clean_url(raw, base))]
    return urls[0] if urls and kind == "image" and mime.startswith("image/") else None


def _described(url: str, media: object) -> PostPicture:
    """With the alternative text, or else the caption; the credit is the caption's, or stands in the picture's file."""
    raw = text(at(media, "caption"))
    said = [split_credit(line) for line in (captions(raw) or (plain(raw),))]
    caption = next((line for line, _ in said if line), "")
    in_file = (text(at(media, "media_details", "image_meta", key)) for key in ("credit", "copyright"))
    credits = (*(credit for _, credit in said), *(clean_credit(plain(each)) for each in in_file))
    alt = clean_alt(plain(text(at(media, "alt_text")))) or clean_alt(caption)
    return PostPicture(url, alt, next((credit for credit in credits if credit), ""))
