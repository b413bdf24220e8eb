from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.render.lint.findings import Finding
from digest.render.lint.look import check_look
from digest.render.lint.support import DEGRADES
from tests.unit.render.lint.planted import (
    MJML,
    TEXT,
    findings,
    line_of,
    of_rule,
    with_body,
    with_column,
    with_parts,
    with_text,
    without,
)
from tests.unit.render.made_up import content, shipped

#: After these nothing can be compiled, or read as it was meant.
ALONE = frozenset({"malformed", "template", "missing-include", "mj-include"})
FENCED = '{% fence "own" %}<mj-text>Text</mj-text>{% endfence %}'
#: Rule and a mistake that stands in a column; the finding must name its line.
IN_COLUMN: list[tuple[str, str]] = [
    ("unknown-tag", "<mj-txt>Text</mj-txt>"),
    ("unknown-attribute", '<mj-text colour="#000000">Text</mj-text>'),
    (
        "unknown-attribute",
        '<mj-image href="https://kurier.example/" source="x" alt="" src="https://kurier.example/a.png" />',
    ),
    ("attribute-value", '<mj-text padding="12">Text</mj-text>'),
    ("attribute-value", '<mj-text color="grue">Text</mj-text>'),
    ("attribute-value", '<mj-text align="centre">Text</mj-text>'),
    ("attribute-value", '<mj-text font-size="1.2em">Text</mj-text>'),
    ("attribute-value", '<mj-image width="50%" src="https://kurier.example/a.png" alt="" />'),
    ("unknown-class", '<mj-text mj-class="papper">Text</mj-text>'),
    ("nesting", "<mj-section><mj-column><mj-text>Text</mj-text></mj-column></mj-section>"),
    ("nesting", "<p>Text</p>"),
    ("nesting", "<MJ-TEXT>Text</MJ-TEXT>"),
    ("nesting", "<mj-text><mj-button>Text</mj-button></mj-text>"),
    ("malformed", "<mj-text><p>Text</mj-text>"),
    ("malformed", "<mj-text><b><i>Text</b></i></mj-text>"),
    ("malformed", "<mj-text>Text</b></mj-text>"),
    ("malformed", "<mj-text align=center>Text</mj-text>"),
    ("malformed", "<mj-text>1 < 2</mj-text>"),
    ("malformed", '<mj-text><a href="https://kurier.example/" href="#">Text</a></mj-text>'),
    ("malformed", "<mj-text><!-- Text</mj-text>"),
    ("slot-place", '<mj-text><p style="color:{{ slot.greeting }}">Text</p></mj-text>'),
    ("slot-place", "<mj-text><p title={{ slot.greeting }}>Text</p></mj-text>"),
    ("slot-place", '<mj-text><p {{ slot.greeting }}="x">Text</p></mj-text>'),
    ("slot-place", "<mj-text><{{ slot.greeting }}>Text</mj-text>"),
    ("slot-place", '<mj-text><p onclick="{{ slot.greeting }}">Text</p></mj-text>'),
    ("slot-place", "<mj-text><!-- {{ slot.greeting }} -->Text</mj-text>"),
    ("slot-place", "<mj-text><style>{{ slot.greeting }}</style>Text</mj-text>"),
    ("slot-place", "<mj-text><script>{{ slot.greeting }}</script>Text</mj-text>"),
    ("slot-place", '<mj-text><a href="{{ slot.greeting }}">Text</a></mj-text>'),
    ("slot-place", '<mj-text><a href="https://kurier.example/?x={{ slot.settings_url }}">Text</a></mj-text>'),
    ("slot-place", '<mj-text><img alt="" src="{{ slot.address }}" /></mj-text>'),
    ("slot-place", '<mj-text css-class="{{ slot.address }}">Text</mj-text>'),
    ("slot-place", '<mj-text color="{{ slot.address }}">Text</mj-text>'),
    ("slot-place", '<mj-button href="{{ slot.address }}">Text</mj-button>'),
    ("missing-alt", '<mj-image src="https://kurier.example/a.png" />'),
    ("missing-alt", '<mj-text><img src="https://kurier.example/a.png" /></mj-text>'),
    ("important", '<mj-text><p style="color:#000000 !important">Text</p></mj-text>'),
    ("client-support", '<mj-text><p style="display:grid">Text</p></mj-text>'),
    ("client-support", '<mj-text><p style="position:absolute">Text</p></mj-text>'),
    ("client-support", '<mj-text><p style="width:calc(100% - 2px)">Text</p></mj-text>'),
    ("client-support", '<mj-text><p style="margin:2rem">Text</p></mj-text>'),
    ("client-support", '<mj-text><p style="background:linear-gradient(#ffffff, #eeeeee)">Text</p></mj-text>'),
    ("client-support", "<mj-text><video>Text</video></mj-text>"),
    ("client-support", '<mj-text><p style="border-radius:4px">Text</p></mj-text>'),
    ("unknown-css", '<mj-text><p style="colr:#000000">Text</p></mj-text>'),
    ("third-party", '<mj-image src="https://bilder.example/a.png" alt="" />'),
    ("third-party", '<mj-text><img src="//bilder.example/a.png" alt="" /></mj-text>'),
    (
        "third-party",
        '<mj-text><img src="https://kurier.example/a.png" srcset="https://bilder.example/a.png 2x" alt="" /></mj-text>',
    ),
    ("third-party", '<mj-text><p style="background:url(https://bilder.example/a.png)">Text</p></mj-text>'),
    ("third-party", '<mj-text><p style="background:url(&quot;https://bilder.example/a.png&quot;)">Text</p></mj-text>'),
    ("tracking-pixel", '<mj-image src="https://kurier.example/a.gif" alt="" width="1px" height="1px" />'),
    ("tracking-pixel", '<mj-text><img src="https://kurier.example/a.gif" alt="" width="1" height="1" /></mj-text>'),
    (
        "tracking-pixel",
        '<mj-text><img src="https://kurier.example/a.gif" alt="" style="width:1px;height:1px" /></mj-text>',
    ),
    ("active-content", "<mj-text><script>1</script></mj-text>"),
    ("active-content", '<mj-text><p onclick="1">Text</p></mj-text>'),
    ("active-content", '<mj-text><a href="javascript:1">Text</a></mj-text>'),
    ("picture-address", '<mj-image src="a.png" alt="" />'),
    ("contrast", '<mj-text color="#999999">Text</mj-text>'),
    ("contrast", '<mj-text><p style="background:#767676;color:#6a6a6a">Text</p></mj-text>'),
    ("contrast", '<mj-text><p style="color:rgba(0,0,0,0.3)">Text</p></mj-text>'),
    ("contrast", '<mj-button background-color="#ffe000" color="#ffffff">Text</mj-button>'),
    ("fence-place", '<mj-text>{% fence "own" %}Text{% endfence %}</mj-text>'),
    ("fence-place", '{% fence "own", within="table" %}<mj-text>Text</mj-text>{% endfence %}'),
    ("fence-place", '<mj-table>{% fence "own" %}<tr><td>Text</td></tr>{% endfence %}</mj-table>'),
    ("fence-place", '<mj-table><tr>{% fence "own", within="table" %}<td>Text</td>{% endfence %}</tr></mj-table>'),
    ("fence-place", '<mj-text><p title="{% fence "own" %}x{% endfence %}">Text</p></mj-text>'),
    ("mj-include", '<mj-include path="/etc/passwd" />'),
    ("missing-include", '{% include "parts/nowhere.mjml.j2" %}'),
    ("template", "<mj-text>{{ nobody.knows }}</mj-text>"),
    ("template", "<mj-text>{% if %}</mj-text>"),
    ("unescaped", "<mj-text>{{ subject | safe }}</mj-text>"),
    ("unescaped", "<mj-text>{% autoescape false %}{{ subject }}{% endautoescape %}</mj-text>"),
]
#: Mistakes between the sections of mj-body.
IN_BODY: list[tuple[str, str]] = [
    ("unfenced-section", "<mj-section><mj-column><mj-text>Text</mj-text></mj-column></mj-section>"),
    ("unfenced-section", "<mj-wrapper><mj-section><mj-column></mj-column></mj-section></mj-wrapper>"),
    ("nesting", '{% fence "own" %}<mj-text>Text</mj-text>{% endfence %}'),
    ("nesting", "<div>Text</div>"),
    (
        "fence-place",
        f'{{% fence "a" %}}<mj-wrapper><mj-section><mj-column>{FENCED}</mj-column></mj-section></mj-wrapper>'
        "{% endfence %}",
    ),
    (
        "fence-place",
        f'{{% fence "a" %}}<mj-section><mj-group><mj-column>{FENCED}</mj-column></mj-group></mj-section>'
        "{% endfence %}",
    ),
    (
        "fence-place",
        '{% fence "a" %}<mj-section>{% fence "b" %}<mj-column></mj-column>{% endfence %}</mj-section>{% endfence %}',
    ),
    (
        "fence-place",
        '{% fence "a" %}<mj-hero>{% fence "b" %}<mj-text>Text</mj-text>{% endfence %}</mj-hero>{% endfence %}',
    ),
    ("fence-place", '{% fence "a" %}<mj-section><mj-column>{% endfence %}</mj-column></mj-section>'),
]


