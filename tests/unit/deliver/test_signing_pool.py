"""Signing processes: same bytes as in line, many at once, and no process is left behind."""

from __future__ import annotations

import asyncio
import logging
import os
import select
import signal
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from digest.deliver.dkim import Signer
from digest.deliver.signing_pool import SigningPool
from digest.model.delivery import Message


@cache
def signer(bits: int = 2048) -> Signer:
    return Signer("news.example", "digest", generate_private_key(public_exponent=65537, key_size=bits))


def message(number: int) -> Message:
    data = f"From: a@news.example\r\nSubject: Nr. {number}\r\n\r\nGuten Morgen\r\n".encode()
    return Message(mail_from="a@news.example", rcpt_to="b@leser.example", message_id=f"<{number}@x>", data=data)


@pytest.mark.parametrize("workers", [0, 1, 2])
def test_signed_as_in_line_whatever_the_order(workers: int) -> None:
    async def sign_all() -> list[Message]:
        async with SigningPool(signer(), workers) as pool:
            return list(await asyncio.gather(*(pool.sign(message(number)) for number in range(40))))

    assert asyncio.run(sign_all()) == [signer().sign(message(number)) for number in range(40)]


def test_a_longer_key_has_longer_answers() -> None:
    async def sign_two() -> list[Message]:
        async with SigningPool(signer(3072), 1) as pool:
            return list(await asyncio.gather(pool.sign(message(1)), pool.sign(message(2))))

    assert asyncio.run(sign_two()) == [signer(3072).sign(message(number)) for number in (1, 2)]


def test_who_was_cancelled_takes_nobody_elses_answer() -> None:
    async def cancel_one() -> Message:
        async with SigningPool(signer(), 1) as pool:
            given_up = asyncio.create_task(pool.sign(message(1)))
            await asyncio.sleep(0)
            given_up.cancel()
            return await pool.sign(message(2))

    assert asyncio.run(cancel_one()) == signer().sign(message(2))


def test_a_process_that_dies_costs_nobody_a_signature(caplog: pytest.LogCaptureFixture) -> None:
    async def kill_it() -> list[Message]:
        async with SigningPool(signer(), 1) as pool:
            await pool.sign(message(0))
            pool.processes[0].kill()
            return list(await asyncio.gather(*(pool.sign(message(number)) for number in range(5))))

    with caplog.at_level(logging.WARNING):
        assert asyncio.run(kill_it()) == [signer().sign(message(number)) for number in range(5)]
    assert "ended by itself; 0 are left" in caplog.text


def test_where_no_process_can_be_started_it_signs_by_itself(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def sign() -> Message:
        async with SigningPool(signer(), 2) as pool:
            assert pool.processes == []
            return await pool.sign(message(1))

    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    assert asyncio.run(sign()) == signer().sign(message(1))
    assert "0 of 2 signing processes run" in caplog.text


def test_signals_meant_for_the_group_leave_them_working() -> None:
    async def signalled() -> Message:
        async with SigningPool(signer(), 1) as pool:
            await pool.sign(message(0))
            for number in (signal.SIGINT, signal.SIGTERM):
                pool.processes[0].send_signal(number)
            signed = await pool.sign(message(1))
            assert pool.processes[0].poll() is None
            return signed

    assert asyncio.run(signalled()) == signer().sign(message(1))


def test_closing_ends_them() -> None:
    async def processes() -> list[subprocess.Popen[bytes]]:
        async with SigningPool(signer(), 2) as pool:
            await pool.sign(message(0))
            return pool.processes

    assert [process.returncode for process in asyncio.run(processes())] == [0, 0]


SENDER = """
import asyncio, sys
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from digest.deliver.dkim import Signer
from digest.deliver.signing_pool import SigningPool
from digest.model.delivery import Message

async def main():
    signer = Signer("news.example", "digest", generate_private_key(public_exponent=65537, key_size=2048))
    async with SigningPool(signer, 2) as pool:
        await pool.sign(Message(mail_from="", rcpt_to="", message_id="", data=b"From: a@b\\r\\n\\r\\n"))
        print(*[process.pid for process in pool.processes], flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="looks at processes through /proc")
def test_they_end_with_a_sender_that_is_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", SENDER], stdout=subprocess.PIPE, text=True) as sender:
        assert sender.stdout is not None
        children = [int(pid) for pid in sender.stdout.readline().split()]
        watched = [os.pidfd_open(pid) for pid in children]
        command_lines = [Path(f"/proc/{pid}/cmdline").read_bytes() for pid in children]
        sender.kill()
    assert len(watched) == 2
    assert all(line.count(b"\0") == 3 and b"signing_worker.py" in line for line in command_lines)
    for descriptor in watched:
        assert select.select([descriptor], [], [], 20)[0], "a signing process outlived its sender"
        os.close(descriptor)
