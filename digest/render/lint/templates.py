"""What can be seen in the template files themselves, before anything is rendered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from jinja2 import TemplateSyntaxError, nodes

from digest.render.environment import make_environment
from digest.render.lint.findings import Finding, Place, found


def check_templates(templates: Mapping[str, str]) -> Iterator[Finding]:
    """Syntax, includes that do not exist, mj-include, and what switches escaping off; in every file, used or not."""
    environment = make_environment(templates)
    for name, source in templates.items():
        try:
            tree = environment.parse(source, name)
        except TemplateSyntaxError as problem:
            yield found("template", Place(name, problem.lineno), _line(source, problem.lineno), problem.message or "")
            continue
        yield from _check_includes(tree, name, templates)
        yield from _check_mj_include(environment.lex(source), name)
        if ".mjml." in name:
            yield from _check_escaping(tree, name, source)


def _line(source: str, number: int) -> str:
    lines = source.splitlines()
    return lines[number - 1] if 0 < number <= len(lines) else ""


def _check_includes(tree: nodes.Template, name: str, templates: Mapping[str, str]) -> Iterator[Finding]:
    kinds = (nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)
    for node in tree.find_all(kinds):
        named: nodes.Expr = node.template  # type: ignore[attr-defined]  # all four have one
        wanted = named.value if isinstance(named, nodes.Const) else None
        missing = [wanted] if isinstance(wanted, str) else list(wanted or ())
        if getattr(node, "ignore_missing", False) or any(each in templates for each in missing):
            continue
        for each in missing:
            yield found(
                "missing-include", Place(name, node.lineno), str(each), f"There is no template {each!r} to include."
            )


def _check_mj_include(tokens: Iterator[tuple[int, str, str]], name: str) -> Iterator[Finding]:
    for line, kind, text in tokens:
        place = text.find("<mj-include") if kind == "data" else -1
        while place >= 0:
            tag = text[place:].partition(">")[0] + ">"
            at = Place(name, line + text.count("\n", 0, place))
            yield found("mj-include", at, tag, "mj-include is refused: it could read any file of the machine.")
            place = text.find("<mj-include", place + 1)


def _check_escaping(tree: nodes.Template, name: str, source: str) -> Iterator[Finding]:
    for node in tree.find_all((nodes.Filter, nodes.ScopedEvalContextModifier)):
        off = isinstance(node, nodes.ScopedEvalContextModifier) or (
            isinstance(node, nodes.Filter) and node.name == "safe" and not isinstance(node.node, nodes.Const)
        )
        if off:
            problem = "Escaping is switched off here, so a source's text could become markup."
            yield found("unescaped", Place(name, node.lineno), _line(source, node.lineno), problem)