def test_the_shipped_look_has_no_error_and_only_what_outlook_does_without() -> None:
    found = check_look([content(5), content(1), content(0)])
    assert [finding for finding in found if finding.level == "error"] == []
    assert {finding.rule for finding in found} <= {"client-support"}
    assert {finding.text for finding in found} <= DEGRADES.keys()


def _company(rule: str) -> tuple[str, ...]:
    """The mistakes that `rule`'s are planted together with: colours are seen only where the rest compiles."""
    return tuple(
        text for other, text in IN_COLUMN if other not in ALONE and (other == "contrast") == (rule == "contrast")
    )


@lru_cache(maxsize=4)
def _found_together(plant: Callable[..., dict[str, str]], snippets: tuple[str, ...]) -> list[Finding]:
    return findings(plant(*snippets), 1)


@pytest.mark.parametrize("plant", [with_column, with_parts], ids=["own", "part"])
@pytest.mark.parametrize(("rule", "snippet"), [mistake for mistake in IN_COLUMN if mistake[0] not in ALONE])
def test_a_mistake_in_a_column_is_found_with_file_and_line(
    rule: str, snippet: str, plant: Callable[..., dict[str, str]]
) -> None:
    templates = plant(*_company(rule))
    file = next(name for name, text in templates.items() if snippet in text)
    places = {(finding.file, finding.line) for finding in of_rule(_found_together(plant, _company(rule)), rule)}
    assert (file, line_of(templates, file, snippet)) in places


