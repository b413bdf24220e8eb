"""Whose address a request has, behind proxies that may be ours or made up."""

from __future__ import annotations

import pytest

from digest.model.web import WebSettings
from digest.web.visitor import is_loopback, visitor_address

OURS = WebSettings(trusted_proxies=("10.0.0.0/8", "2001:db8::1")).proxies


@pytest.mark.parametrize(
    ("peer", "lines", "visitor"),
    [
        ("203.0.113.9", [], "203.0.113.9"),
        ("203.0.113.9", ["198.51.100.1"], "203.0.113.9"),  # a stranger's header
        ("10.1.1.1", ["198.51.100.1"], "198.51.100.1"),
        ("10.1.1.1", ["6.6.6.6, 198.51.100.1"], "198.51.100.1"),  # what the visitor made up stands left
        ("10.1.1.1", ["6.6.6.6", "198.51.100.1, 10.2.2.2"], "198.51.100.1"),
        ("10.1.1.1", ["10.2.2.2"], "10.2.2.2"),
        ("10.1.1.1", ["198.51.100.1, unknown"], "10.1.1.1"),
        ("10.1.1.1", ["198.51.100.1:4711"], "198.51.100.1"),
        ("2001:db8::1", ["[2001:db8::77]:4711"], "2001:db8::77"),
        ("::ffff:10.1.1.1", ["198.51.100.1"], "198.51.100.1"),
        ("10.1.1.1", ["<script>"], "10.1.1.1"),
        ("10.1.1.1", [""], "10.1.1.1"),
        ("", ["198.51.100.1"], ""),
    ],
)
def test_the_rightmost_hop_that_is_not_ours(peer: str, lines: list[str], visitor: str) -> None:
    assert visitor_address(peer, lines, OURS) == visitor


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost", "LOCALHOST"])
def test_what_only_this_machine_reaches(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "news.example", "10.0.0.1", "localhost.evil.example"])  # noqa: S104
def test_what_others_reach(host: str) -> None:
    assert not is_loopback(host)
