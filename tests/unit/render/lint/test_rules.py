from __future__ import annotations

import re
from pathlib import Path

from digest.render import flow
from digest.render.lint.rendition import OPTIONAL
from digest.render.lint.rules import RULES
from digest.render.lint.support import DEGRADES, clients, is_known_property

DOCS = Path(__file__).parents[4] / "docs" / "checks.md"


def test_the_page_for_people_lists_every_check_and_no_other() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \| (error|warning)", DOCS.read_text("utf-8"), re.MULTILINE)
    assert dict(rows) == {name: rule.level for name, rule in RULES.items()}


def test_optional_blocks_are_those_that_assembling_chooses_from() -> None:
    assert flow._CHOSEN < OPTIONAL


def test_the_table_of_mail_programs_names_those_that_count() -> None:
    named = " ".join(clients().clients)
    for program in ("Gmail", "GMX", "WEB.DE", "Outlook (Windows)", "Apple Mail", "Thunderbird"):
        assert program in named
    assert clients().names(clients().values["display:flex"]) == "GMX, Outlook (Windows), WEB.DE"
    assert all(is_known_property(name) for name in DEGRADES)
