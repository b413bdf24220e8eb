"""Where the API of a WordPress site is, and its feed: by what its pages say, and by what the settings name."""

from __future__ import annotations

import pytest

from digest.gather.fetch import Fetched
from digest.gather.wordpress_api import (
    announced_posts,
    as_named,
    feed_of,
    guessed_posts,
    named_posts,
    posts_page,
    site_of,
    site_title,
)


def page(body: str = "", link: str = "", url: str = "https://t.example/") -> Fetched:
    return Fetched(content=f"<!doctype html><head>{body}".encode(), url=url, headers={"link": link} if link else {})


API = '<https://t.example/wp-json/>; rel="https://api.w.org/"'
POSTS = "https://t.example/wp-json/wp/v2/posts"


@pytest.mark.parametrize(
    ("seen", "posts"),
    [
        (page(link=API), POSTS),
        (page(link=f'<https://t.example/x>; rel=preload; as="font", {API}, <https://t.example/?p=1>; rel=shortlink'),
         POSTS),
        (page('<link rel="https://api.w.org/" href="/wp-json/" />'), POSTS),
        (page(link='<https://t.example/index.php?rest_route=/>; rel="https://api.w.org/"'),
         "https://t.example/index.php?rest_route=/wp/v2/posts"),
        (page("<link rel='https://api.w.org/' href='?rest_route=/'>"), "https://t.example/?rest_route=/wp/v2/posts"),
        (page(link='<https://public-api.wordpress.com/wp/v2/sites/9/>; rel="https://api.w.org/"'),
         "https://public-api.wordpress.com/wp/v2/sites/9/posts"),
        (page(link=f'{API}, <https://t.example/wp-json/wp/v2/categories/5>; rel="alternate"; type="application/json"'),
         f"{POSTS}?categories=5"),
        (page(f'<link rel="https://api.w.org/" href="/wp-json/"><link rel="alternate" type="application/json" '
              f'href="{POSTS}/12">'), POSTS),
        (page(link='<file:///etc/passwd>; rel="https://api.w.org/"'), None),
        (page(link='<http://[::1>; rel="https://api.w.org/"'), None),
        (page('<a href="/wp-json/">x</a>'), None),
        (page(link="<" * 10_000), None),
    ],
)  # fmt: skip
def test_the_api_that_a_page_announces(seen: Fetched, posts: str | None) -> None:
    assert announced_posts(seen) == posts


@pytest.mark.parametrize(
    ("url", "posts"),
    [
        ("https://t.example/wp-json", POSTS),
        ("https://t.example/wp-json/", POSTS),
        ("https://t.example/?rest_route=/", "https://t.example/?rest_route=/wp/v2/posts"),
        ("https://t.example/wp-json/wp/v2/posts?categories=5", "https://t.example/wp-json/wp/v2/posts?categories=5"),
        ("https://t.example/wp-json/wp/v2/meldungen/", "https://t.example/wp-json/wp/v2/meldungen/"),
        ("https://t.example/?rest_route=/wp/v2/posts", "https://t.example/?rest_route=/wp/v2/posts"),
        ("https://t.example/", None),
        ("https://t.example/thema/wp-json-erklaert/", None),
    ],
)
def test_an_api_that_the_settings_name(url: str, posts: str | None) -> None:
    assert named_posts(url) == posts


def test_addresses() -> None:
    assert guessed_posts("https://t.example/blog") == (
        "https://t.example/blog/wp-json/wp/v2/posts",
        "https://t.example/blog/?rest_route=/wp/v2/posts",
        POSTS,
        "https://t.example/?rest_route=/wp/v2/posts",
    )
    asked = posts_page(f"{POSTS}?categories=5&per_page=3&page=9&_fields=id&offset=40", 30, 2)
    assert asked.startswith(f"{POSTS}?categories=5&_embed=author,wp:featuredmedia,wp:term&_fields=id,date,")
    assert asked.endswith("&orderby=date&order=desc&per_page=30&page=2")
    assert "page=1" not in posts_page(POSTS, 30, 1)
    assert site_of("https://t.example/blog/wp-json/wp/v2/posts?x=1") == "https://t.example/blog/"
    assert site_of("https://t.example/index.php?rest_route=/") == "https://t.example/"
    assert as_named("https://t.example/wp-json/", "https://u:p@t.example/") == "https://u:p@t.example/wp-json/"
    assert as_named("https://other.example/wp-json/", "https://u:p@t.example/") == "https://other.example/wp-json/"


def test_the_feed_to_read_instead() -> None:
    def feed(href: str, title: str = "Tagblatt &raquo; Feed") -> str:
        return f'<link rel="alternate" type="application/rss+xml" title="{title}" href="{href}">'

    comments = feed("/comments/feed/", "Tagblatt &raquo; Kommentar-Feed")
    assert feed_of(page(comments + feed("/rss/")), "https://t.example/") == "https://t.example/rss/"
    assert feed_of(page(feed("http://10.0.0.1/feed")), "https://t.example/blog") == "https://t.example/blog/feed/"
    assert feed_of(None, "https://t.example/?rest_route=/") == "https://t.example/feed/"
    assert site_title(page(feed("/feed/"))) == "Tagblatt"
    assert site_title(page()) == ""
