"""A look with one content through every check."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from html import unescape
from typing import get_args

from msgspec.structs import replace

from digest.errors import TemplateError
from digest.model.edition import EditionContent
from digest.model.site import Form
from digest.render.compiling import compile_edition, compile_subject
from digest.render.lint.contrast import check_contrast, with_text_marks
from digest.render.lint.editorial import check_credits
from digest.render.lint.fences import check_fences
from digest.render.lint.findings import Finding, Place, found, in_order
from digest.render.lint.loads import check_compiled_loads, check_loads
from digest.render.lint.rendition import Check, Rendition
from digest.render.lint.required import check_required
from digest.render.lint.size import check_size
from digest.render.lint.slots import check_slots
from digest.render.lint.styles import check_styles, once_each
from digest.render.lint.templates import check_templates
from digest.render.lint.textpart import check_text
from digest.render.lint.vocabulary import check_vocabulary
from digest.render.mjml import compile_mjml
from digest.render.shell import Shell

#: What is looked for in the MJML and the text as the template wrote them.
CHECKS: tuple[Check, ...] = (
    check_vocabulary,
    check_fences,
    check_slots,
    check_required,
    check_styles,
    check_loads,
    check_text,
)
_LONG_TITLE = "Ein sehr langer Titel, der zeigt, ob der Betreff gekürzt wird " * 4


def check_look(contents: Iterable[EditionContent], where: str = "") -> list[Finding]:
    """Every finding about the look that `contents` share, in order. Nothing is raised for what a template does wrong.

    `where` names the edition that the contents are of, for findings about its articles.
    """
    findings: list[Finding] = []
    for place, content in enumerate(contents):
        if not place:
            findings += check_templates(content.templates)
            findings += _check_subject_template(content)
        findings += _check_content(content, where)
    return in_order(_without_doubles(findings))


def _check_content(content: EditionContent, where: str) -> Iterator[Finding]:
    shell: Shell | None = None
    refused: TemplateError | None = None
    try:
        shell = compile_edition(content)
    except TemplateError as problem:
        refused = problem
    if shell is not None:
        yield from check_size(shell, content)
    judged: list[str] = []
    for form in get_args(Form):
        try:
            rendition = Rendition(content, form)
        except TemplateError as problem:
            yield _refused(problem)
            continue
        if refused is not None:
            yield _placed(refused, rendition)
            refused = None
        yield from once_each(finding for check in CHECKS for finding in check(rendition))
        painted = _painted(rendition)
        if painted not in judged:
            judged.append(painted)
            yield from _check_compiled(rendition, where)
    if refused is not None:
        yield _refused(refused)


def _painted(rendition: Rendition) -> str:
    """What decides colours and pictures: all but the words, of which only their being there counts."""
    text = rendition.html.text
    return "".join(
        "…" if token.kind == "text" and text[token.start : token.end].strip() else text[token.start : token.end]
        for token in rendition.tree.tokens
        if token.kind != "comment"
    )


def _check_compiled(rendition: Rendition, where: str) -> Iterator[Finding]:
    source, offsets = with_text_marks(rendition)
    try:
        html = compile_mjml(source, rendition.html.name)
    except TemplateError as problem:
        yield _refused(problem)
        return
    yield from check_contrast(rendition, html, offsets)
    yield from check_compiled_loads(rendition, html)
    if where:
        yield from check_credits(rendition.content.articles, unescape(html), where)


def _check_subject_template(content: EditionContent) -> Iterator[Finding]:
    """The subject must fit whatever the first headline is, and exist where there is none."""
    name = f"{content.newsletter.template}/subject.txt.j2"
    long = tuple(replace(article, title=_LONG_TITLE) for article in content.articles)
    for articles in (content.articles, long, ()):
        try:
            subject = compile_subject(replace(content, articles=articles))
        except TemplateError as problem:
            yield _refused(problem)
            return
        if not subject:
            yield found("subject-template", Place(name), "", "The subject can be empty.")
        elif len(subject) > 78:
            problem_text = f"With a long title the subject has {len(subject)} characters; 78 is the most."
            yield found("subject-template", Place(name), subject, problem_text)


def _refused(problem: TemplateError) -> Finding:
    return found("template", Place(problem.file, problem.line), "", problem.problem)


def _placed(problem: TemplateError, rendition: Rendition) -> Finding:
    """What cutting into blocks refuses names a block, and so the line of its last fence."""
    named = re.match(r"the block (\S+)", problem.problem)
    for rendered, marks in ((rendition.html, rendition.html_marks), (rendition.text, rendition.text_marks)):
        if named and problem.line is None and rendered.name == problem.file:
            for mark in reversed(list(marks.mark.finditer(rendered.text))):
                if mark[1] == "o" and ":".join(marks.fences[int(mark[2])]) == named[1]:
                    return found("template", rendered.at(mark.start()), "", problem.problem)
    return _refused(problem)


def _without_doubles(findings: list[Finding]) -> Iterator[Finding]:
    """What Jinja or MRML says of a mistake that another check has found and placed is left out."""
    rules = {finding.rule for finding in findings}
    said: tuple[tuple[str, Callable[[str], bool]], ...] = (
        ("mj-include", lambda problem: problem.startswith("mj-include")),
        ("missing-include", lambda problem: "that it includes does not exist" in problem),
        ("malformed", lambda problem: problem.startswith("MJML does not compile")),
    )
    for finding in findings:
        doubled = any(rule in rules and is_same(finding.problem) for rule, is_same in said)
        if finding.rule != "template" or not doubled:
            yield finding
