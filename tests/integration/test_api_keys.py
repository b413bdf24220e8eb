"""digest keys: shown once, kept as a hash, named in the audit trail."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from digest.storage.keys import find_key
from subscribers.audit import list_changes

Digest = Callable[..., Any]


def test_a_key_is_shown_once_and_kept_as_a_hash(make_app: Callable[..., Any], digest: Digest, tmp_path: Path) -> None:
    app = make_app()
    made = digest("keys", "create", "crm", "--scope", "lists:read", "--scope", "events:read", "--json").json
    text = made["key"]
    assert re.fullmatch(r"digest_[0-9a-f]{8}_[0-9a-f]{64}", text)
    assert made["scopes"] == ["lists:read", "events:read"]
    listed = digest("keys", "list", "--json")
    assert [each["name"] for each in listed.json] == ["crm"]
    secret = text.rpartition("_")[2]
    assert secret not in listed.stdout + digest("keys", "list").stdout
    assert not [file for file in (tmp_path / "var").iterdir() if secret.encode() in file.read_bytes()]
    with app.database.read() as connection:
        key = find_key(connection, text)
        assert key is not None
        assert key.scopes == ("lists:read", "events:read")
        assert find_key(connection, text.upper()) is None
        assert find_key(connection, f"{text}\n") is None
        (entry,) = list_changes(connection)
    assert (entry.what, entry.subject, entry.detail) == ("key.create", "crm", {"scopes": "lists:read events:read"})
    assert entry.who.startswith("cli")


def test_people_are_shown_the_key_alone_on_a_line(make_app: Callable[..., Any], digest: Digest) -> None:
    make_app()
    said = digest("keys", "create", "crm", "--scope", "lists:read").stdout.splitlines()
    assert said[0].startswith("digest_")
    assert "not shown again" in said[1]


def test_revoking(make_app: Callable[..., Any], digest: Digest) -> None:
    app = make_app()
    text = digest("keys", "create", "crm", "--scope", "lists:read", "--json").json["key"]
    asked = digest("keys", "revoke", "crm")
    assert (asked.exit_code, "Nothing was done" in asked.stderr) == (2, True)
    assert digest("keys", "revoke", "crm", "--yes").exit_code == 0
    again = digest("keys", "revoke", "crm")
    assert (again.exit_code, "already" in again.stdout) == (0, True)
    with app.database.read() as connection:
        assert find_key(connection, text) is None
        assert [entry.what for entry in list_changes(connection)] == ["key.revoke", "key.create"]
    assert "revoked" in digest("keys", "list").stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("create", "crm"), "--scope"),
        (("create", "crm", "--scope", "everything"), "everything"),
        (("create", "CRM!", "--scope", "lists:read"), "small letters"),
        (("create", "old", "--scope", "lists:read"), "There is a key old already"),
        (("revoke", "none", "--yes"), "no key none"),
    ],
)
def test_wrong_usage_is_a_sentence(
    make_app: Callable[..., Any], digest: Digest, arguments: tuple[str, ...], says: str
) -> None:
    make_app()
    digest("keys", "create", "old", "--scope", "lists:read")
    digest("keys", "revoke", "old", "--yes")
    ran = digest("keys", *arguments)
    assert ran.exit_code == 2
    assert says in ran.stderr
    assert "Traceback" not in ran.stderr
