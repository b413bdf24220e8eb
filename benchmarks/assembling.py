"""Assembling a recipient's message, against running the engines, or one compiled template, for each recipient."""

from __future__ import annotations

import time
from collections.abc import Callable
from html import escape

from markupsafe import Markup

from benchmarks.edition import COINS, NOW, SNAPSHOT, make_content, make_recipient
from benchmarks.one_template import OneTemplate
from benchmarks.reference import LINKS, chosen_blocks, recipient_values, write_message
from benchmarks.result import Result
from digest.model.delivery import Recipient
from digest.model.edition import EditionContent
from digest.render.assemble import Assembler
from digest.render.compiling import compile_edition
from digest.render.environment import make_environment, render
from digest.render.flow import WHY
from digest.render.marks import Marks
from digest.render.mjml import compile_mjml
from digest.render.variables import edition_variables

_OURS, _RENDERED, _COMPILED = 5_000, 300, 25
#: The rows of the market block, as the daily look names them.
_ROWS = {
    part: frozenset(
        f"coin:{coin}:{kind}{way}"
        for coin in COINS
        for kind in ("", "week:", *(("sparkline:",) if part == "html" else ()))
        for way in ("up", "down", "flat", "none")
    )
    for part in ("text", "html")
}


class Written(Marks):
    """Writes values and chosen blocks instead of marks: what a template engine does when it runs per recipient."""

    def __init__(self, values: dict[str, str], chosen: dict[str, tuple[str, ...]]) -> None:
        super().__init__("")
        self._values, self._chosen = values, chosen

    def slot(self, name: str) -> Markup:
        return Markup(escape(self._values[name]))  # noqa: S704

    def fence(self, group: str, name: object, content: str, *, comment: str) -> str:  # noqa: ARG002
        key = f"{group}:{name}"
        shown = key in self._chosen[group] if group in self._chosen else not group.startswith(WHY)
        return content if shown else ""


def measure() -> list[Result]:
    results = []
    for articles in (10, 30):
        content = make_content(articles)
        started = time.perf_counter()
        shell = compile_edition(content)
        compiled = time.perf_counter() - started
        assembler = Assembler(shell, content, 1, SNAPSHOT, LINKS)
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
    """The first reference: the same templates, engines and values, run for one recipient."""
    environment = make_environment(content.templates)
    written = {}
    for part, name in (("text", "edition.txt.j2"), ("html", "edition.mjml.j2")):
        marks = Written(recipient_values(recipient, content, part), chosen_blocks(recipient, _ROWS[part]))
        written[part] = render(environment, f"daily/{name}", edition_variables(content, recipient.form, part, marks))
    return write_message(recipient, content, written["text"], compile_mjml(written["html"], "edition.mjml.j2"))
