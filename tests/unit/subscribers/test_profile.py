from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscribers.errors import WrongValueError
from subscribers.model import Profile
from subscribers.profile import join_profiles, read_profile


@pytest.mark.parametrize(
    ("texts", "profile"),
    [
        ({}, Profile()),
        ({"first_name": " Anna\n", "last_name": "von der Heide", "title": "Dr."},
         Profile(first_name="Anna", last_name="von der Heide", title="Dr.")),
        ({"salutation": "frau", "form": "SIE"}, Profile(salutation="Frau", form="Sie")),
        ({"salutation": "Divers", "form": " du "}, Profile(salutation="divers", form="du")),
        ({"topics": "Politik; krypto;;politik; "}, Profile(topics=("politik", "krypto"))),
        ({"coins": "eth;BTC;eth"}, Profile(coins=("ETH", "BTC"))),
        ({"tags": "VIP;Messe, Köln"}, Profile(tags=("VIP", "Messe, Köln"))),
        ({"max_articles": "08"}, Profile(max_articles=8)),
        ({"max_articles": " "}, Profile()),
    ],
)  # fmt: skip
def test_read(texts: dict[str, str], profile: Profile) -> None:
    assert read_profile(texts) == profile


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("salutation", "Fräulein"),
        ("form", "ihr"),
        ("max_articles", "viele"),
        ("max_articles", "0"),
        ("max_articles", "-3"),
        ("max_articles", "1000"),
        ("max_articles", "4.5"),
        ("max_articles", "٣"),
        ("max_articles", "1_0"),
        ("coins", "BTC,ETH"),
        ("coins", "Bit coin"),
        ("first_name", "x" * 201),
        ("topics", "x" * 101),
        ("tags", ";".join(str(number) for number in range(101))),
    ],
)
def test_wrong_value_names_field_and_value(field: str, text: str) -> None:
    with pytest.raises(WrongValueError) as wrong:
        read_profile({field: text})
    assert wrong.value.field == field
    assert text[:8].lower() in str(wrong.value).lower()


def test_attributes_are_cleaned_and_empty_ones_left_out() -> None:
    profile = read_profile({}, {"stadt": " Köln\n", "notiz": " \n"})
    assert profile.attributes == {"stadt": "Köln"}
    with pytest.raises(WrongValueError):
        read_profile({}, {"notiz": "x" * 2001})


_texts = st.text("abäß", max_size=3)
_tuples = st.lists(_texts.filter(bool), unique=True, max_size=3).map(tuple)
_profiles = st.builds(
    Profile,
    first_name=_texts,
    salutation=st.sampled_from(["", "Frau", "divers"]),
    form=st.sampled_from(["", "Sie", "du"]),
    topics=_tuples,
    tags=_tuples,
    max_articles=st.none() | st.integers(1, 9),
    attributes=st.dictionaries(_texts, _texts, max_size=2),
)


@given(_profiles, _profiles)
def test_joining(known: Profile, stated: Profile) -> None:
    joined = join_profiles(known, stated)
    assert joined.first_name == (stated.first_name or known.first_name)
    assert joined.max_articles == (known.max_articles if stated.max_articles is None else stated.max_articles)
    assert joined.topics == (stated.topics or known.topics)
    assert set(joined.tags) == {*known.tags, *stated.tags}
    assert joined.attributes == {**known.attributes, **stated.attributes}
    assert join_profiles(joined, stated) == joined
    assert join_profiles(known, Profile()) == known
