"""What people decide about an edition."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from digest.errors import NotFoundError, StepError
from digest.model.edition import EditionState
from digest.tasks.review_edition import REVIEWS, find_edition, review_edition, set_aside

DAY = date(2026, 3, 6)
AT = datetime(2026, 3, 6, 5, 30, tzinfo=UTC)


@pytest.fixture
def prepared(make_app: Callable[..., Any], add_articles: Any) -> Callable[..., Any]:
    def build(**newsletter: Any) -> Any:
        app = make_app(newsletter)
        add_articles(app, ("Bundestag beschließt Haushalt", AT - timedelta(hours=1)))
        return app, app.prepare(app.newsletters()[0], DAY).edition

    return build


@pytest.mark.parametrize(
    ("approval", "decisions", "state"),
    [
        ("auto", ["approve"], "approved"),
        ("auto", ["hold"], "held"),
        ("auto", ["hold", "release"], "prepared"),
        ("auto", ["hold", "approve"], "approved"),
        ("auto", ["cancel"], "cancelled"),
        ("required", ["approve"], "approved"),
        ("required", ["hold", "release"], "in_review"),
        ("required", ["approve", "hold"], "held"),
        ("required", ["approve", "hold", "release"], "in_review"),
        ("required", ["hold", "cancel"], "cancelled"),
    ],
)
def test_decisions(prepared: Any, approval: str, decisions: list[str], state: str) -> None:
    app, edition = prepared(approval=approval)
    for decision in decisions:
        edition, _ = find_edition(app.database, edition.number)
        edition = review_edition(app.database, edition, decision, app.clock())
    assert edition.state == state


@pytest.mark.parametrize(
    ("before", "decision"),
    [("", "release"), ("", "pause"), ("cancel", "approve"), ("cancel", "hold"), ("cancel", "cancel"), ("hold", "hold")],
)
def test_what_may_not_be_decided(prepared: Any, before: str, decision: str) -> None:
    app, edition = prepared()
    if before:
        edition = review_edition(app.database, edition, before, app.clock())
    with pytest.raises(StepError):
        review_edition(app.database, edition, decision, app.clock())
    assert find_edition(app.database, edition.number)[0].state == edition.state


def test_approval_is_of_what_the_editor_has_seen(prepared: Any, add_articles: Any) -> None:
    app, seen = prepared(approval="required")
    add_articles(app, ("Regen überflutet Keller in Köln", AT - timedelta(hours=2)))
    app.prepare(app.newsletters()[0], DAY)
    with pytest.raises(StepError, match="prepared anew"):
        review_edition(app.database, seen, "approve", app.clock())
    assert find_edition(app.database, seen.number)[0].state is EditionState.IN_REVIEW


def test_reasons(prepared: Any) -> None:
    app, edition = prepared()
    set_aside(app.database, edition, EditionState.HELD, "was not approved by its time")
    held, _ = find_edition(app.database, None)
    assert held.reason == "was not approved by its time"
    assert review_edition(app.database, held, "release", app.clock()).reason == ""
    released, _ = find_edition(app.database, None)
    assert review_edition(app.database, released, "cancel", app.clock()).reason.startswith("by command at 2026-03-06")


def test_nothing_to_approve(make_app: Callable[..., Any]) -> None:
    app = make_app()
    app.prepare(app.newsletters()[0], DAY)
    skipped, counts = find_edition(app.database, None)
    assert counts == {}
    with pytest.raises(StepError, match="nothing to approve"):
        review_edition(app.database, skipped, "approve", app.clock())
    with pytest.raises(NotFoundError, match="99"):
        find_edition(app.database, 99)


def test_the_newest_of_none(make_app: Callable[..., Any]) -> None:
    with pytest.raises(NotFoundError, match="digest prepare"):
        find_edition(make_app().database, None)


def test_every_decision_has_a_line_of_help() -> None:
    assert set(REVIEWS) == {"approve", "hold", "release", "pause", "cancel", "skip"}
    assert all(review.help_line.endswith(".") for review in REVIEWS.values())
