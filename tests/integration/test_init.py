"""digest init, and what an address would give as a source."""

from __future__ import annotations

import stat
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_httpserver import HTTPServer

from digest.config import load_settings
from digest.gather.feed_links import feed_links, is_html
from digest.model.newsletter import SLUG
from digest.tasks.write_config import Answers, settings_text, short_name

Digest = Callable[..., Any]


def test_everything_has_a_default_and_the_first_run_works(digest: Digest, tmp_path: Path) -> None:
    made = digest("init", "neu", "--yes", "--json")
    assert made.exit_code == 0
    assert made.json["config"] == "neu/config.toml"
    settings = load_settings(tmp_path / "neu" / "config.toml", {})
    assert settings.newsletters[0].lists == ("morgen",)
    assert settings.site.sample_imprint
    database, secret = (tmp_path / "neu" / "var" / name for name in ("digest.db", "secret"))
    assert stat.S_IMODE(database.stat().st_mode) == stat.S_IMODE(secret.stat().st_mode) == 0o600
    assert stat.S_IMODE(database.parent.stat().st_mode) == 0o700
    for step in made.json["next"]:
        words = step.replace("'own test'", "test").split()[1:]
        assert digest(*words).exit_code == 0
    assert len([file for file in (tmp_path / "neu" / "var" / "outbox").rglob("*") if file.is_file()]) == 1


