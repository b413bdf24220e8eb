"""Names in an expression that are not in the database."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection

from subscribers.errors import SegmentError
from subscribers.segment_store import check_expression


@pytest.fixture
def anna(person: Any) -> Any:
    return person("anna@gmx.example", attributes={"stadt": "Köln", "grösse": "42", "letzter_kauf": "2026-01-01"})


@pytest.mark.parametrize(
    "expression",
    [
        "stadt = x",
        "Stadt is empty",
        "Größe = 1",
        "GRÖSSE = 1",
        '"Letzter Kauf" > 2025-01-01',
        "attribute:neu = x",
        "list:morgen",
        "list != MORGEN",
    ],
)
def test_what_is_there(conn: Connection, anna: Any, expression: str) -> None:
    check_expression(conn, expression)


@pytest.mark.parametrize(
    ("expression", "problem"),
    [
        ("stat = x", "`stat` is no field, and nobody has an attribute of that name; do you mean `stadt`?"),
        ("emial = x", "do you mean `email`?"),
        ("tag:a and xyz = 1", "`xyz` is no field, and nobody has an attribute of that name."),
        ("list:morgn", "There is no list morgn; do you mean `morgen`?"),
        ("tag:a or not list in (morgen, abend)", "There is no list abend."),
    ],
)
def test_what_is_not_there(conn: Connection, anna: Any, expression: str, problem: str) -> None:
    with pytest.raises(SegmentError) as refused:
        check_expression(conn, expression)
    assert str(refused.value).splitlines()[0].endswith(problem)
