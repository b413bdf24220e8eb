"""Where webhooks may lead, how long they are tried, and how they are signed."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.errors import UsageError
from digest.tasks.webhook_message import TRIED_FOR, check_webhook_url, next_attempt, sign_message

NOW = datetime(2026, 3, 6, 5, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "url",
    [
        "https://crm.example/hook",
        "https://crm.example:8443/hook?list=1",
        "http://localhost:8000/",
        "http://127.0.0.1/x",
        "http://[::1]:9/x",
        "http://10.1.2.3/x",
        "http://crm:8080/hook",
    ],
)
def test_where_a_webhook_may_lead(url: str) -> None:
    assert check_webhook_url(url) == url


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("", "is no URL"),
        ("crm.example/hook", "is no URL"),
        ("ftp://crm.example/", "is no URL"),
        ("file:///etc/passwd", "is no URL"),
        ("https://", "is no URL"),
        ("https://crm.example:99999/", "is no URL"),
        ("https://[::1", "is no URL"),
        ("https://crm.example/a b", "is no URL"),
        ("https://crm.example/\r\nx: y", "is no URL"),
        ("https://crm.example/" + "x" * 3000, "is no URL"),
        ("https://me:secret@crm.example/", "no user name"),
        ("https://crm.example/#top", "no user name, password or fragment"),
        ("http://crm.example/hook", "must begin with https://"),
        ("http://8.8.8.8/hook", "must begin with https://"),
    ],
)
def test_where_it_may_not(url: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        check_webhook_url(url)


@given(
    attempts=st.integers(1, 10_000),
    age=st.timedeltas(timedelta(0), timedelta(days=3)),
    wait=st.none() | st.floats(0, 1e9),
    seed=st.integers(0, 9),
)
def test_the_next_attempt(attempts: int, age: timedelta, wait: float | None, seed: int) -> None:
    again = next_attempt(attempts, NOW - age, NOW, wait, random.Random(seed))
    if age >= TRIED_FOR:
        assert again is None
        return
    assert again is not None
    assert timedelta(seconds=24) <= again - NOW <= TRIED_FOR
    assert again - NOW >= timedelta(seconds=min(wait or 0, TRIED_FOR.total_seconds()))


def test_waits_grow_and_differ() -> None:
    waits = [next_attempt(n, NOW, NOW, None, random.Random(1)) for n in range(1, 12)]
    assert waits == sorted(waits, key=lambda at: at or NOW)
    assert next_attempt(3, NOW, NOW, None, random.Random(1)) != next_attempt(3, NOW, NOW, None, random.Random(2))


def test_the_example_of_the_standard() -> None:
    """The test vector of the reference libraries of Standard Webhooks."""
    message = sign_message(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        b'{"test": 2432232314}',
        datetime.fromtimestamp(1614265330, UTC),
    )
    assert message.headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
