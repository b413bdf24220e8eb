"""A message is the very thing that compiling only this recipient's choice would have made."""

from __future__ import annotations

import re
from typing import Any

import lxml.html
import markupsafe
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import Markup

from digest.model.edition import EditionContent
from digest.model.site import Form
from digest.render.compiling import compile_edition, compile_subject
from digest.render.environment import make_environment, render
from digest.render.inline_pictures import inline_pictures, picture_slots
from digest.render.marks import Marks
from digest.render.mjml import compile_mjml
from digest.render.prices import coin_blocks, price_values
from digest.render.shell import Shell
from digest.render.variables import edition_variables
from digest.render.wording import shorten
from tests.unit.render.made_up import (
    LINKS,
    NOW,
    article,
    assembler,
    content,
    full_snapshot,
    parts,
    recipient,
    shipped,
    snapshot,
)

FENCE, NUMBER, ROW = "zzfencezz", "zznumberzz", "zzrowzz"
PRICES = full_snapshot("BTC", "LTC")
SPARKLINE_SLOTS = [f"coin:{coin}:sparkline_{what}" for coin in ("BTC", "ETH", "LTC") for what in ("url", "alt")]
#: What a template of the whole edition knows.
ROWS = {
    part: {
        f"coin:{coin}:{kind}{way}"
        for coin in ("BTC", "ETH", "LTC")
        for kind in ("", "week:", *(["sparkline:"] if part == "html" else []))
        for way in ("up", "down", "flat", "none")
    }
    for part in ("html", "text")
}
EDITION = content(6)


class PlainMarks(Marks):
    """Writes values where slots are and leaves out what is not wanted: no shell, no cutting, no encoding."""

    def __init__(self, values: dict[str, str], wanted: set[str], part: str) -> None:
        super().__init__("unused")
        self.values, self.wanted, self.part = values, wanted, part
        self.rows: dict[str, str] = {}

    def slot(self, name: str) -> Markup:
        value = NUMBER if name == "number" else self.values[name]
        return Markup(value) if self.part == "text" else markupsafe.escape(value)  # noqa: S704, that is the test

    def fence(self, group: str, name: object, content: str, *, comment: str) -> str:
        mark, key = comment.format(FENCE), f"{group}:{name}"
        if key in self.wanted and group == "coin":
            self.rows[key] = content
            return ROW
        return f"{mark}{content}{mark}" if key in self.wanted else ""

    def in_order(self, written: str, keys: tuple[str, ...]) -> str:
        """The rows of all coins stand where the first of them was written."""
        return written.replace(ROW, "".join(self.rows[key] for key in keys), 1).replace(ROW, "")


def freshly(whole: EditionContent, choice: tuple[int, ...], coins: tuple[str, ...], form: Form, part: str) -> str:
    """The part, compiled from a content that holds nothing but `choice` and `coins`, in that order."""
    only = msgspec.structs.replace(whole, articles=tuple(whole.articles[number] for number in choice), coins=coins)
    rows = coin_blocks(PRICES, coins, ROWS[part])
    addresses = picture_slots(inline_pictures(PRICES, 1, "news.example"))
    values = dict.fromkeys(SPARKLINE_SLOTS, "") | price_values(PRICES, only, text=part == "text") | addresses
    values |= {
        "greeting": "Guten Morgen, Frau Dr. Weber,",
        "preheader": shorten(" · ".join(a.title for a in only.articles[1:4]) or only.articles[0].lead, 90),
        "unsubscribe_url": LINKS.unsubscribe("0123456789abcdef", 1),
        "settings_url": LINKS.settings("0123456789abcdef", 1),
        "browser_url": LINKS.browser("0123456789abcdef", 1),
        "address": "anna@leser.example",
    }
    wanted = {"masthead:0", "opening:0", "greeting:0", "intro:lower", "footer:0", "lead:0"}
    wanted |= {f"card:{number}" for number in range(1, len(choice))}
    wanted |= {*rows, *(["market:0"] if coins else []), *(["cards:0"] if choice[1:] else [])}
    marks = PlainMarks(values, wanted, part)
    name = f"daily/edition.{'txt' if part == 'text' else 'mjml'}.j2"
    variables = edition_variables(only, form, part, marks)
    written = marks.in_order(render(make_environment(only.templates), name, variables), rows)
    page = written if part == "text" else compile_mjml(written, name)
    page = page.replace(f"<!--{FENCE}-->", "").replace(FENCE, "")
    for number in range(1, len(choice) + 1):
        page = page.replace(NUMBER, str(number), 1)
    return page


def loose(page: str) -> str:
    """White space between two tags, or at the ends, says nothing."""
    return re.sub(r">\s+<", "><", page.strip())


@settings(max_examples=25, deadline=None)
@given(
    st.permutations(range(6)).flatmap(lambda order: st.integers(1, 6).map(lambda size: tuple(order[:size]))),
    st.permutations(["BTC", "ETH", "LTC"]).flatmap(
        lambda order: st.integers(0, 3).map(lambda size: tuple(order[:size]))
    ),
    st.sampled_from(["Sie", "du"]),
)
def test_any_choice_and_order_equals_a_fresh_compile_of_it(
    choice: tuple[int, ...], coins: tuple[str, ...], form: Form
) -> None:
    person = recipient(choice=bytes(choice), coins=coins, form=form)
    text, html = parts(assembler(EDITION, PRICES).message(person, NOW))
    assert text.strip() == freshly(EDITION, choice, coins, form, "text").strip()
    assert loose(html) == loose(freshly(EDITION, choice, coins, form, "html"))