def test_options_are_answers(digest: Digest, tmp_path: Path) -> None:
    ran = digest(
        *("init", "--name", 'Das "Tag"-Blatt', "--base-url", "digest.tagblatt.example/", "--at", "05:45"),
        *("--sender", "früh@tagblatt.example", "--newsletter", "Die Börse", "--imprint", "Verlag \\ GmbH", "--yes"),
    )
    assert ran.exit_code == 0
    settings = load_settings(tmp_path / "config.toml", {})
    assert settings.site.name == 'Das "Tag"-Blatt'
    assert settings.site.base_url == "https://digest.tagblatt.example"
    assert settings.site.imprint == "Verlag \\ GmbH"
    assert (settings.newsletters[0].slug, settings.newsletters[0].at) == ("boerse", "05:45")
    assert digest("lists", "show", "boerse").exit_code == 0


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--base-url", "ftp://x", "base_url must begin with http"),
        ("--sender", "nobody", "must be an address"),
        ("--at", "6 Uhr", "is not a time"),
        ("--name", " ", "needs a name"),
        ("--imprint", "a\nb", "One line"),
        ("--slug", "Groß", "small letters"),
    ],
)
def test_a_wrong_answer_is_one_sentence_and_nothing_is_written(
    digest: Digest, tmp_path: Path, option: str, value: str, said: str
) -> None:
    ran = digest("init", option, value)
    assert ran.exit_code == 2
    assert said in ran.stderr
    assert "Traceback" not in ran.stderr
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_overwritten_and_with_yes_it_is_put_aside(digest: Digest, tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text("# mine\n", "utf-8")
    refused = digest("init")
    assert refused.exit_code == 2
    assert "--yes" in refused.stderr
    assert config.read_text("utf-8") == "# mine\n"
    made = digest("init", "--yes", "--json").json
    assert (tmp_path / made["earlier"]).read_text("utf-8") == "# mine\n"
    digest("init", "--yes")
    assert len(list(tmp_path.glob("config.toml.old*"))) == 2
    assert digest("init", "there", "--config", "x.toml").exit_code == 2


def test_the_environment_says_where_unless_a_folder_does(digest: Digest, tmp_path: Path) -> None:
    env = {"DIGEST_CONFIG": str(tmp_path / "a" / "own.toml")}
    assert digest("init", env=env).exit_code == 0
    assert (tmp_path / "a" / "own.toml").is_file()
    assert digest("init", "b", env=env).exit_code == 0
    assert (tmp_path / "b" / "config.toml").is_file()


line = st.text(st.characters(exclude_categories=("C", "Zl", "Zp")), max_size=60)


@given(name=line, imprint=line, newsletter=line)
def test_whatever_is_answered_is_kept(name: str, imprint: str, newsletter: str) -> None:
    answers = Answers(
        **{
            key: value
            for key, value in (("name", name), ("imprint", imprint), ("newsletter", newsletter))
            if value.isprintable()
        }
    )
    read = tomllib.loads(settings_text(answers))
    assert read["site"]["name"] == answers.name
    assert read["site"]["imprint"] == answers.imprint
    assert read["newsletters"][0]["name"] == answers.newsletter
    assert SLUG.fullmatch(read["newsletters"][0]["slug"])


@pytest.mark.parametrize(
    ("name", "short"),
    [("Der Morgen", "morgen"), ("Öl & Börse", "oel-boerse"), ("Café!", "cafe"), ("今日", "digest"), ("Die", "die")],
)
def test_short_names(name: str, short: str) -> None:
    assert short_name(name) == short


# What an address would give

FEED = """<?xml version="1.0"?><rss version="2.0"><channel><title>Blatt</title><link>{base}/</link>
<item><title>Erste Meldung vom Tag</title><link>{base}/eins-zwei-drei-1.html</link><guid>1</guid>
<description>Ein Anriss, der lang genug ist, um etwas zu sagen, und der nicht nur aus einem Wort besteht.</description>
<author>a@b.example (Anna Beck)</author><category>Politik</category><pubDate>{date}</pubDate></item>
<item><title>Zweite Meldung</title><link>{base}/vier-fuenf-sechs-2.html</link><guid>2</guid>
<description>Noch ein Anriss, der lang genug ist, um etwas zu sagen, und der nicht nur aus Worten besteht.</description>
</item></channel></rss>"""
PAGE = """<!DOCTYPE html><html lang="de"><head><title>Blatt</title>
<link rel="alternate" type="application/rss+xml" title="Kommentare" href="/comments/feed">
<link href='/feed' title='Das &amp; Blatt' rel='alternate' type='application/rss+xml'>
<link rel="stylesheet" href="/x.css"></head><body><p>Willkommen.</p></body></html>"""


@pytest.fixture
def site(httpserver: HTTPServer) -> HTTPServer:
    httpserver.expect_request("/feed").respond_with_data(
        FEED.format(base=httpserver.url_for("")[:-1], date="Fri, 06 Mar 2026 04:00:00 +0000"),
        content_type="application/rss+xml",
    )
    httpserver.expect_request("/").respond_with_data(PAGE, content_type="text/html; charset=utf-8")
    return httpserver


def test_a_feed_is_told_with_what_it_lacks_and_its_table(digest: Digest, make_config: Any, site: HTTPServer) -> None:
    make_config()
    url = site.url_for("/feed")
    tried = digest("sources", "test", url, "--json")
    assert tried.exit_code == 0
    assert tried.json["what"] == "a feed"
    [found] = tried.json["candidates"]
    assert (found["articles"], found["dated"], found["authors"]) == (2, 1, 1)
    assert found["topics"] == ["politik"]
    assert any("1 of 2 articles have no date" in problem for problem in found["problems"])
    assert any("not https" in problem for problem in found["problems"])
    # The table works as it is.
    config = make_config(sources=tomllib.loads(found["table"])["sources"])
    assert load_settings(config, {}).sources[-1].url == url
    shown = digest("sources", "test", url).stdout
    assert 'name = "localhost 2"' in shown  # the name is taken by now
    assert "2 articles" in shown


def test_a_page_leads_to_its_feeds_those_of_comments_last(digest: Digest, make_config: Any, site: HTTPServer) -> None:
    make_config(gather={"allow_networks": ["127.0.0.0/8"]})
    tried = digest("sources", "test", site.url_for("/"), "--json").json
    assert "links to 2 feeds" in tried["what"]
    first = tried["candidates"][0]
    assert (first["type"], first["url"], first["name"]) == ("feed", site.url_for("/feed"), "Das & Blatt")
    assert first["table"]
    assert not any(each["table"] for each in tried["candidates"][1:])


def test_what_a_page_leads_to_is_not_trusted(digest: Digest, make_config: Any, site: HTTPServer) -> None:
    make_config()
    tried = digest("sources", "test", site.url_for("/"), "--json")
    assert tried.exit_code == 1
    said = " ".join(problem for each in tried.json["candidates"] for problem in each["problems"])
    assert "may not be fetched" in said
    assert not any(request.path.endswith("feed") for request, _ in site.log)


@pytest.mark.parametrize(
    ("url", "code", "said"),
    [
        ("http://127.0.0.1:9/feed", 1, "cannot be reached"),
        ("http://", 2, "no web address"),
        ("http://[::1/feed", 2, "no web address"),
    ],
)
def test_what_cannot_be_read_is_one_sentence(digest: Digest, make_config: Any, url: str, code: int, said: str) -> None:
    make_config()
    ran = digest("sources", "test", url)
    assert ran.exit_code == code
    assert said in ran.stderr
    assert "Traceback" not in ran.stderr


def test_what_is_neither_feed_nor_page_says_so(digest: Digest, make_config: Any, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/x").respond_with_data(b"\x00\x01\x02", content_type="application/octet-stream")
    make_config()
    ran = digest("sources", "test", httpserver.url_for("/x"), "--json")
    assert ran.exit_code == 1
    assert ran.json["candidates"][0]["problems"]
    assert ran.json["candidates"][0]["table"] == ""


def test_a_first_source_is_found_out(digest: Digest, tmp_path: Path, site: HTTPServer) -> None:
    made = digest("init", "--source", site.url_for("/feed"), "--yes")
    assert made.exit_code == 0
    [source] = load_settings(tmp_path / "config.toml", {}).sources
    assert (source.type, source.url) == ("feed", site.url_for("/feed"))
    assert load_settings(tmp_path / "config.toml", {}).market.providers == ("coingecko", "kraken")


def test_a_first_source_that_is_out_is_kept_and_said(digest: Digest, tmp_path: Path) -> None:
    made = digest("init", "--source", "http://127.0.0.1:9/feed", "--yes")
    assert made.exit_code == 0
    assert "digest sources test" in made.stderr
    assert load_settings(tmp_path / "config.toml", {}).sources[0].url == "http://127.0.0.1:9/feed"


@pytest.mark.parametrize(
    ("tag", "found"),
    [
        ('<link rel="alternate" type="application/atom+xml" href="a.xml">', ["https://x.example/p/a.xml"]),
        ('<LINK REL="alternate home" TYPE="application/rss+xml; charset=utf-8" HREF="//y.example/f">',
         ["https://y.example/f"]),
        ('<base href="https://z.example/q/"><link rel=alternate type=application/rss+xml href=f>',
         ["https://z.example/q/f"]),
        ('<link rel="alternate" type="application/rss+xml" href="file:///etc/passwd">', []),
        ('<link rel="alternate" type="application/rss+xml" href="">', []),
        ('<link rel="alternate" type="text/html" href="/en">', []),
        ('<link rel="alternate" type="application/rss+xml" href="http://[x">', []),
    ],
)  # fmt: skip
def test_feed_links(tag: str, found: list[str]) -> None:
    assert [link.url for link in feed_links(tag.encode(), "https://x.example/p/")] == found


def test_a_hostile_page_takes_no_time() -> None:
    import time

    started = time.monotonic()
    for piece in (b"<link ", b"<link rel=", b"<!--", b"<base href=a ", b'<link rel="alternate"', b"<![CDATA["):
        feed_links(piece * (5_000_000 // len(piece)), "https://x.example/")
    assert time.monotonic() - started < 10


@given(st.binary(max_size=200))
def test_nothing_breaks_the_readers(content: bytes) -> None:
    is_html(content, "")
    feed_links(b"<link " + content + b">", "https://x.example/")
