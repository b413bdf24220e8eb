"""An admin's commands on people."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Digest = Callable[..., Any]
ANNA = "anna@leser.example"


@pytest.fixture
def admin(digest: Digest, make_config: Any, database_file: Path) -> Digest:
    make_config()
    digest("lists", "create", "morgen")
    options = ("--list", "morgen", "--consent", "Messe", "--tags", "vip", "--first-name", "Anna", "--topics", "krypto")
    digest("subscribers", "add", ANNA, *options)
    digest("subscribers", "add", "ben@leser.example", "--list", "morgen", "--last-name", "Weber")
    return digest


def shown(admin: Digest, address: str = ANNA) -> Any:
    return admin("subscribers", "show", address, "--json").json


def test_set_changes_what_is_named(admin: Digest) -> None:
    ran = admin(
        "subscribers", "set", ANNA, "--last-name", "Groß", "--first-name", "", "--form", "du", "--max-articles", "5",
        "--attribute", "Stadt=Köln", "--attribute", "Letzter Kauf=2026-01-01",
    )  # fmt: skip
    assert ran.exit_code == 0
    assert "Name:          Groß" in ran.stdout
    person = shown(admin)["subscriber"]
    assert (person["first_name"], person["last_name"], person["form"], person["max_articles"]) == ("", "Groß", "du", 5)
    assert (person["tags"], person["topics"]) == (["vip"], ["krypto"])
    assert person["attributes"] == {"stadt": "Köln", "letzter_kauf": "2026-01-01"}
    admin("subscribers", "set", ANNA, "--attribute", "STADT=", "--max-articles", "")
    person = shown(admin)["subscriber"]
    assert (person["attributes"], person["max_articles"]) == ({"letzter_kauf": "2026-01-01"}, None)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((), "Say what to set"),
        (("--form", "Ihr"), "form"),
        (("--max-articles", "0"), "max_articles"),
        (("--attribute", "Stadt"), "NAME=VALUE"),
        (("--attribute", "=x"), "NAME=VALUE"),
        (("--email", "keine"), "is not an e-mail address"),
        (("--first-name", "Neu", "--email", "ben@leser.example"), "belongs to another subscriber"),
    ],
)
def test_what_cannot_be_set_changes_nothing(admin: Digest, options: tuple[str, ...], said: str) -> None:
    before = shown(admin)
    ran = admin("subscribers", "set", ANNA, *options)
    assert ran.exit_code == 2
    assert said in ran.stderr
    assert shown(admin) == before


def test_a_new_address_keeps_the_history(admin: Digest) -> None:
    before = shown(admin)
    ran = admin("subscribers", "set", ANNA, "--email", "anna@neu.example", "--json")
    assert ran.json["subscriber"]["email"] == "anna@neu.example"
    after = shown(admin, "anna@neu.example")
    assert after["subscriber"]["id"] == before["subscriber"]["id"]
    assert (after["subscriptions"], after["consent"]) == (before["subscriptions"], before["consent"])
    assert [each["email"] for each in after["former_addresses"]] == [ANNA]
    assert f"Formerly:      {ANNA}" in admin("subscribers", "show", "anna@neu.example").stdout
    assert admin("subscribers", "show", ANNA).exit_code == 2
    (found,) = admin("subscribers", "find", ANNA, "--json").json
    assert found["email"] == "anna@neu.example"
    admin("subscribers", "forget", "anna@neu.example", "--yes")
    assert admin("subscribers", "find", ANNA, "--json").json == []
    assert admin("subscribers", "set", "ben@leser.example", "--email", "anna@neu.example").exit_code == 1


def test_tags(admin: Digest) -> None:
    assert admin("subscribers", "tag", ANNA, "VIP", "Messe", "--json").json["tags"] == ["vip", "Messe"]
    assert "vip" in admin("subscribers", "untag", ANNA, "messe").stdout
    assert admin("subscribers", "untag", ANNA, "vip", "nie").stdout.strip() == f"{ANNA} has no tags."
    assert admin("subscribers", "tag", ANNA, "").exit_code == 2
    assert admin("subscribers", "tag", ANNA).exit_code == 2
    assert len([each for each in admin("audit", "list", "--json").json if each["what"] == "subscriber.change"]) == 3


def test_who_left_is_asked_and_not_simply_put_back(admin: Digest) -> None:
    assert "is active on morgen already" in admin("subscribers", "resubscribe", ANNA, "--list", "morgen").stdout
    admin("subscribers", "unsubscribe", ANNA)
    ran = admin("subscribers", "resubscribe", ANNA, "--list", "morgen")
    assert "is pending on morgen" in ran.stdout
    assert [each["state"] for each in shown(admin)["subscriptions"]] == ["pending"]
    again = admin("subscribers", "resubscribe", ANNA, "--list", "morgen", "--json").json
    assert (again["state"], again["changed"]) == ("pending", False)


def test_who_was_never_there_is_not_asked(admin: Digest) -> None:
    admin("lists", "create", "abend")
    ran = admin("subscribers", "resubscribe", ANNA, "--list", "abend")
    assert ran.exit_code == 2
    assert "subscribers add" in ran.stderr
    assert [each["list_slug"] for each in shown(admin)["subscriptions"]] == ["morgen"]


def test_lists_of_people(admin: Digest) -> None:
    def addresses(*options: str) -> list[str]:
        return [each["email"].partition("@")[0] for each in admin("subscribers", "list", *options, "--json").json]

    admin("segments", "create", "krypto", "--where", "topic:krypto")
    assert addresses() == ["anna", "ben"]
    assert addresses("--state", "pending") == ["ben"]
    assert addresses("--tag", "VIP") == ["anna"]
    assert addresses("--segment", "krypto", "--list", "morgen", "--state", "active") == ["anna"]
    assert addresses("--segment", "krypto", "--state", "pending") == []
    assert addresses("--limit", "1", "--after", "1") == ["ben"]
    assert admin("subscribers", "list", "--segment", "nie").exit_code == 2
    assert admin("subscribers", "list", "--state", "nie").exit_code == 2


def test_find(admin: Digest) -> None:
    assert "ben@leser.example" in admin("subscribers", "find", "weber").stdout
    assert "ben@leser.example" in admin("subscribers", "find", "leser", "weber").stdout
    assert admin("subscribers", "find", "niemand").stdout.strip() == "Nobody."
    assert "--after 1" in admin("subscribers", "find", "leser", "--limit", "1").stdout


def test_show_is_lines_to_read(admin: Digest) -> None:
    admin("subscribers", "set", ANNA, "--coins", "BTC;ETH", "--title", "Dr.")
    lines = admin("subscribers", "show", ANNA).stdout.splitlines()
    assert "Name:          Dr. Anna" in lines
    assert "Coins:         BTC, ETH" in lines
    assert not [line for line in lines if "(" in line and "'" in line]
    assert not [line for line in lines if line.startswith("Form:")]