@pytest.mark.parametrize(("rule", "snippet"), [mistake for mistake in IN_COLUMN if mistake[0] in ALONE])
def test_a_mistake_that_breaks_the_rest_is_found_with_file_and_line(rule: str, snippet: str) -> None:
    templates = with_parts(snippet)
    (file,) = (name for name, text in templates.items() if snippet in text)
    places = {(finding.file, finding.line) for finding in of_rule(findings(templates, 1), rule)}
    assert (file, line_of(templates, file, snippet)) in places


@pytest.mark.parametrize(("rule", "snippet"), IN_BODY)
def test_a_mistake_between_sections_is_found_with_file_and_line(rule: str, snippet: str) -> None:
    templates = with_body(snippet)
    places = {(finding.file, finding.line) for finding in of_rule(findings(templates, 1), rule)}
    assert (MJML, line_of(templates, MJML, snippet)) in places


@settings(max_examples=6)
@given(st.sampled_from(IN_COLUMN), st.integers(0, 40))
def test_lines_above_move_the_place_along(mistake: tuple[str, str], lines: int) -> None:
    rule, snippet = mistake
    templates = with_column("\n" * lines + "{% if true -%}\n" + snippet + "\n{%- endif %}")
    places = {(finding.file, finding.line) for finding in of_rule(findings(templates, 1), rule)}
    assert (MJML, line_of(templates, MJML, snippet)) in places


