"""`digest send`, from the database to the last durable outcome, against others that hand over ready bytes.

All of them send to one smtp-sink, over as many connections, messages of the same size. The others read no database,
assemble nothing and record nothing: smtp-source (C) sends the same bytes again and again, the Python ones a message
made beforehand.
"""

from __future__ import annotations

import asyncio
import csv
import json
import os
import shutil
import smtplib
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from statistics import median
from typing import NamedTuple

from aiosmtplib import SMTP

from benchmarks.result import Result

PEOPLE = 10_000
#: What the slower ones send; each is measured by its rate.
FEW = 2_000
CONNECTIONS = 16
ROUNDS = 3
_DIGEST = str(Path(sys.executable).with_name("digest"))
_CONFIG = """
[site]
name = "Messstelle"
base_url = "https://messung.example"
sender = "morgen@messung.example"
imprint = "Verlag der Messung, Berlin"
[market]
providers = ["sample"]
[[sources]]
name = "Politik"
type = "sample"
[[sources]]
name = "Wirtschaft"
type = "sample"
[[sources]]
name = "Kultur"
type = "sample"
[[newsletters]]
slug = "morgen"
name = "Der Morgen"
lists = ["morgen"]
[delivery]
backend = "smtp"
[[delivery.relays]]
host = "127.0.0.1"
port = {port}
tls = "none"
connections = {connections}
messages_per_connection = 1000
"""


class Sent(NamedTuple):
    """Messages per second, and the peak memory of the sending process in MB."""

    rate: float
    memory: float


def measure() -> list[Result]:
    sink, source = find_program("smtp-sink"), find_program("smtp-source")
    if sink is None or source is None:
        print("smtp-sink and smtp-source (Debian's package postfix) are not installed: left out", file=sys.stderr)
        return []
    with tempfile.TemporaryDirectory() as name, listening(sink) as port:
        folder = Path(name)
        prepare(folder, port, PEOPLE)
        message = (folder / "message.eml").read_bytes()
        # In turn, so that a moment when the machine is slower is everybody's.
        rounds = [
            (send(folder), _rate(lambda: run_source(source, port, len(message), PEOPLE), PEOPLE)) for _ in range(ROUNDS)
        ]
        signed = median([send(folder, dkim=True).rate for _ in range(ROUNDS)])
        by_aiosmtplib = _rate(lambda: asyncio.run(send_by_aiosmtplib(port, message, FEW)), FEW)
        by_smtplib = _rate(lambda: send_by_smtplib(port, message, FEW), FEW)
    ours = median([sent.rate for sent, _ in rounds])
    theirs = median([rate for _, rate in rounds])
    what = f"digest send, {PEOPLE:,} personal messages of {len(message) // 1000} KB, {CONNECTIONS} connections"
    return [
        _result(what, ours, "smtp-source (C)", theirs, "1.1 or more"),
        _result("the same, DKIM-signed (RSA-2048)", signed, "smtp-source, unsigned", theirs, "0.6 or more"),
        _result("digest send", ours, "aiosmtplib, ready bytes", by_aiosmtplib, "4 or more"),
        _result("digest send", ours, f"smtplib, {CONNECTIONS} threads, ready bytes", by_smtplib, ""),
    ]


def _result(what: str, ours: float, reference: str, theirs: float, aim: str) -> Result:
    return Result(f"{what}, messages/s", f"{ours:,.0f}", reference, f"{theirs:,.0f}", ours / theirs, aim)


def find_program(name: str) -> str | None:
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin")


@contextmanager
def listening(sink: str) -> Iterator[int]:
    """A sink on a free port of loopback; it refuses to run as root."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    user = ["-u", "nobody"] if os.getuid() == 0 else []
    process = subprocess.Popen([sink, *user, f"127.0.0.1:{port}", "1000"], stderr=subprocess.DEVNULL)
    try:
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                assert process.poll() is None, "smtp-sink ended"
                time.sleep(0.02)
        yield port
    finally:
        process.terminate()
        process.wait()


def prepare(folder: Path, port: int, people: int) -> None:
    """An edition for so many people, ready to be sent, and one of its messages as message.eml."""
    (folder / "config.toml").write_text(_CONFIG.format(port=port, connections=CONNECTIONS), "utf-8")
    with (folder / "people.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["email", "first_name", "last_name", "salutation", "form", "topics", "coins"])
        for number in range(people):
            topics = ";".join(
                topic for bit, topic in enumerate(("kultur", "politik", "wirtschaft")) if number >> bit & 1
            )
            form = "du" if number % 3 else "Sie"
            address = f"p{number}@empfang{number % 50}.example"
            rows.writerow([address, "Änne", f"Nummer{number}", "Frau", form, topics, "LTC;BTC" if number % 5 else ""])
    for command in (
        ["lists", "create", "morgen"],
        ["subscribers", "import", "people.csv", "--list", "morgen", "--consent", "Messung"],
        ["gather"],
        ["prepare"],
        ["preview", "--format", "eml", "--out", "message.eml"],
        ["dkim", "create", "--domain", "messung.example", "--selector", "m", "--out", "dkim.pem"],
    ):
        subprocess.run([_DIGEST, *command], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    shutil.copytree(folder / "var", folder / "prepared")


def send(folder: Path, *, dkim: bool = False) -> Sent:
    """Send the prepared edition once more, as if it had never been sent."""
    shutil.rmtree(folder / "var")
    shutil.copytree(folder / "prepared", folder / "var")
    subprocess.run([_DIGEST, "snapshot"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    signing = {
        "DIGEST_DKIM__DOMAIN": "messung.example",
        "DIGEST_DKIM__SELECTOR": "m",
        "DIGEST_DKIM__KEY_FILE": "dkim.pem",
    }
    environ = {**os.environ, **(signing if dkim else {})}
    with (folder / "report.json").open("wb") as report:
        process = subprocess.Popen([_DIGEST, "send", "--json"], cwd=folder, stdout=report, env=environ)
        _, status, usage = os.wait4(process.pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0, "digest send failed"
    told = json.loads((folder / "report.json").read_text("utf-8"))
    assert told["submitted"] == told["sent_now"]
    return Sent(told["messages_per_second"], usage.ru_maxrss / 1024)


def run_source(source: str, port: int, size: int, messages: int) -> None:
    command = [source, "-s", str(CONNECTIONS), "-m", str(messages), "-l", str(size), f"127.0.0.1:{port}"]
    subprocess.run(command, check=True)


async def send_by_aiosmtplib(port: int, message: bytes, messages: int) -> None:
    async def work(share: int) -> None:
        async with SMTP(hostname="127.0.0.1", port=port, start_tls=False) as client:
            for number in range(share):
                await client.sendmail("morgen@messung.example", [f"p{number}@empfang.example"], message)

    await asyncio.gather(*(work(messages // CONNECTIONS) for _ in range(CONNECTIONS)))


def send_by_smtplib(port: int, message: bytes, messages: int) -> None:
    def work(share: int) -> None:
        with smtplib.SMTP("127.0.0.1", port) as client:
            for number in range(share):
                client.sendmail("morgen@messung.example", f"p{number}@empfang.example", message)

    threads = [threading.Thread(target=work, args=(messages // CONNECTIONS,)) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _rate(run: Callable[[], object], messages: int) -> float:
    started = time.perf_counter()
    run()
    return messages / (time.perf_counter() - started)
