"""Fetching over real sockets on loopback: limits, deadlines, redirects, and whom we may talk to."""

from __future__ import annotations

import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.utils import formatdate
from pathlib import Path

import pytest
import stamina
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from digest.errors import FetchError, SettingsError
from digest.gather.fetch import MAX_REDIRECTS, Fetcher
from digest.gather.settings import GatherSettings

LOOPBACK = ("127.0.0.0/8",)


@pytest.fixture(autouse=True)
def no_waiting() -> Iterator[None]:
    """Three tries, but nobody waits between them."""
    with stamina.set_testing(True, attempts=3, cap=True):
        yield


def fetcher(**changes: object) -> Fetcher:
    return Fetcher(GatherSettings(**{"timeout_seconds": 5.0, "max_bytes": 100_000, **changes}))  # type: ignore[arg-type]


@contextmanager
def raw_server(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that says to each caller whatever `answer` sends, until the caller hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            while True:
                try:
                    caller, _ = listening.accept()
                except OSError:
                    return
                with caller:
                    try:
                        caller.recv(65536)
                        answer(caller)
                    except OSError:
                        continue

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/feed"
        listening.shutdown(socket.SHUT_RDWR)
    thread.join(5)


def test_reads_what_is_there(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/feed").respond_with_data("<rss/>", content_type="application/rss+xml; charset=utf-8")
    with fetcher(user_agent="probe/1") as reader:
        fetched = reader.get(httpserver.url_for("/feed"), trusted=True)
    assert fetched.content == b"<rss/>"
    assert fetched.url == httpserver.url_for("/feed")
    assert fetched.content_type == "application/rss+xml; charset=utf-8"
    assert httpserver.log[0][0].headers["User-Agent"] == "probe/1"


@pytest.mark.parametrize(
    ("status", "tries", "said"),
    [
        (404, 1, "answered 404 NOT FOUND"),
        (410, 1, "gone for good"),
        (429, 1, "answered 429 TOO MANY REQUESTS"),
        (500, 3, "answered 500 INTERNAL SERVER ERROR"),
        (503, 3, "answered 503 SERVICE UNAVAILABLE"),
        (304, 1, "answered 304 NOT MODIFIED"),
    ],
)
def test_says_what_the_server_said_and_repeats_only_what_may_pass(
    httpserver: HTTPServer, status: int, tries: int, said: str
) -> None:
    httpserver.expect_request("/feed").respond_with_data("", status=status)
    with fetcher() as reader, pytest.raises(FetchError, match=said):
        reader.get(httpserver.url_for("/feed"), trusted=True)
    assert len(httpserver.log) == tries


def test_a_passing_fault_is_overcome(httpserver: HTTPServer) -> None:
    httpserver.expect_ordered_request("/feed").respond_with_data("", status=502)
    httpserver.expect_ordered_request("/feed").respond_with_data("fine")
    with fetcher() as reader:
        assert reader.get(httpserver.url_for("/feed"), trusted=True).content == b"fine"


def test_too_many_requests_waits_as_long_as_it_was_told(httpserver: HTTPServer) -> None:
    httpserver.expect_ordered_request("/feed").respond_with_data("", status=429, headers={"Retry-After": "0"})
    httpserver.expect_ordered_request("/feed").respond_with_data("fine")
    with fetcher() as reader:
        assert reader.get(httpserver.url_for("/feed"), trusted=True).content == b"fine"


@pytest.mark.parametrize("dated", [False, True])
def test_a_host_that_says_come_back_later_is_left_alone(httpserver: HTTPServer, dated: bool) -> None:
    after = formatdate(time.time() + 3600, usegmt=True) if dated else "3600"
    httpserver.expect_request("/feed").respond_with_data("", status=429, headers={"Retry-After": after})
    with fetcher() as reader:
        with pytest.raises(FetchError, match=r"come back in 3[56]"):
            reader.get(httpserver.url_for("/feed"), trusted=True)
        with pytest.raises(FetchError, match="was not asked for"):
            reader.get(httpserver.url_for("/other"), trusted=True)
    assert len(httpserver.log) == 1


def test_a_redirect_is_followed_to_where_it_may_lead(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/old").respond_with_data("", status=301, headers={"Location": "new?a=1"})
    httpserver.expect_request("/new").respond_with_data("fine")
    with fetcher(allow_networks=LOOPBACK) as reader:
        fetched = reader.get(httpserver.url_for("/old"), trusted=True)
    assert (fetched.content, fetched.url) == (b"fine", httpserver.url_for("/new?a=1"))


def test_redirects_in_a_circle_and_without_end(httpserver: HTTPServer) -> None:
    def on(request: Request) -> Response:
        return Response(status=302, headers={"Location": f"/on/{int(request.path.rpartition('/')[2]) + 1}"})

    httpserver.expect_request("/a").respond_with_data("", status=302, headers={"Location": "/b"})
    httpserver.expect_request("/b").respond_with_data("", status=302, headers={"Location": "/a"})
    httpserver.expect_request("/on/0").respond_with_handler(on)
    for number in range(1, MAX_REDIRECTS + 2):
        httpserver.expect_request(f"/on/{number}").respond_with_handler(on)
    with fetcher(allow_networks=LOOPBACK) as reader:
        with pytest.raises(FetchError, match="redirects in a circle"):
            reader.get(httpserver.url_for("/a"), trusted=True)
        with pytest.raises(FetchError, match=f"redirects more than {MAX_REDIRECTS} times"):
            reader.get(httpserver.url_for("/on/0"), trusted=True)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}/",
        "http://127.1:{port}/",
        "http://2130706433:{port}/",
        "http://0x7f000001:{port}/",
        "http://localhost:{port}/",
        "http://[::1]:{port}/",
        "http://[::ffff:7f00:1]:{port}/",
        "http://[64:ff9b::7f00:1]:{port}/",
        "http://0.0.0.0:{port}/",
        "http://169.254.169.254/latest/meta-data/",
        "http://10.0.0.1/",
        "http://user@127.0.0.1:{port}/",
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
        "ftp://127.0.0.1/",
        "//127.0.0.1/",
        "http:///nowhere",
        "http://[::1/",
        "nonsense",
        "",
    ],
)
def test_what_a_feed_leads_to_may_not_be_ours(httpserver: HTTPServer, url: str) -> None:
    httpserver.expect_request("/").respond_with_data("secret")
    with fetcher() as reader, pytest.raises(FetchError):
        reader.get(url.format(port=httpserver.port))
    assert httpserver.log == []


