"""No value ever breaks out of its slot, and none of it is lost."""

from __future__ import annotations

import re
from html import escape

import lxml.html
import msgspec
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from digest.render.headers import one_line
from digest.render.wording import wrap
from tests.unit.render.made_up import (
    NOW,
    article,
    assembler,
    content,
    newsletter,
    parse,
    parts,
    recipient,
    site,
    snapshot,
)

EXPECTED = [
    *("From", "To", "Subject", "Date", "Message-ID", "List-Unsubscribe", "List-Id", "List-Unsubscribe-Post"),
    *("Feedback-ID", "MIME-Version", "Content-Type"),
]
MAKER = assembler(content(3), snapshot())
TOKEN = "EinWortDasSonstNirgendsSteht"
BAD_NEWS = [
    "{{ 7*7 }} {% raw %} {# c #} {{ ''.__class__ }}",
    "<mj-raw></mj-raw></mj-text></mjml><mj-include path='x' />",
    "<!-- c --> --> <![CDATA[ x ]]> ]]> <![endif]--> <!--[if mso]>",
    "\\ \\n \\u{a0} \\' \\\\",
    "a\u00a0b\u00adc\u200bd\u200de\u2060f\u200ff\u061c",
    "&amp;amp; &lt;b&gt; &#x41; &nbsp; & < > \" ' `",
    "👩‍👩‍👧‍👦 🏳️‍🌈 e\u0301",
    "שלום עולם مرحبا",
    "x" * 300,
    "<script>alert(1)</script><style>*{display:none}</style><a href='javascript:x'>",
    "a\u2028b\u2029c",
    "=3D =\u00a0= =?utf-8?q?x?=",
    ". .. -- From x",
    "\ufdd0\U0001fffe\ufffd",
]
HOSTILE = st.one_of(
    st.sampled_from(BAD_NEWS), st.text(max_size=60), st.text("a <>&\"'{}%\r\n\u2028=\\-!ü", max_size=60)
)
#: What an Article's text may hold: one line, no controls.
ONE_LINE = HOSTILE.map(lambda text: " ".join(re.sub(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]", " ", text).split())).filter(
    bool
)


@given(HOSTILE, HOSTILE, HOSTILE)
def test_a_hostile_subscriber_changes_nothing_but_their_own_slots(name: str, greeting: str, subject: str) -> None:
    message = MAKER.message(recipient(name=name, greeting=f"{greeting},", subject=subject), NOW)
    parsed = parse(message)
    assert list(parsed.keys()) == EXPECTED
    assert not parsed.defects
    assert [part.get_content_type() for part in parsed.iter_parts()] == ["text/plain", "text/html"]
    assert parsed["Subject"] == one_line(subject)
    text, html = parts(message)
    calm_text, calm_html = parts(MAKER.message(recipient(greeting=f"{TOKEN},"), NOW))
    shown = one_line(f"{greeting},").encode("utf-8", "replace").decode()
    assert text == calm_text.replace(f"{TOKEN},", shown)
    assert html == calm_html.replace(f"{TOKEN},", escape(shown))


@pytest.mark.parametrize("local", ["o'brien", '"a b"', "a&b", "<script>", "{{7*7}}", "ü", "a+b=c"])
def test_a_strange_address_stays_in_its_slot(local: str) -> None:
    address = f"{local}@leser.example"
    message = MAKER.message(recipient(address=address), NOW)
    text, html = parts(message)
    assert f"\n{address}\n" in text
    assert f"weil {escape(address)} für" in html
    assert message.rcpt_to == address


@settings(max_examples=40, deadline=None)
@given(ONE_LINE, ONE_LINE, ONE_LINE)
@example(BAD_NEWS[0], BAD_NEWS[1], BAD_NEWS[2])
@example(BAD_NEWS[3], BAD_NEWS[4], BAD_NEWS[5])
@example(BAD_NEWS[6], BAD_NEWS[7], BAD_NEWS[8])
@example(BAD_NEWS[9], BAD_NEWS[11], BAD_NEWS[12])
def test_a_hostile_feed_comes_out_as_plain_text_exactly(title: str, lead: str, other: str) -> None:
    assume(title != other)
    hostile = article(
        title=title, lead=lead, kicker=other, author=other, site=other, image_credit=other, related=(other,)
    )
    message = assembler(content((hostile, article(1))), snapshot()).message(recipient(choice=b"\0\1"), NOW)
    calm = assembler(content((article(0), article(1))), snapshot()).message(recipient(choice=b"\0\1"), NOW)
    assert list(parse(message).keys()) == EXPECTED
    text, html = parts(message)
    page, calm_page = lxml.html.fromstring(html), lxml.html.fromstring(parts(calm)[1])
    assert [element.tag for element in page.iter()] == [element.tag for element in calm_page.iter()]

    def shown(selector: str) -> str:
        found = page.xpath(f"({selector})[1]")[0].text_content()
        return str(found)

    assert shown("//h2/a") == title
    assert shown('//p[@class="teaser"]') == lead
    assert shown('//p[@class="kicker"]') == other
    assert shown('//p[@class="byline"]').startswith(f"Von {other} · 17. Oktober 2025")
    assert shown('(//p[@class="byline"])[2]') == f"Foto: {other}"
    assert shown('//p[@class="also"]') == f"Lesen Sie auch: {other}"
    assert page.xpath('//p[@class="more"]/a/@aria-label')[0] == f"Weiterlesen: {title}"
    assert f"[1] {wrap(title, taken=5)}\n" in text
    assert f"\n{wrap(lead)}\n" in text
    assert f"\n{wrap(f'Foto: {other}')}\n" in text


@settings(max_examples=20, deadline=None)
@given(ONE_LINE)
@example("Der „Kurier“ {{ 7*7 }} <b>\\u{a0} &amp;")
def test_a_hostile_newsletter_name_and_imprint_are_plain_text(name: str) -> None:
    edition = content(1, newsletter=newsletter(name=name), site=site(imprint=name, responsible=name))
    message = assembler(edition, snapshot()).message(recipient(choice=b"\0"), NOW)
    assert list(parse(message).keys()) == EXPECTED
    page = lxml.html.fromstring(parts(message)[1])
    assert page.xpath("//h1")[0].text_content().strip() == name.strip()
    assert name in page.text_content()


@pytest.mark.parametrize(
    ("url", "link"),
    [
        (
            "https://a.example/ü/Straße?q=„x“&y=2#ä",
            "https://a.example/%C3%BC/Stra%C3%9Fe?q=%E2%80%9Ex%E2%80%9C&y=2#%C3%A4",
        ),
        ('https://a.example/"onclick="x', "https://a.example/%22onclick=%22x"),
        ("https://a.example/a b\u00a0c\\d'e", "https://a.example/a%20b%C2%A0c%5Cd%27e"),
        ("https://a.example/%C3%BC?x=%26", "https://a.example/%C3%BC?x=%26"),
        ("https://straße.example/", "https://xn--strae-oqa.example/"),
        ("https://a.example/{{7*7}}<b>", "https://a.example/%7B%7B7*7%7D%7D%3Cb%3E".replace("*", "%2A")),
        ("https://a.example:8443/x", "https://a.example:8443/x"),
        ("https://user:pw@a.example/x", "https://a.example/x"),
    ],
)
def test_a_link_is_the_same_in_both_parts_and_ascii(url: str, link: str) -> None:
    edition = content((article(url=url),))
    text, html = parts(assembler(edition).message(recipient(choice=b"\0"), NOW))
    page = lxml.html.fromstring(html)
    assert page.xpath('//p[@class="more"]/a/@href') == [link]
    assert page.xpath("//h2/a/@href") == [link]
    assert f"\nWeiterlesen: {link}\n" in text


@pytest.mark.parametrize("url", [None, "", "javascript:alert(1)", "data:text/html,x", "//a.example/x", "https://", "x"])
def test_what_is_no_web_link_is_no_link(url: str | None) -> None:
    text, html = parts(assembler(content((article(url=url),))).message(recipient(choice=b"\0"), NOW))
    assert "Weiterlesen" not in text
    assert "Weiterlesen" not in html
    assert lxml.html.fromstring(html).xpath("//h2")[0].text_content().strip() == article().title


def test_a_related_title_links_where_the_edition_has_its_article() -> None:
    one = article(0, related=(article(1).title, "Steht nirgends"))
    page = lxml.html.fromstring(parts(assembler(content((one, article(1)))).message(recipient(choice=b"\0"), NOW))[1])
    also = page.xpath('//p[@class="also"]')[0]
    assert also.text_content() == f"Lesen Sie auch: {article(1).title} · Steht nirgends"
    assert also.xpath("a/@href") == [article(1).url]


def test_a_snapshot_of_a_hostile_provider_is_plain_text() -> None:
    prices = msgspec.structs.replace(snapshot(), provider="<b>{{7*7}}")
    text, html = parts(assembler(content(1), prices).message(recipient(choice=b"\0"), NOW))
    assert "Quelle: <b>{{7*7}}\n" in text
    assert ">&lt;b&gt;{{7*7}}</a>" in html
