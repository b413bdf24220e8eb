"""Compiling only what changed: the same bytes as compiling it all."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from digest.errors import TemplateError
from digest.model.article import Article
from digest.model.edition import EditionContent
from digest.model.extras import Advertisement, EditorLetter, Extras
from digest.model.newsletter import Section
from digest.render import quick_compiling
from digest.render.compiling import compile_edition, compile_subject
from digest.render.environment import read_templates
from digest.render.mjml import compile_mjml
from digest.render.quick_compiling import QuickCompiler
from tests.unit.render.made_up import content, newsletter

#: One for all examples: what is kept from one edition must do no harm to the next.
COMPILER = QuickCompiler()
LOOKS = {look: read_templates(look, None) for look in ("daily", "brief", "weekly", "correction")}
WORDS = st.text(st.sampled_from("abcäß <>&\"'{}%-–„“\\\u00a0x0"), max_size=30)

articles = st.builds(
    Article,
    title=WORDS.filter(str.strip),
    source=st.just("Stadt"),
    kicker=WORDS,
    lead=WORDS,
    author=WORDS,
    url=st.one_of(st.none(), st.sampled_from(["https://a.example/1", "https://a.example/2?b=c&d=ä"])),
    topics=st.lists(st.sampled_from(["politik", "kultur", "sport"]), max_size=2, unique=True).map(tuple),
    related=st.lists(WORDS.filter(str.strip), max_size=2).map(tuple),
    picture=st.sampled_from(["", f"https://a.example/bilder/{'0f' * 32}.jpg"]),
    picture_alt=WORDS,
    picture_width=st.sampled_from([0, 320, 552]),
    paid=st.booleans(),
)
extras = st.builds(
    Extras,
    letter=st.one_of(st.none(), st.builds(EditorLetter, text=st.tuples(WORDS), name=WORDS)),
    advertisements=st.lists(st.builds(Advertisement, title=WORDS, advertiser=WORDS), max_size=1).map(tuple),
)
sections = st.sampled_from([(), (Section(name="Kultur", topics=("kultur",)), Section(name="Sport", topics=("sport",)))])


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(
    look=st.sampled_from(sorted(LOOKS)),
    chosen=st.lists(articles, max_size=6),
    beside=extras,
    parts=sections,
    subject=WORDS,
)
def test_the_same_bytes_as_compiling_it_all(
    look: str, chosen: list[Article], beside: Extras, parts: tuple[Section, ...], subject: str
) -> None:
    made = content(
        tuple(chosen),
        newsletter=newsletter(template=look, sections=parts),
        templates=LOOKS[look],
        extras=beside,
        subject=subject,
    )
    assert COMPILER.edition(made).to_bytes() == compile_edition(made).to_bytes()
    assert COMPILER.subject(made) == compile_subject(made)


def sixty() -> EditionContent:
    return content(tuple(Article(title=f"Meldung {number}", source="Stadt") for number in range(60)))


def test_only_what_changed_is_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[int] = []

    def counting(source: str, file: str) -> str:
        compiled.append(source.count("Meldung "))
        return compile_mjml(source, file)

    monkeypatch.setattr(quick_compiling, "compile_mjml", counting)
    compiler, made = QuickCompiler(), sixty()
    compiler.edition(made)
    whole = sum(compiled)
    compiled.clear()
    changed = replace(made, articles=(*made.articles[:30], replace(made.articles[30], lead="Neu"), *made.articles[31:]))
    assert compiler.edition(changed) == compile_edition(changed)
    assert sum(compiled) < whole / 10


@pytest.mark.parametrize(
    "rule", [".card + .card { color: #111111; }", "td:first-child { color: #111111; }", ".a ~ .b { color: #111111; }"]
)
def test_a_style_sheet_that_looks_at_neighbours_has_everything_compiled(rule: str) -> None:
    look = LOOKS["daily"]["parts/look.mjml.j2"] + f"<mj-style>{rule}</mj-style>\n"
    templates = LOOKS["daily"] | {"parts/look.mjml.j2": look}
    compiler = QuickCompiler()
    made = [Article(title=f"Meldung {number}", source="Stadt") for number in range(4)]
    for articles_ in (made, made[1:], made[::-1]):
        one = content(tuple(articles_), templates=templates)
        assert compiler.edition(one) == compile_edition(one)


def test_columns_of_a_block_that_is_kept_have_their_width_in_the_head() -> None:
    """MRML writes a class for each width into the head: it must be there though the block itself is not compiled."""
    two = '<mj-section mj-class="paper"><mj-column width="30%"><mj-text>{}</mj-text></mj-column></mj-section>'
    card = '{% include "parts/article.mjml.j2" %}'
    text = LOOKS["brief"]["brief/edition.mjml.j2"]
    start = text.index('{% fence "card", article.number %}')
    end = text.index("{% endfence %}", start)
    assert card not in text[start:end]
    fenced = '{% fence "card", article.number %}' + two.format("{{ article.title }}")
    templates = LOOKS["brief"] | {"brief/edition.mjml.j2": text[:start] + fenced + text[end:]}
    compiler = QuickCompiler()
    made = [Article(title=f"Meldung {number}", source="Stadt") for number in range(3)]
    for articles_ in (made, [replace(made[0], title="Anders"), *made[1:]]):
        one = content(tuple(articles_), newsletter=newsletter(template="brief"), templates=templates)
        assert compiler.edition(one) == compile_edition(one)
        assert b"mj-column-per-30" in compiler.edition(one).to_bytes()


def test_a_broken_template_is_refused_and_harms_nothing() -> None:
    compiler, made = QuickCompiler(), sixty()
    before = compiler.edition(made)
    broken = LOOKS["daily"] | {"daily/edition.mjml.j2": "<mjml><mj-body>{% fence 'card', 0 %}"}
    with pytest.raises(TemplateError):
        compiler.edition(replace(made, templates=broken))
    assert compiler.edition(made) == before


def test_what_was_not_used_for_longest_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quick_compiling, "_MOST_BLOCKS", 10)
    compiler: Any = QuickCompiler()
    made = sixty()
    assert compiler.edition(made) == compile_edition(made)
    assert compiler.edition(made) == compile_edition(made)
    assert len(compiler._html_of) == 10
