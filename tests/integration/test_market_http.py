"""Both providers against a real server on loopback that answers in their documented shapes, and in others."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import stamina
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from digest.errors import MarketError
from digest.market.coingecko import CoinGeckoProvider
from digest.market.http import JsonClient, decode, retry_after
from digest.market.kraken import KrakenProvider
from digest.market.settings import CoinGeckoSettings, KrakenSettings
from digest.market.snapshot import take_snapshot
from digest.model.market import Snapshot

NOW = datetime(2026, 3, 2, 6, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)
COINS = ("BTC", "ETH", "LTC")
MARKETS = "/api/v3/coins/markets"


@pytest.fixture(autouse=True)
def _retries_without_waiting(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("NO_PROXY", "localhost,127.0.0.1")
    with stamina.set_testing(True, attempts=3, cap=True):
        yield


def market(coin: str, price: object, **changes: object) -> dict[str, Any]:
    return {
        "id": coin,
        "symbol": coin[:3],
        "current_price": price,
        "market_cap": 1_250_000_000_000,
        "price_change_percentage_24h": 2.4,
        "last_updated": (NOW - timedelta(minutes=2)).isoformat().replace("+00:00", "Z"),
        "sparkline_in_7d": {"price": [price] * 168},
        "price_change_percentage_24h_in_currency": 2.40001,
        "price_change_percentage_7d_in_currency": -3.5,
    } | changes


ALL = [market("bitcoin", 63412.5), market("ethereum", 2318.6), market("litecoin", 84.2)]


def gecko(server: HTTPServer, **limits: Any) -> CoinGeckoProvider:
    client = JsonClient("CoinGecko", server.url_for("/api/v3"), **limits)
    return CoinGeckoProvider(CoinGeckoSettings(base_url=server.url_for("/api/v3")), {}, HOUR, client)


def kraken(server: HTTPServer) -> KrakenProvider:
    return KrakenProvider(KrakenSettings(base_url=server.url_for("/0/public/")), HOUR)


def take(*providers: CoinGeckoProvider | KrakenProvider) -> tuple[Snapshot | None, list[str]]:
    snapshot, problems = take_snapshot(providers, COINS, "EUR", NOW)
    return snapshot, [str(problem) for problem in problems]


def test_coingecko_is_asked_as_documented(httpserver: HTTPServer) -> None:
    query = {
        "vs_currency": "eur",
        "ids": "bitcoin,ethereum,litecoin",
        "price_change_percentage": "24h,7d",
        "sparkline": "true",
    }
    httpserver.expect_oneshot_request(MARKETS, query_string=query).respond_with_json(ALL)
    snapshot, problems = take(gecko(httpserver))
    assert snapshot is not None
    assert problems == []
    bitcoin = snapshot.quotes[0]
    assert (bitcoin.price, bitcoin.change_24h, bitcoin.change_7d) == (
        Decimal("63412.5"),
        Decimal("2.40001"),
        Decimal("-3.5"),
    )
    assert len(bitcoin.series) == 168
    assert [quote.coin for quote in snapshot.quotes] == ["BTC", "ETH", "LTC"]
    httpserver.check()


def test_the_key_goes_into_a_header(httpserver: HTTPServer) -> None:
    httpserver.expect_request(MARKETS).respond_with_json(ALL)
    settings = CoinGeckoSettings(base_url=httpserver.url_for("/api/v3"), key_env="GECKO_KEY")
    CoinGeckoProvider(settings, {"GECKO_KEY": " CG-abc\n"}, HOUR).quotes(COINS, "EUR", NOW)
    request = httpserver.log[0][0]
    assert request.headers["x-cg-demo-api-key"] == "CG-abc"
    assert "x-cg-pro-api-key" not in request.headers


HUGE = b"[" + b" " * 3_000_000 + b"]"


@pytest.mark.parametrize(
    ("status", "body", "headers", "problem", "requests"),
    [
        (500, b"oops", {}, "HTTP 500", 3),
        (503, b"", {"Retry-After": "0"}, "HTTP 503", 3),
        (429, b"{}", {"Retry-After": "60"}, "HTTP 429, asks to wait for 60 seconds", 1),
        (429, b"{}", {"Retry-After": "0"}, "HTTP 429", 3),
        (429, b"{}", {}, "HTTP 429, too many requests", 1),
        (401, b'{"status": {"error_code": 10002}}', {}, "HTTP 401, the key is wrong or missing", 1),
        (404, b"", {}, "HTTP 404", 1),
        (302, b"", {"Location": "http://127.0.0.1:1/"}, "HTTP 302", 1),
        (200, b"<!doctype html><p>Just a moment...", {"Content-Type": "text/html"}, "the answer is not JSON", 1),
        (200, b"", {}, "the answer is not JSON", 1),
        (200, b"\xff\xfe\xfa", {}, "the answer is not JSON", 1),
        (200, b"[" * 200_000, {}, "the answer is not JSON", 1),
        (200, b'[{"id": 1e99999999999999999999}]', {}, "the answer is not JSON", 1),
        (200, HUGE, {}, "the answer is larger than 2000000 bytes", 1),
        (200, b"\x1f\x8b", {"Content-Encoding": "gzip"}, "the answer is compressed, which was not asked for", 1),
        (200, b"{}", {}, "the answer has another shape than documented", 1),
        (200, b"[]", {}, "BTC is missing", 1),
    ],
)
def test_faults_are_named_and_the_next_provider_is_asked(
    httpserver: HTTPServer, status: int, body: bytes, headers: dict[str, str], problem: str, requests: int
) -> None:
    httpserver.expect_request(MARKETS).respond_with_data(body, status, headers)
    expect_kraken(httpserver)
    snapshot, problems = take(gecko(httpserver), kraken(httpserver))
    assert problems[0] == f"Prices from CoinGecko: {problem}"
    assert snapshot is not None
    assert snapshot.provider == "Kraken"
    assert sum(request.path == MARKETS for request, _ in httpserver.log) == requests


def test_a_fault_that_passes_is_tried_again(httpserver: HTTPServer) -> None:
    httpserver.expect_ordered_request(MARKETS).respond_with_data("", 502)
    httpserver.expect_ordered_request(MARKETS).respond_with_json(ALL)
    snapshot, problems = take(gecko(httpserver))
    assert snapshot is not None
    assert problems == []


HOURS_OLD = (NOW - timedelta(hours=7)).isoformat()


@pytest.mark.parametrize(
    ("bitcoin", "problem"),
    [
        (market("bitcoin", None), "BTC has no price"),
        (market("bitcoin", float("nan")), "BTC has no price"),
        (market("bitcoin", float("inf")), "BTC at Infinity EUR is no price"),
        (market("bitcoin", -63412), "BTC at -63412 EUR is no price"),
        (market("bitcoin", 0), "BTC at 0 EUR is no price"),
        (market("bitcoin", 63412, last_updated=HOURS_OLD), "BTC is older than 60 minutes"),
        (market("bitcoin", 63412, last_updated="2031-01-01T00:00:00Z"), "BTC is dated in the future"),
        (
            market("bitcoin", 63412, price_change_percentage_24h_in_currency=-99.5),
            "BTC is said to have changed by -99.5 percent in 24 hours",
        ),
        (market("dogecoin", 1), "BTC is missing"),
    ],
)
def test_one_odd_figure_costs_one_coin(httpserver: HTTPServer, bitcoin: dict[str, Any], problem: str) -> None:
    httpserver.expect_request(MARKETS).respond_with_data(json.dumps([bitcoin, *ALL[1:]]))
    snapshot, problems = take(gecko(httpserver))
    assert snapshot is not None
    assert [quote.coin for quote in snapshot.quotes] == ["ETH", "LTC"]
    assert problems == [f"Prices from CoinGecko: {problem}"]


def test_a_server_that_never_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        client = JsonClient("CoinGecko", f"http://127.0.0.1:{silent.getsockname()[1]}", timeout_seconds=0.1)
        with pytest.raises(MarketError, match=r"no answer within 0\.1 seconds"):
            client.get("coins/markets", {})


def test_a_server_that_drips_its_headers() -> None:
    enough = threading.Event()

    def drip(server: socket.socket) -> None:
        connection, _ = server.accept()
        with connection:
            try:
                connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
                while not enough.wait(0.02):
                    connection.sendall(b"a")
            except OSError:
                enough.set()

    with socket.create_server(("127.0.0.1", 0)) as server, stamina.set_testing(True, attempts=1):
        dripping = threading.Thread(target=drip, args=(server,))
        dripping.start()
        client = JsonClient("CoinGecko", f"http://127.0.0.1:{server.getsockname()[1]}", timeout_seconds=0.2)
        with pytest.raises(MarketError, match=r"no answer within 0\.2 seconds"):
            client.get("coins/markets", {})
        dripping.join(timeout=5)
        assert not dripping.is_alive()


def test_nobody_at_home() -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    with pytest.raises(MarketError, match=r"Prices from Kraken: cannot be reached \(ConnectError\)"):
        JsonClient("Kraken", f"http://127.0.0.1:{port}").get("Ticker", {})


@pytest.mark.parametrize("base_url", ["http://kraken:x", "kraken.example", "ftp://kraken.example"])
def test_a_base_url_that_is_none(base_url: str) -> None:
    with pytest.raises(MarketError, match="is not a URL"):
        JsonClient("Kraken", base_url).get("Ticker", {})


def expect_kraken(server: HTTPServer, known: tuple[str, ...] = ("XBTEUR", "ETHEUR", "LTCEUR"), ohlc: int = 200) -> None:
    """Kraken with hourly candles of a week in which the price was 100 a day ago and 50 a week ago."""
    names = {"XBTEUR": "XXBTZEUR", "ETHEUR": "XETHZEUR", "LTCEUR": "XLTCZEUR"}

    def ticker(request: Request) -> Response:
        pairs = request.args["pair"].split(",")
        if not set(pairs) <= set(known):
            return Response('{"error": ["EQuery:Unknown asset pair"]}')
        rows = {names[pair]: {"c": ["125.00000", "0.1"], "o": "124.0"} for pair in reversed(pairs)}
        return Response(json.dumps({"error": [], "result": rows}))

    def candles(request: Request) -> Response:
        full_hour = int(NOW.timestamp()) // 3600
        opens = {24: "100.0", 168: "50.0"}
        rows = [
            [
                (full_hour - ago) * 3600,
                opens.get(ago, "120.0"),
                "130.0",
                "40.0",
                opens.get(ago, "121.0"),
                "120.0",
                "1.5",
                7,
            ]
            for ago in range(170, -1, -1)
            if (full_hour - ago) * 3600 > int(request.args["since"])
        ]
        assert request.args["interval"] == "60"
        result = {names[request.args["pair"]]: rows, "last": rows[-2][0]}
        return Response(json.dumps({"error": [], "result": result}), status=ohlc)

    server.expect_request("/0/public/Ticker").respond_with_handler(ticker)
    server.expect_request("/0/public/OHLC").respond_with_handler(candles)


def test_kraken_in_its_documented_shape(httpserver: HTTPServer) -> None:
    expect_kraken(httpserver)
    snapshot, problems = take(kraken(httpserver))
    assert snapshot is not None
    assert problems == []
    assert [quote.coin for quote in snapshot.quotes] == ["BTC", "ETH", "LTC"]
    for quote in snapshot.quotes:
        assert (quote.price, quote.change_24h, quote.change_7d) == (Decimal(125), Decimal(25), Decimal(150))
        assert (quote.at, quote.provider, len(quote.series)) == (NOW, "Kraken", 168)


def test_kraken_without_one_of_the_coins(httpserver: HTTPServer) -> None:
    expect_kraken(httpserver, known=("XBTEUR", "LTCEUR"))
    snapshot, problems = take(kraken(httpserver))
    assert snapshot is not None
    assert [quote.coin for quote in snapshot.quotes] == ["BTC", "LTC"]
    assert problems == ["Prices from Kraken: ETH is missing"]


def test_kraken_with_none_of_the_coins(httpserver: HTTPServer) -> None:
    expect_kraken(httpserver, known=())
    assert take(kraken(httpserver)) == (None, ["Prices from Kraken: trades none of BTC, ETH, LTC for EUR"])


def test_kraken_without_candles_has_prices_and_says_so(
    httpserver: HTTPServer, caplog: pytest.LogCaptureFixture
) -> None:
    expect_kraken(httpserver, ohlc=404)
    snapshot, problems = take(kraken(httpserver))
    assert snapshot is not None
    assert problems == []
    assert [(quote.price, quote.change_24h, quote.series) for quote in snapshot.quotes] == [
        (Decimal(125), None, ())
    ] * 3
    assert "HTTP 404; BTC and what follows it go without changes" in caplog.text
    assert sum(request.path.endswith("OHLC") for request, _ in httpserver.log) == 1


def test_numbers_never_pass_through_a_float() -> None:
    assert decode(b"[0.1000000000000000055, 1E-30, 12345678901234567890, NaN]") == pytest.approx(
        [Decimal("0.1000000000000000055"), Decimal("1E-30"), Decimal(12345678901234567890), Decimal("NaN")],
        abs=Decimal(0),
        nan_ok=True,
    )


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7),
        ("Mon, 02 Mar 2026 06:10:30 GMT", 30),
        ("Mon, 02 Mar 2026 06:00:00 GMT", 0),
        ("bald", None),
        ("", None),
        ("-3", None),
    ],
)
def test_retry_after(header: str, seconds: float | None) -> None:
    assert retry_after(header, NOW) == seconds
