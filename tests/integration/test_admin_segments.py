"""Segments from the command line, and a newsletter that goes to one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from digest.errors import NotFoundError
from digest.storage.tables import deliveries
from digest.tasks.plan_recipients import plan_recipients
from subscribers.errors import UnknownSegmentError
from subscribers.segment_store import create_segment

Digest = Callable[..., Any]


@pytest.fixture
def admin(digest: Digest, make_config: Any, database_file: Path) -> Digest:
    make_config()
    digest("lists", "create", "morgen")
    for number in range(12):
        tag = ("--tags", "vip") if number % 4 == 0 else ()
        digest("subscribers", "add", f"p{number}@leser.example", "--list", "morgen", "--consent", "Messe", *tag)
    return digest


def test_created_shown_previewed_deleted(admin: Digest) -> None:
    assert admin("segments", "create", "vip", "--name", "Die Vips", "--where", "tag:VIP").exit_code == 0
    (listed,) = admin("segments", "list", "--json").json
    assert (listed["slug"], listed["name"], listed["expression"]) == ("vip", "Die Vips", "tag:VIP")
    assert admin("segments", "show", "vip", "--json").json == listed | {"newsletters": []}
    assert "tag:VIP" in admin("segments", "show", "vip").stdout
    seen = admin("segments", "preview", "vip", "--limit", "2", "--json").json
    assert (seen["count"], [each["email"] for each in seen["people"]]) == (3, ["p0@leser.example", "p4@leser.example"])
    assert "3 subscribers" in admin("segments", "preview", "vip").stdout
    admin("subscribers", "unsubscribe", "p4@leser.example")
    assert admin("segments", "preview", "vip", "--list", "morgen", "--json").json["count"] == 2
    assert (
        "2 subscribers of those who are mailed on morgen"
        in admin("segments", "preview", "vip", "--list", "morgen").stdout
    )
    assert admin("segments", "delete", "vip").exit_code == 2
    assert admin("segments", "delete", "vip", "--yes").exit_code == 0
    assert admin("segments", "list", "--json").json == []


def test_an_expression_is_tried_without_keeping_it(admin: Digest) -> None:
    seen = admin("segments", "preview", "--where", "not tag:vip", "--limit", "0", "--json").json
    assert (seen["count"], seen["people"], seen["segment"]) == (9, [], None)
    assert admin("segments", "preview").exit_code == 2
    assert admin("segments", "preview", "vip", "--where", "tag:vip").exit_code == 2


def test_what_is_wrong_is_pointed_at(admin: Digest) -> None:
    ran = admin("segments", "create", "falsch", "--where", "tag:vip and emial = x")
    assert ran.exit_code == 2
    assert ran.stdout == ""
    sentence, expression, carets = ran.stderr.splitlines()
    assert sentence.startswith("Error: `emial` is no field")
    assert sentence.endswith("do you mean `email`?")
    assert expression[carets.index("^") :].startswith("emial")
    assert admin("segments", "preview", "--where", "(" * 100_000).exit_code == 2
    assert admin("segments", "list", "--json").json == []


def test_a_segment_that_a_newsletter_goes_to_is_not_deleted(admin: Digest, make_config: Any) -> None:
    admin("segments", "create", "vip", "--where", "tag:vip")
    make_config({"segment": "vip"})
    assert admin("segments", "show", "vip", "--json").json["newsletters"] == ["morgen"]
    ran = admin("segments", "delete", "vip", "--yes")
    assert ran.exit_code == 2
    assert "newsletter morgen" in ran.stderr


@pytest.fixture
def prepared(make_app: Any, add_person: Any, add_articles: Any, now: Any) -> Any:
    """An app whose newsletter goes to the segment `vip`, with an edition for four people, two of them in it."""
    app = make_app({"segment": "vip"})
    for name, tags in (("anna", ("vip",)), ("ben", ()), ("cem", ("VIP",)), ("dora", ("vip2",))):
        add_person(app, f"{name}@leser.example", tags=tags)
    add_articles(app, ("Haushalt beschlossen", now()))
    return app, app.prepare(app.newsletters()[0], app.today()).edition


def test_only_the_segment_is_planned(prepared: Any, now: Any) -> None:
    app, edition = prepared
    with app.database.write() as connection:
        create_segment(connection, "vip", "", "tag:vip", now=now())
    told: list[tuple[int, int]] = []
    plan_recipients(app.database, edition.number, edition.content, app.clock, lambda *counts: told.append(counts))
    with app.database.read() as connection:
        numbers = connection.execute(select(deliveries.c.subscriber_id).order_by(deliveries.c.id)).scalars().all()
    assert list(numbers) == [1, 3]
    assert told == [(2, 2)]
    assert app.count_recipients(app.newsletters()[0]) == 2
    assert app.preview(edition.number, "").rcpt_to == "anna@leser.example"


def test_a_segment_that_is_not_there_stops_it_before_anything_is_planned(prepared: Any) -> None:
    app, edition = prepared
    with pytest.raises(UnknownSegmentError, match="segment vip") as refused:
        plan_recipients(app.database, edition.number, edition.content, app.clock, lambda *_: None)
    assert refused.value.exit_code == 2
    with app.database.read() as connection:
        assert connection.execute(select(deliveries.c.id)).first() is None
    with pytest.raises(UnknownSegmentError):
        app.count_recipients(app.newsletters()[0])


def test_a_preview_for_nobody_says_so(prepared: Any, now: Any) -> None:
    app, edition = prepared
    with app.database.write() as connection:
        create_segment(connection, "vip", "", "tag:nobody", now=now())
    with pytest.raises(NotFoundError, match="segment vip"):
        app.preview(edition.number, "")
