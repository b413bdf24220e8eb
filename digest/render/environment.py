"""Jinja as templates get it: sandboxed, strict about names, bounded in steps, time and output."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import FunctionLoader, StrictUndefined, TemplateNotFound, TemplateSyntaxError
from jinja2 import TemplateError as JinjaError

from digest import german
from digest.errors import TemplateError
from digest.render.colours import readable
from digest.render.limits import MAX_OUTPUT, BoundedEnvironment
from digest.render.marks import FenceExtension
from digest.render.wording import shorten, wrap

#: A look is these three files in its folder.
TRIO = ("edition.mjml.j2", "edition.txt.j2", "subject.txt.j2")


def shipped_templates() -> Path:
    """The templates folder that comes with the package, installed or in a checkout."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "templates"
    return inside if inside.is_dir() else package.parent / "templates"


def read_templates(look: str, own_folder: Path | None) -> dict[str, str]:
    """Name -> text of every template that `look` can use: its own and `parts/`; the operator's folder wins by file.

    Raises TemplateError where the look has no folder or one of its three files is missing.
    """
    folders = [folder for folder in (shipped_templates(), own_folder) if folder is not None]
    texts: dict[str, str] = {}
    for folder in folders:
        for part in (look, "parts"):
            for file in sorted((folder / part).glob("*.j2")):
                try:
                    texts[f"{part}/{file.name}"] = file.read_text("utf-8")
                except (OSError, UnicodeDecodeError) as problem:
                    raise TemplateError(f"{part}/{file.name}", None, f"cannot be read: {problem}") from problem
    for name in TRIO:
        if f"{look}/{name}" not in texts:
            places = " or ".join(str(folder) for folder in folders)
            raise TemplateError(f"{look}/{name}", None, f"there is no such file under {places}")
    return texts


def make_environment(templates: Mapping[str, str]) -> BoundedEnvironment:
    """An environment over frozen template texts. MJML is escaped as XML, text is not escaped."""
    environment = BoundedEnvironment(
        # The second value is the file name, for the traceback that `_place` reads.
        loader=FunctionLoader(lambda name: (templates[name], name, None) if name in templates else None),
        autoescape=lambda name: bool(name) and ".mjml." in str(name),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        extensions=[FenceExtension],
    )
    environment.filters |= {
        "long_date": german.long_date,
        "short_date": german.short_date,
        "time_of_day": german.time_of_day,
        "join_words": german.join_words,
        "readable": readable,
        "shorten": shorten,
        "wrap": wrap,
    }
    environment.globals.pop("lipsum", None)
    return environment


def render(environment: BoundedEnvironment, name: str, variables: Mapping[str, Any]) -> str:
    """What the template `name` gives. Raises TemplateError with file and line, also where it writes without end."""
    written: list[str] = []
    size = 0
    environment.begin()
    try:
        for piece in environment.get_template(name).generate(variables):
            size += len(piece)
            if size > MAX_OUTPUT:
                raise TemplateError(name, None, f"writes more than {MAX_OUTPUT:,} characters")
            written.append(piece)
    except TemplateSyntaxError as problem:
        raise TemplateError(problem.name or name, problem.lineno, problem.message or "is not valid Jinja") from problem
    except TemplateNotFound as problem:
        raise TemplateError(name, None, f"the template {problem.name!r} that it includes does not exist") from problem
    except RecursionError as problem:
        raise TemplateError(*_place(problem, name), "a macro or an include calls itself without end") from problem
    except (JinjaError, ArithmeticError, AttributeError, TypeError, ValueError, LookupError) as problem:
        raise TemplateError(*_place(problem, name), str(problem)) from problem
    return "".join(written)


def _place(problem: BaseException, name: str) -> tuple[str, int | None]:
    """File and line of the innermost template frame; Jinja has put such frames into the traceback."""
    place: tuple[str, int | None] = (name, None)
    trace = problem.__traceback__
    while trace is not None:
        if "__jinja_exception__" in trace.tb_frame.f_globals:
            place = (trace.tb_frame.f_code.co_filename, trace.tb_lineno)
        trace = trace.tb_next
    return place
