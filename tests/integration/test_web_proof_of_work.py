"""The proof of work before a sign-up: once solved it serves once, made up it serves never."""

from __future__ import annotations

import base64
import html
import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from altcha import Challenge, Payload, create_challenge, solve_challenge

from tests.conftest import Now
from tests.integration.conftest import MakeWebsite, Website


@pytest.fixture
def site(make_website: MakeWebsite, now: Now) -> Website:
    now.moment = datetime.now(UTC)  # the library looks at the clock itself
    return make_website(web={"proof_of_work": True})


def challenge(site: Website) -> Challenge:
    found = re.search(r'data-challenge="([^"]*)"', site.client.get("/anmelden/morgen").text)
    assert found
    return Challenge.from_dict(json.loads(html.unescape(found[1])))


def solved(asked: Challenge) -> str:
    solution = solve_challenge(asked)
    assert solution is not None
    return Payload(asked, solution).to_base64()


def sign_up(site: Website, proof: str) -> Any:
    return site.client.post("/anmelden/morgen", data={"email": "neu@leser.example", "altcha": proof})


def test_a_solved_one_serves_once(site: Website) -> None:
    proof = solved(challenge(site))
    assert sign_up(site, proof).status_code == 200
    again = sign_up(site, proof)
    assert again.status_code == 400
    assert "noch einmal" in again.text
    assert 'value="neu@leser.example"' in again.text


@pytest.mark.parametrize("proof", ["", "x", "ü", base64.b64encode(b"{}").decode(), base64.b64encode(b"[1]").decode()])
def test_what_is_no_proof_changes_nothing(site: Website, proof: str) -> None:
    before = site.dump()
    assert sign_up(site, proof).status_code == 400
    assert site.dump() == before


def test_an_easier_one_of_ones_own_is_refused(site: Website) -> None:
    easier = create_challenge("PBKDF2/SHA-256", 1, hmac_secret="guessed")
    unsigned = create_challenge("PBKDF2/SHA-256", 1)
    changed = challenge(site)
    changed.parameters.cost = 1
    for asked in (easier, unsigned, changed):
        assert sign_up(site, solved(asked)).status_code == 400


def test_an_old_one_is_refused(site: Website, now: Now) -> None:
    now.moment = datetime(2025, 1, 1, tzinfo=UTC)
    assert sign_up(site, solved(challenge(site))).status_code == 400


def test_the_page_may_run_our_script_alone_and_is_not_kept(site: Website, make_website: MakeWebsite) -> None:
    answer = site.client.get("/anmelden/morgen")
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"
    assert "JavaScript" in answer.text
    assert challenge(site).parameters.nonce != challenge(site).parameters.nonce


def test_it_is_off_by_itself(make_website: MakeWebsite) -> None:
    answer = make_website().client.get("/anmelden/morgen")
    assert "script" not in answer.text
    assert "script-src" not in answer.headers["content-security-policy"]
