"""Jinja with a sandbox around it and limits within: a template that loops or grows without end is stopped.

Every round of a loop and every call is a step; steps and time are counted per rendering. What grows by one operation
(repeating, padding, joining) is checked where it happens, before it is made where that can be known.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator
from functools import wraps
from typing import Any

from jinja2 import TemplateRuntimeError, nodes
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer

#: An edition of sixty articles takes some ten thousand steps and a fraction of a second.
MAX_STEPS = 200_000
MAX_SECONDS = 10.0
#: No honest template writes more, even for sixty articles as lead and as card.
MAX_OUTPUT = 4_000_000
#: Padding, range, repetition: no honest template names a larger number.
MAX_NUMBER = 10_000
#: A field's width that is given in five digits, by another argument (%*d), or by a field within the field.
_WIDE_FIELD = re.compile(r"%[-#0 +]*(?:\d*\.)?(?:\d{5,}|\*)|\{[^{}]*(?:\d{5,}|\{)")


class BoundedEnvironment(ImmutableSandboxedEnvironment):
    """Raises TemplateRuntimeError where a template goes beyond a limit."""

    intercepted_binops = frozenset({"*", "**", "+", "%"})

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.filters = {name: self._guard(name, filter_) for name, filter_ in self.filters.items()}
        self.filters |= {"counted": self._counted, "bounded": _bounded}
        self._safe: dict[tuple[type, str], bool] = {}
        self.begin()

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """As the sandbox says, which asks for nothing but the object's type and the attribute's name."""
        key = (type(obj), attr)
        if key not in self._safe:
            self._safe[key] = super().is_safe_attribute(obj, attr, value)
        return self._safe[key]

    def begin(self) -> None:
        """Start counting anew; called before each rendering."""
        self._steps = 0
        self._deadline = time.monotonic() + MAX_SECONDS

    def step(self) -> None:
        self._steps += 1
        if self._steps > MAX_STEPS:
            raise TemplateRuntimeError(f"the template takes more than {MAX_STEPS:,} steps; a loop may never end")
        if time.monotonic() > self._deadline:
            raise TemplateRuntimeError(f"the template takes longer than {MAX_SECONDS:.0f} seconds")

    def _counted(self, values: Iterable[Any]) -> Iterator[Any]:
        for value in values:
            self.step()
            yield value

    def call(self, context: Context, callee: Any, /, *args: Any, **options: Any) -> Any:
        self.step()
        if getattr(callee, "__name__", "") in ("format", "format_map"):
            _check_pattern(str(getattr(getattr(callee, "__wrapped__", callee), "__self__", "")))
        else:
            _check_arguments(args, options)
        return _bounded(super().call(context, callee, *args, **options))

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        if operator == "**" or (operator == "*" and not (_is_small(left) and _is_small(right))):
            sizes = [len(side) if hasattr(side, "__len__") else abs(side) for side in (left, right)]
            if operator == "**" or sizes[0] * sizes[1] > MAX_OUTPUT:
                raise TemplateRuntimeError(f"the result of {operator} would be too large")
        if operator == "%" and isinstance(left, str):
            _check_pattern(left)
        return _bounded(super().call_binop(context, operator, left, right))

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        counted: nodes.Template = _Counting().visit(super()._parse(source, name, filename))
        return counted

    def _guard(self, name: str, filter_: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(filter_)  # and with it the marks that say whether it wants the environment
        def guarded(*args: Any, **options: Any) -> Any:
            self.step()
            if name == "format":
                _check_pattern(str(args[0]))
            else:
                _check_arguments(args[1:], options)
            return _bounded(filter_(*args, **options))

        return guarded


class _Counting(NodeTransformer):
    """Counts the rounds of every loop, and looks at the size of everything that `~` joins."""

    def visit_For(self, node: nodes.For) -> nodes.Node:  # noqa: N802, Jinja's own way
        self.generic_visit(node)
        node.iter = nodes.Filter(node.iter, "counted", [], [], None, None, lineno=node.lineno)
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        return nodes.Filter(node, "bounded", [], [], None, None, lineno=node.lineno)


def _is_small(value: Any) -> bool:
    return isinstance(value, int | float) and abs(value) <= MAX_NUMBER


def _bounded(value: Any) -> Any:
    if isinstance(value, str | bytes | list | tuple) and len(value) > MAX_OUTPUT:
        raise TemplateRuntimeError(f"a value grows beyond {MAX_OUTPUT:,} characters")
    return value


def _check_arguments(args: tuple[Any, ...], options: dict[str, Any]) -> None:
    for value in (*args, *options.values()):
        if isinstance(value, int) and abs(value) > MAX_NUMBER:
            raise TemplateRuntimeError(f"{value:,} is more than the {MAX_NUMBER:,} that a template may ask for")


def _check_pattern(pattern: str) -> None:
    if _WIDE_FIELD.search(pattern):
        raise TemplateRuntimeError("a format asks for too wide a field")
