"""Fetching a picture over a real socket and keeping it in a real folder."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from digest.errors import FetchError
from digest.gather.fetch import Fetcher
from digest.gather.hosted_pictures import host_picture
from digest.gather.settings import GatherSettings
from digest.gather.shrink_picture import shrink
from tests.unit.gather.test_shrink_picture import picture


@pytest.fixture
def fetcher() -> Iterator[Fetcher]:
    allowed = GatherSettings(timeout_seconds=10, max_bytes=50_000, allow_networks=("127.0.0.0/8",))
    with Fetcher(allowed) as made:
        yield made


def test_it_is_kept_once_under_its_own_hash(httpserver: HTTPServer, fetcher: Fetcher, tmp_path: Path) -> None:
    content = picture((1200, 600))
    for path in ("/a.jpg", "/b.jpg"):
        httpserver.expect_request(path).respond_with_data(content, content_type="image/jpeg")
    folder = tmp_path / "var" / "pictures"
    one, other = (host_picture(httpserver.url_for(path), fetcher, folder) for path in ("/a.jpg", "/b.jpg"))
    assert one == other
    assert one.width == 1104
    (file,) = folder.iterdir()
    assert file.name == one.name == f"{hashlib.sha256(file.read_bytes()).hexdigest()}.jpg"
    assert file.read_bytes() == shrink(content).jpeg
    assert file.stat().st_mode & 0o777 == 0o644


def test_half_a_file_is_written_anew(httpserver: HTTPServer, fetcher: Fetcher, tmp_path: Path) -> None:
    httpserver.expect_request("/a.jpg").respond_with_data(picture())
    name = host_picture(httpserver.url_for("/a.jpg"), fetcher, tmp_path).name
    whole = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(whole[:100])
    host_picture(httpserver.url_for("/a.jpg"), fetcher, tmp_path)
    assert (tmp_path / name).read_bytes() == whole


@pytest.mark.parametrize(
    ("content", "status", "problem"),
    [
        (b"<svg/>", 200, "is an SVG"),
        (b"", 200, "is empty"),
        (b"x", 404, "answered 404"),
        (b"x" * 60_000, 200, "is bigger than 50000 bytes"),
    ],
)
def test_what_cannot_be_had_is_said_with_its_address(
    httpserver: HTTPServer, fetcher: Fetcher, tmp_path: Path, content: bytes, status: int, problem: str
) -> None:
    httpserver.expect_request("/a").respond_with_data(content, status=status)
    with pytest.raises(FetchError, match=problem) as caught:
        host_picture(httpserver.url_for("/a"), fetcher, tmp_path)
    assert caught.value.url == httpserver.url_for("/a")
    assert list(tmp_path.iterdir()) == []


def test_private_addresses_are_not_asked(httpserver: HTTPServer, tmp_path: Path) -> None:
    with Fetcher(GatherSettings(timeout_seconds=5)) as guarded, pytest.raises(FetchError, match="may not be fetched"):
        host_picture(httpserver.url_for("/a.jpg"), guarded, tmp_path)
    assert httpserver.log == []


def test_a_folder_that_cannot_be_written_is_said(httpserver: HTTPServer, fetcher: Fetcher, tmp_path: Path) -> None:
    httpserver.expect_request("/a.jpg").respond_with_data(picture())
    (tmp_path / "pictures").write_bytes(b"a file is in the way")
    with pytest.raises(FetchError, match="cannot be kept in"):
        host_picture(httpserver.url_for("/a.jpg"), fetcher, tmp_path / "pictures")