#: Mistakes of no kind.
RIGHT = [
    '<mj-text css-class="own" mj-class="quiet" padding="0 12px 5% 0" line-height="1.4">Text</mj-text>',
    '<mj-text color="rgba(0, 0, 0, 0.9)" letter-spacing="-1px" align="justify">Text</mj-text>',
    '<mj-table role="none" width="100%" cellpadding="2"><tr><td>Text</td></tr></mj-table>',
    "<mj-text><custom-element>Text</custom-element> 1 &lt; 2 &amp; 3<br>more<hr /></mj-text>",
    '<mj-text><p title="{{ slot.greeting }}" aria-label="{{ slot.greeting }}">Text</p></mj-text>',
    '<mj-text><a href="{{ slot.settings_url }}#themen">Text</a></mj-text>',
    '<mj-button href="{{ slot.unsubscribe_url }}" background-color="#000000" color="#ffffff">Text</mj-button>',
    '<mj-image src="https://kurier.example/a.png" alt="" width="552px" />',
    '<mj-text><p style="display:none;color:#fefefe">Text</p></mj-text>',
    '<mj-text><p style="font-size:24px;color:#8a8a8a;background:#ffffff">Large</p></mj-text>',
    "<mj-text><p style=\"mso-hide:all;-webkit-hyphens:auto;font-family:'A; b'\">Text</p></mj-text>",
    '{% fence "within" %}<mj-text>Text</mj-text>{% endfence %}',
    '<mj-text><ul>{% fence "listed", within="table" %}<li>Text</li>{% endfence %}</ul></mj-text>',
    '<mj-table><tbody>{% fence "rows", within="table" %}<tr><td>Text</td></tr>{% endfence %}</tbody></mj-table>',
    "<mj-divider /><mj-spacer />",
    "{# <mj-include path='x' /> #}<mj-text>Text</mj-text>",
]


def test_what_is_right_is_left_alone() -> None:
    found = findings(with_column(*RIGHT), 1)
    # One is judged in light mode only: in dark mode the look gives it a light colour.
    assert [each for each in found if each.level == "error" and "in dark mode" not in each.problem] == []


#: What is taken out of all MJML files at once -> what is then missing.
TAKEN_OUT = {
    r' lang="de"': "missing-lang",
    r"<mj-title>.*?</mj-title>": "missing-title",
    r"<mj-preview>.*?</mj-preview>": "missing-preheader",
    r"{{ slot\.unsubscribe_url }}": "missing-unsubscribe",
    r"{{ slot\.settings_url }}": "missing-settings",
    r"{% if site\.imprint %}.*?{% endif %}": "missing-imprint",
    r"{% if site\.responsible %}.*?{% endif %}": "missing-responsible",
    r"\(prefers-color-scheme: dark\)": "dark-mode",
}


def test_every_part_of_the_head_and_the_footer_is_missed() -> None:
    found = findings(without(MJML, *TAKEN_OUT), 1)
    for rule in TAKEN_OUT.values():
        assert [finding.file for finding in of_rule(found, rule)] == [MJML], rule


def test_what_is_there_but_empty_is_missed_too() -> None:
    found = findings(without(MJML, "(?<=<mj-title>).*?(?=</mj-title>)", "(?<=<mj-preview>).*?(?=</mj-preview>)"), 1)
    assert {finding.rule for finding in found} >= {"missing-title", "missing-preheader"}


def test_the_ways_out_are_missed_in_the_text_part() -> None:
    found = findings(without(TEXT, r"{{ slot\.unsubscribe_url }}", r"{{ slot\.settings_url }}"), 1)
    assert {(finding.rule, finding.file) for finding in found if finding.level == "error"} == {
        ("missing-unsubscribe", TEXT),
        ("missing-settings", TEXT),
    }


