"""Compiling one edition again and again while it is edited: what did not change is not made anew, byte by byte.

Jinja's own compilation of the templates, encoded pieces, and the HTML of articles' blocks are kept. Every block being
fenced, its HTML depends on its own MJML, on the head and on what stands around it, and on nothing else; so new blocks
are made in a document that has but them in it, and one of each build, whose widths and styles the head needs. Where a
style sheet looks at a block's neighbours, everything is compiled as it always is.
"""

from __future__ import annotations

import re
import threading
from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from digest.model.edition import EditionContent
from digest.render.compiling import Tools, compile_edition, compile_subject
from digest.render.environment import make_environment
from digest.render.limits import BoundedEnvironment
from digest.render.marked_blocks import MarkedBlock, find_blocks, in_html, without
from digest.render.marks import Marks
from digest.render.mjml import compile_mjml
from digest.render.quoted import encode_piece
from digest.render.shell import Shell
from digest.render.wording import wrap

_MOST_BLOCKS = 1_000
_MOST_PIECES = 4_096
_MOST_LOOKS = 8
_STYLE = re.compile(r"<mj-style\b[^>]*>(.*?)</mj-style>", re.DOTALL)
_DECLARATIONS = re.compile(r"\{[^{}]*\}")
#: Selectors by which one block's look may depend on another block.
_NEIGHBOURS = re.compile(r"[+~]|:(?:first|last|nth|only|empty|has|not|is|where)\b")


class QuickCompiler:
    """Compiles as `compile_edition` does, to the same bytes. May be used from several threads, one at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._environments: OrderedDict[tuple[tuple[str, str], ...], BoundedEnvironment] = OrderedDict()
        self._html_of: OrderedDict[tuple[str, str], str] = OrderedDict()
        self._tools = Tools(self._environment, self._html, lru_cache(maxsize=_MOST_PIECES)(encode_piece))

    def edition(self, content: EditionContent) -> Shell:
        """Raises TemplateError."""
        with self._lock:
            return compile_edition(content, self._tools)

    def subject(self, content: EditionContent) -> str:
        """Raises TemplateError."""
        with self._lock:
            return compile_subject(content, self._tools)

    def _environment(self, templates: Mapping[str, str]) -> BoundedEnvironment:
        key = tuple(sorted(templates.items()))
        environment = self._environments.get(key)
        if environment is None:
            environment = make_environment(dict(templates))
            environment.filters["wrap"] = lru_cache(maxsize=_MOST_PIECES)(wrap)
        _keep(self._environments, {key: environment}, _MOST_LOOKS)
        return environment

    def _html(self, source: str, file: str, marks: Marks) -> str:
        blocks = find_blocks(source, marks)
        if not blocks or _looks_around(source):
            return compile_mjml(source, file)
        needed = [*_one_of_each_build(blocks), *(block for block in blocks if block.key not in self._html_of)]
        fences = {block.fence for block in needed}
        left_out = [block for block in blocks if block.fence not in fences]
        compiled = compile_mjml(without(source, [(block.start, block.end) for block in left_out]), file)
        made = {}
        for block in blocks:
            if block.fence in fences:
                start, end = in_html(block.fence, marks)(compiled)
                made[block.key] = block.renumbered(compiled[start:end], marks)
        known = {block.key: self._html_of[block.key] for block in left_out}
        _keep(self._html_of, known | made, _MOST_BLOCKS)
        return _put_back(compiled, blocks, fences, known, marks)


def _one_of_each_build(blocks: Iterable[MarkedBlock]) -> list[MarkedBlock]:
    return list({(block.group, block.around, block.build): block for block in blocks}.values())


def _put_back(
    compiled: str, blocks: Sequence[MarkedBlock], there: set[int], known: Mapping[tuple[str, str], str], marks: Marks
) -> str:
    """The whole page: a block that was left out goes behind the last one of its group that is there, or before it."""
    inserted: dict[int, list[str]] = defaultdict(list)
    behind: dict[str, int] = {}
    before: dict[str, list[str]] = defaultdict(list)
    for block in blocks:
        if block.fence in there:
            start, end = in_html(block.fence, marks)(compiled)
            inserted[start] += before.pop(block.group, [])
            behind[block.group] = end
        else:
            html = block.numbered(known[block.key], marks)
            (inserted[behind[block.group]] if block.group in behind else before[block.group]).append(html)
    pieces, place = [], 0
    for at in sorted(inserted):
        pieces += [compiled[place:at], *inserted[at]]
        place = at
    return "".join((*pieces, compiled[place:]))


def _looks_around(source: str) -> bool:
    """Whether a rule of the document's style sheets may tell a block by its neighbours."""
    sheets = " ".join(_STYLE.findall(source))
    return bool(_NEIGHBOURS.search(_DECLARATIONS.sub("{}", sheets)))


def _keep(kept: OrderedDict[Any, Any], used: Mapping[Any, Any], most: int) -> None:
    """Put what was used behind the rest, and forget what was not used for longest."""
    for key, value in used.items():
        kept[key] = value
        kept.move_to_end(key)
    while len(kept) > most:
        kept.popitem(last=False)
