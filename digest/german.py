"""How a German paper writes dates, numbers, salutations and typography. Pure; names are taken as hostile.

Numbers are rounded half up, away from zero (DIN 1333), as readers do it by hand. A figure that is missing, NaN,
infinite or beyond 10^15 is written as `MISSING`, so that "nan €" can never be printed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Sequence
from datetime import date, datetime, time
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Final

from digest.model.site import Form
from subscribers.cleaning import nfc

NO_BREAK: Final = "\u00a0"
MINUS: Final = "\u2212"
MISSING: Final = "–"
NEUTRAL_GREETING: Final = "Liebe Leserin, lieber Leser,"

WEEKDAYS: Final = ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag")
MONTHS: Final = (
    *("Januar", "Februar", "März", "April", "Mai", "Juni"),
    *("Juli", "August", "September", "Oktober", "November", "Dezember"),
)
CURRENCY_SIGNS: Final = {"EUR": "€", "USD": "$", "GBP": "£"}

_EXACT: Final = Context(prec=60, rounding=ROUND_HALF_UP)
_TO_GERMAN: Final = str.maketrans(",.", ".,")
_LONGEST_NAME: Final = 80
_WORDS_A_MINUTE: Final = 200


def long_date(day: date) -> str:
    """ "Freitag, 17. Oktober 2025"."""
    return f"{WEEKDAYS[day.weekday()]}, {short_date(day)}"


def short_date(day: date) -> str:
    """ "17. Oktober 2025"."""
    return f"{day.day}. {MONTHS[day.month - 1]} {day.year}"


def weekday_date(day: date) -> str:
    """ "Montag, 16. November": for dates that are near."""
    return f"{WEEKDAYS[day.weekday()]}, {day.day}. {MONTHS[day.month - 1]}"


def date_range(first: date, last: date) -> str:
    """ "16. bis 22. November 2026", "28. November bis 4. Dezember 2026"; one day as `short_date` has it."""
    if first == last:
        return short_date(last)
    month = "" if (first.year, first.month) == (last.year, last.month) else f" {MONTHS[first.month - 1]}"
    year = "" if first.year == last.year else f" {first.year}"
    return f"{first.day}.{month}{year} bis {short_date(last)}"


def on_weekdays(days: Collection[int]) -> str:
    """ "montags bis freitags", "samstags", "montags, mittwochs und freitags", "täglich"; Monday is 0."""
    numbers = sorted(set(days))
    if len(numbers) == len(WEEKDAYS):
        return "täglich"
    names = [f"{WEEKDAYS[number].lower()}s" for number in numbers]
    if len(numbers) > 2 and numbers[-1] - numbers[0] == len(numbers) - 1:
        return f"{names[0]} bis {names[-1]}"
    return join_words(names)


def time_of_day(moment: datetime | time) -> str:
    """ "6.30 Uhr", "14.00 Uhr": minutes always, seconds never; in the zone that `moment` already has."""
    return f"{moment.hour}.{moment.minute:02} Uhr"


def _usable(value: Decimal | None) -> bool:
    return value is not None and value.is_finite() and (value.is_zero() or value.adjusted() < 15)


def _decimal(value: Decimal, places: int, plus: str = "") -> str:
    """With a real minus, with `plus` before what is above zero, and no sign at all once it rounds to zero."""
    rounded = value.quantize(Decimal(1).scaleb(-places), context=_EXACT)
    digits = format(rounded.copy_abs(), ",f").translate(_TO_GERMAN)
    sign = "" if rounded.is_zero() else MINUS if rounded.is_signed() else plus
    return sign + digits


def percent(value: Decimal | None, places: int = 1) -> str:
    """For tables: "+2,4 %", "−1,3 %", "0,0 %" (no direction, so no sign), U+00A0 before the %; `value` in percent."""
    return f"{_decimal(value, places, '+')}{NO_BREAK}%" if value is not None and _usable(value) else MISSING


def percent_words(value: Decimal | None, places: int = 1) -> str:
    """For sentences: "2,4 Prozent", "−1,3 Prozent". Give it the absolute value where the verb says the direction."""
    return f"{_decimal(value, places)} Prozent" if value is not None and _usable(value) else MISSING


def price(value: Decimal | None, currency: str) -> str:
    """ "63.412 €" from 1.000, "84,20 €" below, "0,00123 €" (three digits that count) below a cent; "1.000 CHF".

    The rounded figure decides: 999,996 is "1.000 €". `currency` is an ISO 4217 code; U+00A0 before sign or code.
    """
    if value is None or not _usable(value):
        return MISSING
    code = clean_name(currency)
    places = 2
    if value.quantize(Decimal("0.01"), context=_EXACT).copy_abs() >= 1000:
        places = 0
    elif not value.is_zero() and -12 <= value.adjusted() < -2:
        places = 2 - value.adjusted()
    figure = _decimal(value, places)
    if places > 2:
        whole, _, tail = figure.partition(",")
        figure = f"{whole},{tail.rstrip('0'):0<2}"
    return f"{figure}{NO_BREAK}{CURRENCY_SIGNS.get(code.upper(), code)}"


def number(count: int) -> str:
    """ "999", "1.000", "10.000", "−5"."""
    digits = f"{abs(count):,}".translate(_TO_GERMAN)
    return f"{MINUS}{digits}" if count < 0 else digits


def plural(count: int, one: str, many: str) -> str:
    """Figure and noun: plural(1, "Nachricht", "Nachrichten") is "1 Nachricht"; 0 and 2 take the other."""
    return f"{number(count)} {one if count == 1 else many}"


def join_words(words: Sequence[str]) -> str:
    """ "a", "a und b", "a, b und c"; nothing for nothing."""
    return " und ".join(part for part in (", ".join(words[:-1]), *words[-1:]) if part)


def reading_minutes(words: int) -> int:
    """Whole minutes at 200 words a minute, rounded up, at least 1."""
    return max(1, -(-words // _WORDS_A_MINUTE))


def opening(at: time) -> str:
    """The one greeting of a newsletter by its planned time, for mails are opened later."""
    if at < time(11):
        return "Guten Morgen"
    return "Guten Tag" if at < time(18) else "Guten Abend"


_TITLE = (
    r"(?:(?:[a-zäöü]{2,5}\.?-?\s?)??prof(?:essor(?:in)?)?|d?dr|doktor(?:in)?)\b\.?(?:\s?in\b)?(?:-ing\.)?"
    r"|(?:h\.\s?c|e\.\s?h|med|jur|iur|phil|rer|nat|pol|oec|dent|vet|theol|mult|univ|habil)\."
)
_TITLES_BEFORE_NAME = re.compile(rf"(?:(?:{_TITLE})\s*)+(?=\S)", re.IGNORECASE)
_TITLE_RANKS = (
    ("Prof.", re.compile(r"\bprof(?:essor|\b)", re.IGNORECASE)),
    ("Dr.", re.compile(r"\bd?dr\b|\bdoktor", re.IGNORECASE)),
)
_NO_NAME = re.compile(r"://|www\.|@", re.IGNORECASE)


def clean_name(text: str) -> str:
    """On one line, NFC, without control, format, private or surrogate characters."""
    if text.isprintable():  # which none of them is
        return " ".join(nfc(text).split())
    spaced = re.sub(r"\s+", " ", text)
    kept = "".join(sign for sign in spaced if unicodedata.category(sign)[0] != "C")
    return " ".join(nfc(kept).split())


def _name(text: str) -> str:
    """The name, or "" for what is none: without a letter, an address, or longer than any name."""
    name = clean_name(text)
    named = len(name) <= _LONGEST_NAME and any(sign.isalpha() for sign in name) and not _NO_NAME.search(name)
    return name if named else ""


def _split_titles(name: str) -> tuple[str, str]:
    found = _TITLES_BEFORE_NAME.match(name)
    return (found[0], name[found.end() :]) if found else ("", name)


def greeting(
    opening: str, form: Form, *, first_name: str = "", last_name: str = "", title: str = "", salutation: str = ""
) -> str:
    """The line that a message begins with; see `continues_lower` for what follows it.

    Sie: "Guten Morgen, Frau Dr. Weber," (only the highest title; "von der" belongs to `last_name`); divers with both
    names: "Guten Tag, Kim Weber,"; else NEUTRAL_GREETING, for nobody's gender is guessed. du: "Guten Morgen, Anna," or
    "Guten Morgen!". Titles that were typed into a name count as titles.
    """
    start = clean_name(opening) or "Guten Tag"
    typed_first, first = _split_titles(_name(first_name))
    typed_last, last = _split_titles(_name(last_name))
    if form == "du":
        return f"{start}, {first}," if first else f"{start}!"
    kind = clean_name(salutation).casefold()
    address = {"frau": "Frau", "herr": "Herr"}.get(kind, "")
    if not last or not (address or (kind == "divers" and first)):
        return NEUTRAL_GREETING
    titles = f"{clean_name(title)[:_LONGEST_NAME]} {typed_first} {typed_last}"
    highest = next((short for short, pattern in _TITLE_RANKS if pattern.search(titles)), "")
    parts = (address, highest, last) if address else (highest, first, last)
    return f"{start}, {' '.join(part for part in parts if part)},"


def continues_lower(greeting: str) -> bool:
    """Whether the sentence after it begins in lower case: yes after a comma, no after "!"."""
    return greeting.endswith(",")


_ELISION = r"(?:n|ne|nen|nem|ner|s|ran|rauf|raus|rein|rüber|rum|runter)\b"
_ABBREVIATIONS = ("z. B.", "d. h.", "u. a.", "v. a.", "z. T.", "i. d. R.", "o. ä.", "u. ä.", "h. c.", "a. D.")
_ABBREVIATED = "|".join(short.replace(".", r"\.").replace(" ", f"[ {NO_BREAK}]?") for short in _ABBREVIATIONS)

_Rule = tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]]
_RULES: tuple[_Rule, ...] = (
    (
        re.compile(r"(?<![^\s(\[{/–—-])\"(?=\S)([^\"\n]*?\S)\"(?!\w)"),
        lambda found: f"„{found[1].translate(str.maketrans('„“', '‚‘'))}“",
    ),
    (re.compile(rf"(?<![^\s(\[{{/–—„-])'(?!{_ELISION})(?=\S)([^'\n]*?\S)'(?!\w)"), r"‚\1‘"),
    (re.compile(r"(?<!\.)\.{3}(?!\.)"), "…"),
    (re.compile(r"(?<=\S) - (?=\S)"), " – "),
    (re.compile(r"(?<=\d) (?=[%€]|(?:Min|Std|Sek|Mio|Mrd|Tsd)\.)"), NO_BREAK),
    (re.compile(r"(?<=§) (?=\d)|(?<=\bAbs\.) (?=\d)|(?<=\bNr\.) (?=\d)"), NO_BREAK),
    (
        re.compile(rf"(?<![\w.])(?:{_ABBREVIATED})(?!\w)", re.IGNORECASE),
        lambda found: NO_BREAK.join(re.findall(r"\w+\.", found[0])),
    ),
)


def typography(text: str) -> str:
    """Our own and editors' text: „…“ and ‚…‘ where a pair is clear, …, –, U+00A0 in "5 Min.", "2,4 %", "z. B.".

    Idempotent: the rules are applied until nothing changes, and each of them only ever uses signs up.
    """
    before = None
    while text != before:
        before = text
        for pattern, replacement in _RULES:
            text = pattern.sub(replacement, text)
    return text
