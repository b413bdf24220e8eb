"""What each way to ask means, by examples."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql

from subscribers.errors import SegmentError
from subscribers.segment_store import expression_clause
from subscribers.segments.conditions import segment_clause
from subscribers.segments.grammar import parse_segment
from subscribers.tables import subscribers

BERLIN = ZoneInfo("Europe/Berlin")


def names_of(conn: Connection, expression: str) -> list[str]:
    clause = expression_clause(conn, expression, zone=BERLIN)
    return list(conn.execute(select(subscribers.c.first_name).where(clause).order_by(subscribers.c.id)).scalars())


@pytest.fixture
def three(conn: Connection, person: Any, now: datetime) -> Connection:
    person(
        "anna@gmx.example", first_name="anna", tags=("vip",), attributes={"city": "Köln", "alter": "34"}, max_articles=5
    )
    person(
        "ben@web.example", first_name="ben", tags=("vip2", "50%"), attributes={"city": "KÖLN-Deutz"}, topics=("krypto",)
    )
    person("cem@bücher.example", first_name="cem", tags=("a_b",), coins=("BTC",), form="du", attributes={"alter": "9"})
    return conn


@pytest.mark.parametrize(
    ("expression", "names"),
    [
        ("tag:vip", "anna"),
        ("tag:VIP2", "ben"),
        ("tag:vi", ""),
        ("tag:50%", "ben"),
        ('tag:"%"', ""),
        ("tag:a_b", "cem"),
        ("tag:aXb", ""),
        ("tag in (vip, vip2)", "anna ben"),
        ("tags contains vip", "anna"),
        ("city = köln", "anna"),
        ("CITY contains KÖLN", "anna ben"),
        ("city = Koln", ""),
        ("city is empty", "cem"),
        ("city != Köln", "ben cem"),
        ("alter > 10", "anna"),
        ("alter < 10", "cem"),
        ("not alter < 10", "anna ben"),
        ("coin:btc or topic:krypto", "ben cem"),
        ("domain = bücher.example", "cem"),
        ("domain = XN--BCHER-KVA.example", "cem"),
        ("email = ANNA@gmx.example", "anna"),
        ("form = DU", "cem"),
        ("max_articles >= 5", "anna"),
        ("max_articles is empty", "ben cem"),
        ("joined = 2026-03-02", "anna ben cem"),
        ("joined > 2026-03-02", ""),
        ("joined <= 02.03.2026 and joined >= 2026-03-02", "anna ben cem"),
        ("joined < 2026-03-02", ""),
        ("tag:vip or tag:vip2 and topic:krypto", "anna ben"),
        ("(tag:vip or tag:vip2) and topic:krypto", "ben"),
        ("list:morgen", ""),
        ("list:no-such-list", ""),
    ],
)  # fmt: skip
def test_what_it_means(three: Connection, expression: str, names: str) -> None:
    assert " ".join(names_of(three, expression)) == names


def test_a_day_is_one_of_the_zone(conn: Connection, three: Connection) -> None:
    late = datetime(2026, 1, 1, 23, 30, tzinfo=UTC)  # in Berlin it is the 2nd
    conn.execute(subscribers.update().where(subscribers.c.first_name == "anna").values(created_at=late))
    assert names_of(conn, "joined = 2026-01-02") == ["anna"]
    assert names_of(conn, "joined <= 2026-01-01") == []


@pytest.mark.parametrize("leaf", ['"größe" not in ("Łódź", "b")', "kauf < 2026-01-01", "list:morgen", "not tag:köln"])
def test_the_deepest_that_is_read_can_be_asked(three: Connection, leaf: str) -> None:
    deep = leaf.replace("kauf", "attribute:kauf").replace('"größe"', "attribute:größe")
    for level in range(9):
        deep = f"({deep} {'or' if level % 2 else 'and'} tag:a{level})"
    assert names_of(three, deep) == []
    with pytest.raises(SegmentError, match="deep"):
        names_of(three, f"tag:a and (tag:b or ({deep} and (tag:c or tag:d)) or tag:e)")


def test_the_longest_that_is_read_can_be_asked(three: Connection) -> None:
    assert names_of(three, " or ".join(["tag:vip"] * 200)) == ["anna"]
    assert names_of(three, f'attribute:city = "{"ö" * 3900}"') == []
    assert names_of(three, f"tag in ({', '.join(['ä'] * 199)}, vip)") == ["anna"]
    for wide in (" and ".join(["tag:vip"] * 201), f"tag not in ({', '.join(['ä'] * 201)})"):
        with pytest.raises(SegmentError, match="200 conditions"):
            names_of(three, wide)


class _Postgresql:
    dialect = postgresql.dialect()


def test_postgresql_is_asked_the_same_by_its_own_functions() -> None:
    everything = (
        'tag:köln and attribute:city = "Köln" and not plz < 5 and kauf > 2026-01-01 and first_name contains "Ö%" '
        "and topic is empty and list:morgen and city is empty and domain = a.example and joined > 2026-01-01"
    )
    clause = segment_clause(_Postgresql(), parse_segment(everything), BERLIN)  # type: ignore[arg-type]
    said = str(select(subscribers.c.id).where(clause).compile(dialect=postgresql.dialect()))
    for part in (
        "jsonb_array_elements_text",
        "jsonb_extract_path_text",
        "translate(lower(",
        'COLLATE "C"',
        "strpos(",
        "~",
    ):
        assert part in said
    assert "GLOB" not in said
    assert "json_each" not in said
