"""The site's secret: made once, kept to oneself."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from digest.errors import StorageError
from digest.storage.secret import read_secret


def test_it_is_made_once_and_read_by_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "var" / "secret"
    secret = read_secret(file)
    assert len(secret) == 32
    assert read_secret(file) == secret
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in file.parent.iterdir()] == ["secret"]


def test_two_sites_have_two_secrets(tmp_path: Path) -> None:
    assert read_secret(tmp_path / "a") != read_secret(tmp_path / "b")


def test_of_many_that_begin_at_once_all_get_the_same(tmp_path: Path) -> None:
    for attempt in range(20):
        file = tmp_path / str(attempt) / "secret"
        with ThreadPoolExecutor(8) as threads:
            secrets = set(threads.map(lambda _: read_secret(file), range(8)))  # noqa: B023, all are done within
        assert len(secrets) == 1
        assert [path.name for path in file.parent.iterdir()] == ["secret"]


@pytest.mark.parametrize("content", [b"", b"abc", b"zz" * 32, b"\xff" * 64, b"ab" * 16])
def test_a_damaged_one_is_never_replaced(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "secret"
    file.write_bytes(content)
    with pytest.raises(StorageError, match="secret"):
        read_secret(file)
    assert file.read_bytes() == content


def test_where_none_can_be_made_it_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path / "file" / "secret", tmp_path):
        with pytest.raises(StorageError, match="secret"):
            read_secret(path)