def test_compiling_twice_gives_the_same_bytes() -> None:
    assert compile_edition(EDITION).to_bytes() == compile_edition(EDITION).to_bytes()


def test_a_shell_survives_being_stored() -> None:
    shell = compile_edition(content(2))
    assert Shell.from_bytes(shell.to_bytes()) == shell
    with pytest.raises(msgspec.ValidationError):
        Shell.from_bytes(msgspec.msgpack.encode({"content_hash": 1}))


def test_both_forms_of_address_are_compiled_and_differ_only_in_words() -> None:
    maker = assembler(content(2), snapshot())
    for part in (0, 1):
        sie, du = (
            parts(maker.message(recipient(choice=b"\0\1", form=form, greeting="Guten Morgen!"), NOW))[part]
            for form in ("Sie", "du")
        )
        if part:
            sie, du = (lxml.html.fromstring(page).body.text_content() for page in (sie, du))
        assert "Lesen Sie auch" in sie
        assert "Lies auch" in du
        assert not re.search(r"\b(Sie|Ihnen|Ihre?[nmrs]?)\b", du)
        assert not re.search(r"\b([Dd]u|[Dd]ich|[Dd]ir|[Dd]eine?[nmrs]?)\b", sie)


@pytest.mark.parametrize(
    ("titles", "subject"),
    [
        (["Ein kurzer Titel"], "Ein kurzer Titel"),
        (["Ein kurzer Titel", "B"], "Ein kurzer Titel – und weitere Themen"),
        (["Ein Titel, der so lang ist, dass dahinter nichts mehr passt, gar nichts", "B"], None),
        (["Wort " * 30, "B"], "Wort Wort Wort Wort Wort Wort Wort Wort Wort Wort Wort Wort Wort Wort Wort …"),
        (["x" * 300], "x" * 77 + "…"),
        (["a\u00a0b {{ 7*7 }} <b> & „c“"], "a\u00a0b {{ 7*7 }} <b> & „c“"),
        ([], "Kurier am Morgen am 17. Oktober 2025: heute keine neuen Artikel"),
    ],
)
def test_the_subject_says_what_is_in_the_mail(titles: list[str], subject: str | None) -> None:
    edition = content(tuple(article(title=title.strip()) for title in titles))
    made = compile_subject(edition)
    assert made == (subject or titles[0])
    assert len(made) <= 78


def changed(**texts: str) -> EditionContent:
    named = {"mjml": "daily/edition.mjml.j2", "txt": "daily/edition.txt.j2"}
    return content(2, templates=shipped() | {named[kind]: text for kind, text in texts.items()})


MJML = "<mjml><mj-body>{}</mj-body></mjml>"
CARDS = (
    '{% for article in articles %}{% fence "card", article.number %}<mj-section><mj-column><mj-text>x</mj-text>'
    "</mj-column></mj-section>{% endfence %}{% endfor %}"
)
TEXT_CARDS = '{% for article in articles %}{% fence "card", article.number %}x {% endfence %}{% endfor %}'


def section(inside: str) -> str:
    return f"<mj-section><mj-column><mj-text>{inside}</mj-text></mj-column></mj-section>"


@pytest.mark.parametrize(
    ("templates", "file", "problem"),
    [
        ({"mjml": MJML.format(section("x"))}, "mjml", "the block card:0 is missing"),
        ({"mjml": MJML.format(CARDS) + "<mj-"}, "mjml", "MJML does not compile"),
        ({"mjml": MJML.format(CARDS + section("{{ market.time }}"))}, "mjml", "only inside {% fence"),
        ({"mjml": MJML.format(CARDS + section("{{ slot.number }}"))}, "mjml", "slot.number has a value only"),
        ({"mjml": MJML.format(CARDS + section("{{ coins[0].price }}"))}, "mjml", "the price of BTC has a value only"),
        ({"mjml": MJML.format(CARDS + '<mj-include path="/etc/passwd" />')}, "mjml", "mj-include is refused"),
        ({"mjml": MJML.format(CARDS)}, "txt", 'fences for "lead" must stand in both'),
        ({"txt": "nothing"}, "txt", "the block card:0 is missing"),
        ({"txt": TEXT_CARDS + "{{ market.provider }}", "mjml": MJML.format(CARDS)}, "txt", "only inside {% fence"),
    ],
)
def test_a_template_that_would_fail_for_somebody_is_refused(templates: dict[str, str], file: str, problem: str) -> None:
    with pytest.raises(Exception, match=re.escape(problem)) as caught:
        compile_edition(changed(**templates))
    error: Any = caught.value
    assert error.file == {"mjml": "daily/edition.mjml.j2", "txt": "daily/edition.txt.j2"}[file]


def test_a_look_without_a_lead_gives_every_article_as_a_card() -> None:
    edition = changed(mjml=MJML.format(CARDS), txt=TEXT_CARDS)
    text, html = parts(assembler(edition).message(recipient(choice=b"\1\0"), NOW))
    assert text.split() == ["x", "x"]
    assert html.count(">x<") == 2
