"""One subscriber's own edition."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.compose.personal import Composer, choose_articles, choose_coins, choose_subject
from digest.model.article import Article
from digest.model.edition import EditionContent, EditionKind
from digest.model.newsletter import Newsletter
from digest.model.site import Site
from subscribers.model import Subscriber

TOPICS = [("politik",), ("wirtschaft",), ("krypto", "wirtschaft"), (), ("politik",)]


def content(
    topics: list[tuple[str, ...]] = TOPICS, titles: list[str] | None = None, at_hour: int = 5, **newsletter: object
) -> EditionContent:
    names = titles or [f"Titel {number}" for number in range(len(topics))]
    return EditionContent(
        site=Site(name="Probeblatt", form="Sie"),
        newsletter=Newsletter(slug="morgen", name="Der Morgen", lists=("morgen",), **newsletter),  # type: ignore[arg-type]
        kind=EditionKind.REGULAR,
        date=date(2026, 3, 6),
        at=datetime(2026, 3, 6, at_hour, 30, tzinfo=UTC),
        subject="Betreff der Ausgabe",
        articles=tuple(Article(title=name, source="s", topics=own) for name, own in zip(names, topics, strict=True)),
        coins=("BTC", "ETH", "LTC"),
        currency="EUR",
        templates={},
    )


def subscriber(**values: object) -> Subscriber:
    fields: dict[str, object] = {
        "id": 1,
        "handle": "00" * 8,
        "email": "a@probe.example",
        "first_name": "",
        "last_name": "",
        "title": "",
        "salutation": "",
        "form": "",
        "topics": (),
        "coins": (),
        "max_articles": None,
        "tags": (),
        "attributes": {},
        "created_at": datetime(2026, 1, 1, tzinfo=UTC),
    }
    return Subscriber(**fields | values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("topics", "limit", "expected"),
    [
        pytest.param((), None, [0, 1, 2, 3, 4], id="no wish: the edition's order"),
        pytest.param(("politik",), None, [0, 4, 1, 2, 3], id="own topic first"),
        pytest.param(("wirtschaft", "krypto"), None, [1, 2, 0, 3, 4], id="the order of the topics says nothing"),
        pytest.param(("POLITIK",), None, [0, 4, 1, 2, 3], id="in any letter case"),
        pytest.param(("sport",), None, [0, 1, 2, 3, 4], id="a topic that nobody wrote about"),
        pytest.param(("politik",), 3, [0, 4, 1], id="own limit cuts what comes last"),
        pytest.param((), 99, [0, 1, 2, 3, 4], id="more than there are"),
        pytest.param((), 1, [0], id="one"),
    ],
)
def test_choice(topics: tuple[str, ...], limit: int | None, expected: list[int]) -> None:
    assert list(choose_articles(content(), topics, limit)) == expected


def test_without_a_limit_of_ones_own_the_newsletters_holds() -> None:
    assert list(choose_articles(content(max_articles=2), (), None)) == [0, 1]
    assert list(choose_articles(content(max_articles=2), (), 4)) == [0, 1, 2, 3]


TOPIC = st.sampled_from(("politik", "krypto", "kultur", "sport"))


@given(
    st.lists(st.lists(TOPIC, max_size=2).map(tuple), max_size=60),
    st.lists(TOPIC, max_size=3).map(tuple),
    st.one_of(st.none(), st.integers(1, 70)),
)
def test_a_choice_is_a_stable_partition(
    topics: list[tuple[str, ...]], wanted: tuple[str, ...], limit: int | None
) -> None:
    edition = content(topics, max_articles=60)
    chosen = list(choose_articles(edition, wanted, limit))
    assert len(chosen) == min(len(topics), limit or 60)
    assert len(set(chosen)) == len(chosen)
    own = [bool(set(topics[number]) & set(wanted)) for number in chosen]
    assert own == sorted(own, reverse=True)
    for group in (True, False):
        of_group = [number for number, is_own in zip(chosen, own, strict=True) if is_own is group]
        assert of_group == sorted(of_group)
    if not all(own):
        assert sum(own) == sum(bool(set(each) & set(wanted)) for each in topics)


@pytest.mark.parametrize(
    ("coins", "expected"),
    [
        ((), ("BTC", "ETH", "LTC")),
        (("LTC", "BTC"), ("LTC", "BTC")),
        (("ETH", "ETH", "BTC"), ("ETH", "BTC")),
        (("DOGE", "BTC"), ("BTC",)),
        (("DOGE",), ()),
    ],
)
def test_coins_are_ones_own_in_ones_own_order(coins: tuple[str, ...], expected: tuple[str, ...]) -> None:
    assert choose_coins(content(), coins) == expected


LONG = "Bundestag streitet über Haushalt, Koalition ringt um Mehrheit – und die Zeit drängt"


@pytest.mark.parametrize(
    ("subject", "choice", "titles", "expected"),
    [
        ("edition", [1], ["A", "B"], "Betreff der Ausgabe"),
        ("personal", [1, 0], ["A", "B"], "B"),
        ("personal", [], ["A", "B"], "Betreff der Ausgabe"),
        ("personal", [0], [LONG, "B"], "Bundestag streitet über Haushalt, Koalition ringt um …"),
        ("personal", [0], ["x" * 80, "B"], "x" * 58 + " …"),
        ("personal", [0], ["y" * 60, "B"], "y" * 60),
    ],
)
def test_subjects(subject: str, choice: list[int], titles: list[str], expected: str) -> None:
    edition = content([(), ()], titles, subject=subject)
    assert choose_subject(edition, bytes(choice)) == expected


def test_a_recipient_has_everything_of_their_own() -> None:
    person = subscriber(
        first_name="Eva", last_name="Weber", title="Dr.", salutation="Frau", topics=("krypto",), coins=("LTC",),
        max_articles=2,
    )  # fmt: skip
    recipient = Composer(content()).compose(person)
    assert recipient.address == "a@probe.example"
    assert recipient.name == "Eva Weber"
    assert recipient.greeting == "Guten Morgen, Frau Dr. Weber,"
    assert list(recipient.choice) == [2, 0]
    assert recipient.coins == ("LTC",)
    assert recipient.form == "Sie"
    assert recipient.subject == "Betreff der Ausgabe"


@pytest.mark.parametrize(
    ("values", "form", "greeting"),
    [
        ({"first_name": "Anna", "form": "du"}, "du", "Guten Morgen, Anna,"),
        ({"first_name": "Kim", "last_name": "Weber", "salutation": "divers"}, "Sie", "Guten Morgen, Kim Weber,"),
    ],
)
def test_ones_own_form_of_address(values: dict[str, object], form: str, greeting: str) -> None:
    recipient = Composer(content()).compose(subscriber(**values))
    assert (recipient.form, recipient.greeting) == (form, greeting)


def test_somebody_without_a_name_gets_a_greeting_that_guesses_nothing() -> None:
    recipient = Composer(content()).compose(subscriber())
    assert recipient.name == ""
    assert "Herr" not in recipient.greeting
    assert "Frau" not in recipient.greeting
    assert recipient.greeting