def test_a_way_out_that_not_everybody_gets_is_none() -> None:
    templates = without(MJML, r"{{ slot\.unsubscribe_url }}")
    link = '<mj-text>{% fence "intro", "lower" %}<a href="{{ slot.unsubscribe_url }}">Ab</a>{% endfence %}</mj-text>'
    templates[MJML] = templates[MJML].replace("</mj-body>", f"\n{link}\n</mj-body>")
    (finding,) = of_rule(findings(templates), "missing-unsubscribe")
    assert (finding.file, finding.line) == (MJML, line_of(templates, MJML, link))


IN_SHEET = [
    ("important", ".paper { color: #000000 !important; }"),
    ("css", ".paper { color }"),
    ("css", "color: #000000;"),
    ("css", ".paper { color: #000000;"),
    ("client-support", "p::before { color: #000000; }"),
    ("client-support", "@keyframes own { from { color: #000000; } }"),
    ("client-support", ".paper { position: fixed; }"),
    ("unknown-css", ".paper { font-familly: Arial; }"),
    ("third-party", "@import url(https://schrift.example/a.css);"),
    ("third-party", "@font-face { font-family: A; src: url(https://schrift.example/a.woff2); }"),
    ("slot-place", ".paper { content: '{{ slot.greeting }}'; }"),
]


@lru_cache(maxsize=1)
def _with_sheets() -> tuple[dict[str, str], list[Finding]]:
    """Each mistake in a style sheet of its own."""
    sheets = "".join(f"<mj-style>\n/* with }} signs */\n{css}\n</mj-style>\n" for _, css in IN_SHEET)
    templates = with_text(MJML, "</mj-head>", f"{sheets}</mj-head>")
    return templates, findings(templates, 1)


@pytest.mark.parametrize(("rule", "css"), IN_SHEET)
def test_a_mistake_in_a_style_sheet_is_found_on_its_line(rule: str, css: str) -> None:
    templates, found = _with_sheets()
    places = {(finding.file, finding.line) for finding in of_rule(found, rule)}
    assert (MJML, line_of(templates, MJML, f"{css}\n")) in places


def test_what_stands_in_media_is_for_those_who_read_it() -> None:
    css = "@media (max-width: 480px) { .paper { display: grid; position: fixed !important; margin: 1rem; } }"
    templates = with_text(MJML, "</mj-head>", f"<mj-style>{css}</mj-style></mj-head>")
    assert findings(templates) == findings(dict(shipped()))


def test_what_degrades_well_is_said_once() -> None:
    snippet = '<mj-text><p style="border-radius:4px">Text</p></mj-text>'
    found = of_rule(findings(with_column(f"{snippet}\n{snippet}")), "client-support")
    assert [finding.text for finding in found].count("border-radius") == 1


def test_dark_mode_is_judged_by_the_rules_for_it() -> None:
    light = '<mj-text><p class="planted" style="color:#1a1a1a">Text</p></mj-text>'
    rule = "@media (prefers-color-scheme: dark) { .page .planted { color: %s !important; } }"
    for colour, expected in (("#333333", ["dark"]), ("#ffffff", [])):
        templates = with_column(light)
        templates[MJML] = templates[MJML].replace("</mj-head>", f"<mj-style>{rule % colour}</mj-style></mj-head>")
        found = of_rule(findings(templates), "contrast")
        assert [
            word for finding in found for word in ("light", "dark") if f"in {word} mode" in finding.problem
        ] == expected
        assert {finding.line for finding in found} <= {line_of(templates, MJML, light)}


def test_web_fonts_and_default_icons_are_third_parties() -> None:
    font = '<mj-font name="A" href="https://schrift.example/a.css" />'
    templates = with_text(MJML, "</mj-head>", f"{font}\n</mj-head>")
    assert [finding.line for finding in of_rule(findings(templates), "third-party")] == [line_of(templates, MJML, font)]
    social = (
        '<mj-social><mj-social-element name="facebook" href="https://kurier.example/">F</mj-social-element></mj-social>'
    )
    (finding,) = of_rule(findings(with_column(social)), "third-party")
    assert finding.file == MJML
    assert "own default" in finding.problem


