"""The example of docs/adding-a-backend.md, built and installed as its reader would do, then sent with."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "docs" / "examples" / "digest-backend-example"
SUBSCRIBERS = ROOT / "digest" / "samples" / "subscribers.csv"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that the example was installed into."""
    folder = tmp_path_factory.mktemp("site")
    offline = ("--quiet", "--disable-pip-version-check", "--no-index", "--no-build-isolation", "--no-deps")
    command = (sys.executable, "-m", "pip", "install", *offline, "--target", str(folder), str(EXAMPLE))
    subprocess.run(command, check=True, capture_output=True, text=True)
    return folder


@pytest.mark.usefixtures("database_file")
def test_the_sample_digest_goes_through_it(
    digest: Callable[..., Any],
    start_digest: Callable[..., subprocess.Popen[str]],
    make_config: Callable[..., Path],
    installed: Path,
    httpserver: HTTPServer,
) -> None:
    httpserver.expect_request("/in", method="POST").respond_with_data("taken", 202)
    make_config(site={"imprint": "Probeverlag, Gasse 1, 10115 Berlin"}, delivery={"backend": "http-post"})
    digest("lists", "create", "morgen")
    assert digest("subscribers", "import", SUBSCRIBERS, "--list", "morgen", "--consent", "test").exit_code == 0
    listed = digest("lists", "show", "morgen", "--json").json

    environ = {
        "PYTHONPATH": os.pathsep.join(filter(None, (str(installed), os.environ.get("PYTHONPATH")))),
        "POST_URL": httpserver.url_for("/in"),
    }
    running = start_digest("run", "--json", env=environ)
    _, said = running.communicate(timeout=60)
    assert running.returncode == 0, said

    requests = [request for request, _ in httpserver.log]
    assert len(requests) == listed["active"] > 1
    assert len({request.headers["Idempotency-Key"] for request in requests}) == len(requests)
    for request in requests:
        message = message_from_bytes(request.get_data(), policy=policy.default)
        assert message["Message-ID"] == request.headers["Idempotency-Key"]
        assert message["To"].addresses[0].addr_spec == request.args["to"]


@pytest.mark.usefixtures("database_file")
def test_where_it_is_not_installed_its_name_is_unknown(
    start_digest: Callable[..., subprocess.Popen[str]], make_config: Callable[..., Path]
) -> None:
    make_config(delivery={"backend": "http-post"})
    running = start_digest("run")
    _, said = running.communicate(timeout=60)
    assert running.returncode == 2
    assert "no backend 'http-post'; known are console, eml, maildir, memory, ses, smtp" in said
