"""The export that the newsroom gave us, read as an operator's settings would have it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from digest.gather.base import Context
from digest.gather.collect import gather_source
from digest.gather.fetch import Fetcher
from digest.gather.settings import GatherSettings, SourceSettings

BERLIN = ZoneInfo("Europe/Berlin")


def test_the_seed_file(shared: Path) -> None:
    (file,) = (shared / "seeds").glob("*.txt")
    context = Context(
        fetcher=Fetcher(GatherSettings()),
        now=datetime(2025, 10, 17, 4, tzinfo=UTC),
        day=date(2025, 10, 17),
        zone=BERLIN,
    )
    (article,) = gather_source(SourceSettings(name="Export", type="textfile", path=str(file)), {}, context)
    assert article.title == "Trump-Putin-Anruf überrascht Selenskyj vor USA-Besuch"
    assert (article.published, article.date_only) == (datetime(2025, 10, 17, tzinfo=BERLIN), True)
    assert article.author == "James Whitmore"
    assert article.lead.startswith("Ein Anruf zwischen Trump und Putin")
    assert len(article.body) >= 9
    assert article.image_credit == "Kevin Lamarque/Reuters"
    assert article.related == ("ZDF ändert Programm wegen Sonderübertragung mit Friedrich Merz",)
    assert article.site == "RENEWZ.de"
    assert article.coins == ("BTC", "ETH", "LTC")
    text = "\n".join((article.lead, *article.body))
    for furniture in ("(BTC)", "Immer informiert", "crossmenu", "Bleiben Sie informiert", "Foto:", article.title):
        assert furniture not in text
