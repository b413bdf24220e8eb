"""Real pages: found and avoided phrases, counted as trafilatura's evaluation counts them."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from digest.gather.base import Context
from digest.gather.collect import gather_source
from digest.gather.fetch import Fetcher
from digest.gather.settings import GatherSettings, SourceSettings

#: What trafilatura alone reaches on these pages.
LEAST = 0.93


def test_f1_of_expected_and_forbidden_phrases(shared: Path) -> None:
    folder = shared / "data" / "pages"
    expected = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    now = datetime(2025, 10, 17, 4, tzinfo=UTC)
    context = Context(
        fetcher=Fetcher(GatherSettings()), now=now, day=date(2025, 10, 17), zone=ZoneInfo("Europe/Berlin")
    )
    hits = missed = wrong = 0
    for name, phrases in expected.items():
        settings = SourceSettings(name=name, type="page", path=str(folder / name))
        (article,) = gather_source(settings, {}, context)
        text = "\n".join((article.title, article.kicker, article.lead, *article.body))
        found = sum(phrase in text for phrase in phrases["with"])
        hits += found
        missed += len(phrases["with"]) - found
        wrong += sum(phrase in text for phrase in phrases["without"])
    assert 2 * hits / (2 * hits + missed + wrong) >= LEAST, (hits, missed, wrong)
