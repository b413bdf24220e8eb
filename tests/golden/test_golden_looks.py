"""Whole messages of the other looks and of the letters, byte by byte; see test_golden.py."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import get_args

import pytest
from msgspec.structs import replace

from digest.links import Links
from digest.model.delivery import Message, Recipient
from digest.model.edition import EditionContent
from digest.model.site import Form
from digest.render.assemble import Assembler
from digest.render.compiling import compile_edition, compile_subject
from digest.render.environment import read_templates
from digest.render.letterhead import LetterName
from digest.render.letters import compile_letter, letter_content
from digest.render.shell import Shell
from tests.golden.test_golden import AT, CONTENT, PRICES

HERE = Path(__file__).parent
LINKS = Links("https://kurier.example", b"golden" * 6)
LETTERS: tuple[LetterName, ...] = get_args(LetterName)
#: Half of them in each form of address.
FORMS: dict[str, Form] = {
    "brief": "Sie",
    "weekly": "du",
    "confirm": "Sie",
    "welcome": "du",
    "goodbye": "Sie",
    "settings": "du",
    "address": "Sie",
    "address_changed": "du",
}
SATURDAY = AT + timedelta(days=1, hours=2)


def look(name: str, at: datetime, **changes: object) -> tuple[EditionContent, Shell]:
    content = replace(
        CONTENT,
        newsletter=replace(CONTENT.newsletter, template=name, **changes),
        templates=read_templates(name, None),
        date=at.date(),
        at=at,
    )
    content = replace(content, subject=compile_subject(content))
    return content, compile_edition(content)


def letter(name: LetterName) -> tuple[EditionContent, Shell]:
    content = letter_content(
        name,
        site=CONTENT.site,
        newsletter=CONTENT.newsletter,
        at=AT,
        templates=read_templates(f"letters/{name}", None),
        coins=CONTENT.coins,
    )
    return content, compile_letter(content, name)


def made(name: str) -> Message:
    wanted = next((each for each in LETTERS if each == name), None)
    if wanted:
        content, shell = letter(wanted)
    else:
        content, shell = look(name, SATURDAY, lookback_hours=168) if name == "weekly" else look(name, AT)
    form = FORMS[name]
    person = Recipient(
        address="c.weber@leser.example",
        handle="00112233445566ff",
        name="Dr. Clara Weber-Groß",
        form=form,
        greeting="Guten Morgen, Frau Dr. Weber-Groß," if form == "Sie" else "Guten Morgen!",
        subject=content.subject,
        choice=bytes(range(len(content.articles))),
        coins=content.coins,
    )
    prices = None if wanted else PRICES
    return Assembler(shell, content, 7, prices, LINKS).message(person, content.at)


@pytest.mark.parametrize("name", FORMS)
def test_the_message_is_the_golden_one(name: str) -> None:
    file = HERE / f"{name}.eml"
    data = made(name).data
    if os.environ.get("UPDATE_GOLDEN") == "1":
        file.write_bytes(data)
    assert data == file.read_bytes()