def test_a_redirect_of_a_trusted_url_may_not_lead_to_us(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/feed").respond_with_data("", status=302, headers={"Location": "/secret"})
    httpserver.expect_request("/secret").respond_with_data("secret")
    with fetcher() as reader, pytest.raises(FetchError, match=r"gather.allow_networks"):
        reader.get(httpserver.url_for("/feed"), trusted=True)
    assert [request.path for request, _ in httpserver.log] == ["/feed"]


def test_a_name_is_looked_up_once_and_the_checked_address_connected_to(httpserver: HTTPServer) -> None:
    """A name that answers a public address first and loopback later gets us nowhere near loopback."""
    asked: list[str] = []

    def rebinding(host: str, port: int, *_: object) -> list[tuple[object, ...]]:
        asked.append(host)
        address = "127.0.0.1" if len(asked) > 1 else "198.51.100.7"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    httpserver.expect_request("/").respond_with_data("secret")
    settings = GatherSettings(timeout_seconds=0.5, allow_networks=("198.51.100.0/24",))
    with Fetcher(settings, resolver=rebinding) as reader, pytest.raises(FetchError):  # type: ignore[arg-type]
        reader.get(f"http://rebinds.example:{httpserver.port}/")
    assert asked == ["rebinds.example"]
    assert httpserver.log == []


def test_a_name_with_a_public_and_a_private_address_is_refused(httpserver: HTTPServer) -> None:
    def both(_host: str, port: int, *_: object) -> list[tuple[object, ...]]:
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in ("93.184.215.14", "127.0.0.1")
        ]

    reader = Fetcher(GatherSettings(timeout_seconds=1), resolver=both)  # type: ignore[arg-type]
    with reader, pytest.raises(FetchError, match="may not be fetched"):
        reader.get(f"http://two.example:{httpserver.port}/")


def test_a_name_server_that_never_answers() -> None:
    held = threading.Event()

    def silent(*_: object) -> list[tuple[object, ...]]:
        held.wait(20)
        return []

    began = time.monotonic()
    try:
        reader = Fetcher(GatherSettings(timeout_seconds=0.3), resolver=silent)  # type: ignore[arg-type]
        with reader, pytest.raises(FetchError, match=r"did not answer in 0.3 seconds"):
            reader.get("http://slow.example/")
    finally:
        held.set()
    assert time.monotonic() - began < 3


def test_a_network_that_switches_the_guard_off_is_a_wrong_setting() -> None:
    with pytest.raises(SettingsError, match="allow_networks"):
        fetcher(allow_networks=("64:ff9b::/96",))


def test_drip_feeding_ends_at_the_deadline() -> None:
    stop = threading.Event()

    def drip(caller: socket.socket) -> None:
        caller.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while not stop.wait(0.05):
            caller.sendall(b"x")

    began = time.monotonic()
    with raw_server(drip) as url, fetcher(timeout_seconds=0.5) as reader:
        with pytest.raises(FetchError, match=r"did not answer in 0.5 seconds"):
            reader.get(url, trusted=True)
        stop.set()
    assert time.monotonic() - began < 4


def test_headers_that_never_end() -> None:
    stop = threading.Event()

    def drip(caller: socket.socket) -> None:
        caller.sendall(b"HTTP/1.1 200 OK\r\n")
        while not stop.wait(0.05):
            caller.sendall(b"X-A: b\r\n")

    with raw_server(drip) as url, fetcher(timeout_seconds=0.5) as reader:
        with pytest.raises(FetchError):
            reader.get(url, trusted=True)
        stop.set()


