"""An edition's frozen content -> its shell: once per form of address, never per recipient."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple, get_args

from jinja2 import TemplateRuntimeError

from digest.errors import TemplateError
from digest.model.edition import EditionContent
from digest.model.site import Form
from digest.render.checks import check_parts
from digest.render.environment import make_environment, render
from digest.render.limits import BoundedEnvironment
from digest.render.marks import Marks
from digest.render.mjml import compile_mjml
from digest.render.quoted import encode_piece
from digest.render.shell import Part, Shell
from digest.render.variables import edition_variables, subject_variables


class Tools(NamedTuple):
    """What compiling is done with. Whoever brings other ones answers for the same bytes coming out."""

    environment: Callable[[Mapping[str, str]], BoundedEnvironment] = make_environment
    html: Callable[[str, str, Marks], str] = lambda source, file, _marks: compile_mjml(source, file)
    encode: Callable[[str], bytes] = encode_piece


_TOOLS = Tools()


def compile_subject(content: EditionContent, tools: Tools = _TOOLS) -> str:
    """The edition's own subject by the look's `subject.txt.j2`, on one line. Raises TemplateError."""
    name = f"{content.newsletter.template}/subject.txt.j2"
    written = render(tools.environment(content.templates), name, subject_variables(content))
    return " ".join(word for word in re.split(r"[ \t\r\n]+", written) if word)  # U+00A0 stays what it is


def compile_edition(content: EditionContent, tools: Tools = _TOOLS) -> Shell:
    """The shell of `content`: same content, same bytes. Raises TemplateError with file and line."""
    environment = tools.environment(content.templates)
    look = content.newsletter.template
    content_hash = content.hash
    html: dict[Form, Part] = {}
    text: dict[Form, Part] = {}
    for form in get_args(Form):
        marks = Marks(f"x{content_hash[:12]}")
        name = f"{look}/edition.mjml.j2"
        source = render(environment, name, edition_variables(content, form, "html", marks))
        html[form] = _cut(marks, tools.html(source, name, marks), name, tools)
        marks = Marks(f"x{content_hash[:12]}")
        name = f"{look}/edition.txt.j2"
        source = render(environment, name, edition_variables(content, form, "text", marks))
        text[form] = _cut(marks, source, name, tools)
        check_parts(html[form], text[form], content)
    return Shell(content_hash=content_hash, html=html, text=text)


def _cut(marks: Marks, compiled: str, name: str, tools: Tools) -> Part:
    try:
        # A hard break comes last, whatever the template ends with: no part may end in a soft one (RFC 2045, 6.7).
        return marks.cut(f"{compiled.rstrip()}\n", tools.encode)
    except TemplateRuntimeError as problem:
        raise TemplateError(name, None, str(problem)) from problem
