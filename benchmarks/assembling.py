"""Assembling a recipient's message, against running the engines, or one compiled template, for each recipient."""

from __future__ import annotations

import time
from collections.abc import Callable
from email.message import EmailMessage
from email.utils import format_datetime
from html import escape

from markupsafe import Markup

from benchmarks.edition import COINS, NOW, PICTURES, ROWS, SNAPSHOT, attach_pictures, make_content, make_recipient
from benchmarks.one_template import OneTemplate
from benchmarks.result import Result
from digest.links import Links
from digest.model.delivery import Recipient
from digest.model.edition import EditionContent
from digest.render.assemble import Assembler
from digest.render.compiling import compile_edition
from digest.render.environment import make_environment, render
from digest.render.marks import Marks
from digest.render.mjml import compile_mjml
from digest.render.prices import coin_blocks, price_values
from digest.render.related import picture_slots
from digest.render.variables import edition_variables

_OURS, _RENDERED, _COMPILED = 5_000, 300, 25
_LINKS = Links("https://messung.example", bytes(32))


class Written(Marks):
    """Writes values and chosen blocks instead of marks: what a template engine does when it runs per recipient."""

    def __init__(self, values: dict[str, str], chosen: dict[str, tuple[str, ...]]) -> None:
        super().__init__("")
        self._values, self._chosen = values, chosen

    def slot(self, name: str) -> Markup:
        return Markup(escape(self._values[name]))  # noqa: S704

    def fence(self, group: str, name: object, content: str, *, comment: str) -> str:  # noqa: ARG002
        shown = group not in self._chosen or f"{group}:{name}" in self._chosen[group]
        return content if shown else ""


def measure() -> list[Result]:
    results = []
    for articles in (10, 30):
        content = make_content(articles)
        started = time.perf_counter()
        shell = compile_edition(content)
        compiled = time.perf_counter() - started
        assembler = Assembler(shell, content, 1, SNAPSHOT, _LINKS)
        people = [make_recipient(number, articles) for number in range(_OURS)]
        ours = _rate(lambda person, made=assembler: made.message(person, NOW).data, people)
        per_recipient = _rate(lambda person, of=content: compile_for_one(of, person), people[:_COMPILED])
        templates = OneTemplate(shell, content)
        one_template = _rate(lambda person, made=templates: made.message(person), people[:_RENDERED])
        size = len(assembler.message(people[0], NOW).data)
        what = f"messages/s, 10 of {articles} articles, {size / 1000:.0f} KB"
        for reference, rate, aim in (
            ("Jinja + MJML + premailer per recipient", per_recipient, "1,000 or more"),
            ("one compiled Jinja template + EmailMessage", one_template, "50 or more"),
        ):
            results.append(
                Result(
                    what=what,
                    figure=f"{ours:,.0f}",
                    reference=reference,
                    reference_figure=f"{rate:,.1f}",
                    ratio=ours / rate,
                    aim=aim,
                )
            )
        results.append(
            Result(
                what=f"compiling {articles} articles, Sie and du, once",
                figure=f"{compiled * 1000:,.0f} ms",
                reference="one message of the first reference",
                reference_figure=f"{1000 / per_recipient:,.0f} ms",
                ratio=compiled * per_recipient,
                aim="10 or less",
            )
        )
    return results


def _rate(make: Callable[[Recipient], bytes], people: list[Recipient]) -> float:
    make(people[0])
    started = time.perf_counter()
    for person in people:
        make(person)
    return len(people) / (time.perf_counter() - started)


def compile_for_one(content: EditionContent, recipient: Recipient) -> bytes:
    """The reference: the same templates, engines and values, run for one recipient."""
    environment = make_environment(content.templates)
    handle = recipient.handle
    values = price_values(SNAPSHOT, content, text=False) | picture_slots(PICTURES)
    values |= {
        "greeting": recipient.greeting,
        "preheader": content.articles[0].title,
        "unsubscribe_url": _LINKS.unsubscribe(handle, 1),
        "settings_url": _LINKS.settings(handle, 1),
        "address": recipient.address,
        "number": "1",
    }
    chosen: dict[str, tuple[str, ...]] = {
        "stale": (),
        "lead": (f"lead:{recipient.choice[0]}",),
        "card": tuple(f"card:{article}" for article in recipient.choice[1:]),
        "intro": ("intro:lower",),
    }
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = content.site.sender, recipient.address, recipient.subject
    message["Date"] = format_datetime(NOW)
    for part, name in (("text", "edition.txt.j2"), ("html", "edition.mjml.j2")):
        chosen["coin"] = coin_blocks(SNAPSHOT, recipient.coins or COINS, ROWS[part])
        variables = edition_variables(content, recipient.form, part, Written(values, chosen))
        rendered = render(environment, f"daily/{name}", variables)
        if part == "text":
            message.set_content(rendered)
        else:
            message.add_alternative(compile_mjml(rendered, name), subtype="html")
    attach_pictures(message, recipient)
    return message.as_bytes()