def test_a_server_that_says_nothing() -> None:
    held = threading.Event()
    with raw_server(lambda _: held.wait(20) and None) as url, fetcher(timeout_seconds=0.4) as reader:
        with pytest.raises(FetchError, match=r"did not answer in 0.4 seconds"):
            reader.get(url, trusted=True)
        held.set()


def test_an_endless_body_ends_at_the_limit() -> None:
    def endless(caller: socket.socket) -> None:
        caller.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            caller.sendall(b"x" * 65536)

    with raw_server(endless) as url, fetcher() as reader, pytest.raises(FetchError, match="bigger than 100000 bytes"):
        reader.get(url, trusted=True)


def test_a_body_that_breaks_off() -> None:
    def broken(caller: socket.socket) -> None:
        caller.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nonly this")

    with raw_server(broken) as url, fetcher() as reader, pytest.raises(FetchError, match="broke off"):
        reader.get(url, trusted=True)


def test_no_http_at_all() -> None:
    def greet(caller: socket.socket) -> None:
        caller.sendall(b"220 mail.example ESMTP\r\n")

    with raw_server(greet) as url, fetcher() as reader, pytest.raises(FetchError, match="broke off"):
        reader.get(url, trusted=True)


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    with fetcher() as reader, pytest.raises(FetchError, match="cannot be reached"):
        reader.get(f"http://127.0.0.1:{port}/", trusted=True)


def test_a_compression_bomb_ends_at_the_limit(httpserver: HTTPServer) -> None:
    bomb = gzip.compress(bytes(50_000_000))
    httpserver.expect_request("/one").respond_with_data(bomb, headers={"Content-Encoding": "gzip"})
    httpserver.expect_request("/two").respond_with_data(gzip.compress(bomb), headers={"Content-Encoding": "gzip, gzip"})
    with fetcher() as reader:
        with pytest.raises(FetchError, match="bigger than 100000 bytes"):
            reader.get(httpserver.url_for("/one"), trusted=True)
        with pytest.raises(FetchError, match="is packed as 'gzip, gzip'"):
            reader.get(httpserver.url_for("/two"), trusted=True)


def test_a_packed_page_is_unpacked_and_a_damaged_one_is_named(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/fine").respond_with_data(gzip.compress(b"text"), headers={"Content-Encoding": "gzip"})
    httpserver.expect_request("/broken").respond_with_data(b"no gzip", headers={"Content-Encoding": "gzip"})
    with fetcher() as reader:
        assert reader.get(httpserver.url_for("/fine"), trusted=True).content == b"text"
        with pytest.raises(FetchError, match="is damaged"):
            reader.get(httpserver.url_for("/broken"), trusted=True)


def test_what_did_not_change_is_not_fetched_again(httpserver: HTTPServer, tmp_path: Path) -> None:
    def answer(request: Request) -> Response:
        if request.headers.get("If-None-Match") == '"1"':
            return Response(status=304, headers={"ETag": '"1"'})
        return Response("first", headers={"ETag": '"1"', "Cache-Control": "max-age=3600"})

    httpserver.expect_request("/feed").respond_with_handler(answer)
    for _ in range(2):
        with Fetcher(GatherSettings(timeout_seconds=5), cache=tmp_path / "cache" / "http.db") as reader:
            assert reader.get(httpserver.url_for("/feed"), trusted=True).content == b"first"
    assert [response.status_code for _, response in httpserver.log] == [200, 304]


def test_a_source_as_a_whole_has_a_deadline() -> None:
    held = threading.Event()
    with raw_server(lambda _: held.wait(20) and None) as url, fetcher(timeout_seconds=0.2) as reader:
        began = time.monotonic()
        with reader.one_source():
            for _ in range(20):
                with pytest.raises(FetchError):
                    reader.get(url, trusted=True)
        held.set()
    assert time.monotonic() - began < 2


def test_credentials_of_the_operator_are_in_no_message(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/feed").respond_with_data("", status=404)
    url = httpserver.url_for("/feed").replace("http://", "http://me:secret@")
    with fetcher() as reader, pytest.raises(FetchError) as caught:
        reader.get(url, trusted=True)
    assert "secret" not in str(caught.value)
    assert httpserver.log[0][0].authorization is not None


def test_files(tmp_path: Path) -> None:
    small, big = tmp_path / "ä b.xml", tmp_path / "big.xml"
    small.write_bytes(b"<rss/>")
    big.write_bytes(bytes(100_001))
    with fetcher() as reader:
        assert reader.read(small).content == b"<rss/>"
        assert reader.read(small).url == small.as_uri()
        for path, problem in (
            (big, "bigger than 100000 bytes"),
            (tmp_path, "is a folder"),
            (tmp_path / "none.xml", "does not exist"),
            (small / "below", "cannot be read"),
            (Path("/dev/zero"), "is no file"),
            (tmp_path / "a\0b", "cannot be read"),
        ):
            with pytest.raises(FetchError, match=problem):
                reader.read(path)