def test_a_block_that_stands_twice_is_found_at_the_second() -> None:
    twice = '{% fence "own" %}<mj-text>Text</mj-text>{% endfence %}'
    templates = with_column(twice, f"{twice} ")
    (finding,) = of_rule(findings(templates, 1), "template")
    assert (finding.file, finding.line) == (MJML, line_of(templates, MJML, f"{twice} "))


def test_a_mistake_in_a_loop_is_told_once() -> None:
    snippet = '{% for n in range(9) %}<mj-text align="centre">{{ n }}</mj-text>{% endfor %}'
    assert len(of_rule(findings(with_column(snippet)), "attribute-value")) == 1


def test_the_size_is_that_of_the_largest_choice() -> None:
    for articles, letters, levels in ((2, 10, []), (2, 70_000, ["warning"]), (2, 90_000, ["error"])):
        templates = with_column(f"<mj-text>{'Wort ' * (letters // 5)}</mj-text>")
        assert [finding.level for finding in of_rule(findings(templates, articles), "size")] == levels
    # What leads is no card as well: thirty kilobytes in lead and card of two articles are sixty, not 120.
    padding = f"<mj-text>{'Wort ' * 6_000}</mj-text>"
    templates = with_text(MJML, '{% set kind = "lead" %}', '{% set kind = "lead" %}' + padding)
    templates[MJML] = templates[MJML].replace('{% set kind = "card" %}', '{% set kind = "card" %}' + padding)
    assert of_rule(findings(templates, 2), "size") == []


def test_the_text_part_has_the_same_articles() -> None:
    templates = dict(shipped()) | {"parts/article.txt.j2": "Meldung\n"}
    found = of_rule(findings(templates), "text-articles")
    assert found
    assert all(finding.file.endswith(".txt.j2") for finding in found)
    untold = with_text(TEXT, '"card", article.number', '"card", article.number if article.number else "x"')
    assert of_rule(findings(untold), "text-articles")


def test_a_line_that_mail_does_not_allow_is_found_in_the_text_part() -> None:
    templates = with_text(TEXT, "{{ slot.greeting }}", "{{ slot.greeting }}\n" + "Wort " * 200)
    (finding,) = of_rule(findings(templates), "long-line")
    assert (finding.file, finding.line) == (TEXT, line_of(templates, TEXT, "Wort Wort"))


@pytest.mark.parametrize(
    "subject", ["{{ articles[0].title if articles else 'Leer' }}", "{% if articles %}Neu{% endif %}"]
)
def test_a_subject_that_may_be_too_long_or_empty_is_found(subject: str) -> None:
    templates = dict(shipped()) | {"daily/subject.txt.j2": subject}
    assert [finding.file for finding in of_rule(findings(templates), "subject-template")] == ["daily/subject.txt.j2"]


@pytest.mark.parametrize(
    "junk",
    [
        "",
        "<",
        "{{",
        "<mjml",
        "<mjml><mj-body",
        "</mjml>",
        "<mjml/>",
        "\ue0009.9.1\ue001",
        "{% fence 'a' %}{% endfence %}",
    ],
)
def test_a_template_that_is_no_template_is_a_finding(junk: str) -> None:
    found = findings(dict(shipped()) | {MJML: junk})
    assert any(finding.level == "error" and finding.file == MJML for finding in found)


@settings(max_examples=40)
@given(st.text(st.sampled_from(list("<>/=\"' \nabmj-&;:()[]@!")), max_size=60))
def test_no_template_makes_the_checks_fall_over(junk: str) -> None:
    section = f"<mj-section><mj-column>{junk}</mj-column></mj-section>"
    small = f"<mjml><mj-body>{{% fence 'a' %}}{section}{{% endfence %}}</mj-body></mjml>"
    found = findings({MJML: small, TEXT: "Text", "daily/subject.txt.j2": "Betreff"}, 0)
    assert {finding.rule for finding in found} >= {"missing-lang", "missing-title"}
