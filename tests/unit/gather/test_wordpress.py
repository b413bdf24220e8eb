"""The source "wordpress" from local files."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from digest.errors import SourceError
from digest.gather.base import Context
from digest.gather.collect import gather_source
from digest.gather.fetch import Fetcher
from digest.gather.settings import GatherSettings, SourceSettings
from digest.model.article import Article

BERLIN = ZoneInfo("Europe/Berlin")


def gather(path: Path, **settings: Any) -> list[Article]:
    with Fetcher(GatherSettings(timeout_seconds=5)) as fetcher:
        moment = datetime(2025, 10, 17, 5, tzinfo=UTC)
        context = Context(fetcher=fetcher, now=moment, day=date(2025, 10, 17), zone=BERLIN)
        source = SourceSettings(name="Blatt", type="wordpress", path=str(path), **settings)
        return gather_source(source, {"Kryptowährungen": "krypto"}, context)


def test_files_and_folders(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    terms = {"wp:term": [[{"name": "Kryptowährungen", "taxonomy": "category"}]]}
    first = {"title": "Eins", "content": "<p>Ein Text.</p>", "link": "https://t.example/1/", "_embedded": terms}
    second = {"title": "Zwei", "content": "<p>" + "Wort " * 9_000 + "</p>", "date_gmt": "2025-10-17T03:00:00"}
    again = first | {"title": "Eins, neu", "link": "https://www.t.example/1"}
    (tmp_path / "a.json").write_text(json.dumps([first]), "utf-8")
    (tmp_path / "b.json").write_text(json.dumps([second, again]), "utf-8")
    (tmp_path / "c.json").write_text("[{", "utf-8")
    (tmp_path / "d.txt").write_text("nichts", "utf-8")
    found = gather(tmp_path)
    assert [article.title for article in found] == ["Zwei", "Eins"]
    assert found[0].published == datetime(2025, 10, 17, 5, tzinfo=BERLIN)
    assert found[1].topics == ("krypto",)
    assert "c.json" in caplog.text
    assert len(gather(tmp_path, max_items=1)) == 1
    assert gather(tmp_path / "a.json")[0].source == "Blatt"


@pytest.mark.parametrize(
    ("content", "why"),
    [("", "is empty"), ("[]", "has no articles"), ("kein JSON", "is no JSON"), (None, "does not exist")],
)
def test_a_file_that_gives_nothing(tmp_path: Path, content: str | None, why: str) -> None:
    file = tmp_path / "posts.json"
    if content is not None:
        file.write_text(content)
    with pytest.raises(SourceError, match=why):
        gather(file)


def test_a_folder_that_gives_nothing(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"has no \.json files"):
        gather(tmp_path)
    (tmp_path / "a.json").write_text('{"code": "rest_forbidden", "message": "Verboten"}')
    with pytest.raises(SourceError, match="Verboten"):
        gather(tmp_path)


def test_posts_that_take_long_to_read_are_given_up(tmp_path: Path) -> None:
    markup = "<div>" * 4_900
    (tmp_path / "a.json").write_text(json.dumps([{"title": "x", "content": markup, "excerpt": markup}] * 90))
    with Fetcher(GatherSettings(timeout_seconds=0.5)) as fetcher:
        context = Context(fetcher=fetcher, now=datetime.now(UTC), day=date(2025, 10, 17), zone=BERLIN)
        with pytest.raises(SourceError, match=r"could not be read in 0\.5 seconds"):
            gather_source(SourceSettings(name="Blatt", type="wordpress", path=str(tmp_path / "a.json")), {}, context)
