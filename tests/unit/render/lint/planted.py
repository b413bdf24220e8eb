"""Copies of the shipped `daily` look with one mistake planted, and what the checks say of them."""

from __future__ import annotations

import re
from typing import Any

from digest.render.lint.findings import Finding
from digest.render.lint.look import check_look
from tests.unit.render.made_up import content, shipped

MJML = "daily/edition.mjml.j2"
TEXT = "daily/edition.txt.j2"
#: Lines of a part before the planted one.
_ABOVE = "{# A part of its own. #}\n\n"


def with_body(snippet: str) -> dict[str, str]:
    """`snippet` as the last lines of mj-body."""
    return with_text(MJML, "</mj-body>", f"\n{snippet}\n</mj-body>")


def with_column(*snippets: str) -> dict[str, str]:
    """Each of `snippets` within a section of its own, fenced."""
    return with_body(
        "\n".join(
            f'{{% fence "planted{number}" %}}\n<mj-section mj-class="paper">\n<mj-column>\n'
            f"{snippet}\n</mj-column>\n</mj-section>\n{{% endfence %}}"
            for number, snippet in enumerate(snippets)
        )
    )


def with_parts(*snippets: str) -> dict[str, str]:
    """Each of `snippets` on the third line of an included part of its own."""
    parts = {f"parts/planted{number}.mjml.j2": f"{_ABOVE}{snippet}\n" for number, snippet in enumerate(snippets)}
    return with_column(*(f'{{% include "{name}" %}}' for name in parts)) | parts


def with_text(file: str, old: str, new: str) -> dict[str, str]:
    """The templates with every `old` in `file` as `new`."""
    templates = dict(shipped())
    assert old in templates[file]
    return templates | {file: templates[file].replace(old, new)}


def without(file: str, *patterns: str) -> dict[str, str]:
    """The templates without what each of `patterns` matches in any file of that kind."""
    kind = file.rpartition("edition")[2]
    templates = dict(shipped())
    for pattern in patterns:
        before = dict(templates)
        for name, text in before.items():
            if name.endswith(kind):
                templates[name] = re.sub(pattern, "", text, flags=re.DOTALL)
        assert templates != before, pattern
    return templates


def line_of(templates: dict[str, str], file: str, snippet: str) -> int:
    """The line of `file` on which `snippet` begins."""
    return templates[file].count("\n", 0, templates[file].index(snippet)) + 1


def findings(templates: dict[str, str], articles: int = 2, **changes: Any) -> list[Finding]:
    return check_look([content(articles, templates=templates, **changes)])


def of_rule(found: list[Finding], rule: str) -> list[Finding]:
    return [finding for finding in found if finding.rule == rule]
