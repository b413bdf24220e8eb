from __future__ import annotations

import time
from pathlib import Path

import pytest

from digest.errors import TemplateError
from digest.render import limits
from digest.render.compiling import compile_edition, compile_subject
from digest.render.environment import make_environment, read_templates, render, shipped_templates
from tests.unit.render.made_up import content, shipped


def run(template: str, name: str = "look/edition.txt.j2", **variables: object) -> str:
    return render(make_environment({name: template}), name, variables)


@pytest.mark.parametrize(
    ("template", "line", "problem"),
    [
        ("a\n{{ nothing }}", 2, "'nothing' is undefined"),
        ("a\nb\n{% if %}", 3, "Expected an expression"),
        ("{{ 1 / 0 }}", 1, "division by zero"),
        ("a\n{{ date.nope }}", 2, "nope"),
        ("{% include 'other.j2' %}", None, "'other.j2' that it includes does not exist"),
        ("{{ x | nofilter }}", 1, "No filter named 'nofilter'"),
        ("{% unknown %}", 1, "unknown tag"),
        ("\n\n{{ 'a' + 1 }}", 3, ""),
        ("{{ 'x' | readable('#fff') }}", 1, "is no colour"),
    ],
)
def test_a_mistake_names_file_and_line(template: str, line: int | None, problem: str) -> None:
    with pytest.raises(TemplateError) as caught:
        run(template, date="2025")
    assert (caught.value.file, caught.value.line) == ("look/edition.txt.j2", line)
    assert problem in caught.value.problem
    assert str(caught.value).startswith("look/edition.txt.j2")


def test_a_mistake_in_an_included_file_names_that_file() -> None:
    texts = {"look/edition.txt.j2": "{% include 'parts/a.txt.j2' %}", "parts/a.txt.j2": "\n\n{{ nothing }}"}
    with pytest.raises(TemplateError) as caught:
        render(make_environment(texts), "look/edition.txt.j2", {})
    assert (caught.value.file, caught.value.line) == ("parts/a.txt.j2", 3)


@pytest.mark.parametrize(
    "template",
    [
        "{{ ''.__class__ }}",
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ render.__globals__ }}",
        "{{ self.__init__.__globals__ }}",
        "{{ items.append(1) }}",
        "{{ ''['__class__'] }}",
        "{{ (''|attr('__class__')) }}",
        "{% include '/etc/passwd' %}",
        "{% include '../../config.toml' %}",
    ],
)
def test_the_sandbox_keeps_templates_in(template: str) -> None:
    with pytest.raises(TemplateError):
        run(template, items=[], render=run)


@pytest.mark.parametrize(
    "template",
    [
        "{% for a in range(10**9) %}x{% endfor %}",
        "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(60) }}",
        "{% include 'look/edition.txt.j2' %}",
        "{{ 'x' * 10**9 }}",
        "{{ 'x' * 900000000 }}",
        "{{ [0] * 900000000 }}",
        "{{ 9 ** 9 ** 9 }}",
        "{{ 'x' | center(900000000) }}",
        "{{ 'x'.ljust(900000000) }}",
        "{{ '%900000000d' | format(1) }}",
        "{{ '%*d' | format(900000000, 1) }}",
        "{{ '{:900000000}'.format(1) }}",
        "{{ '{:{}}'.format(1, 900000000) }}",
        "{{ '%900000000d' % 1 }}",
        "{% set n = namespace(s='x' * 1000) %}{% for a in range(40) %}{% set n.s = n.s ~ n.s %}{% endfor %}",
        "{% set n = namespace(s='x' * 1000) %}{% for a in range(40) %}{% set n.s = n.s + n.s %}{% endfor %}",
        "{% set n = namespace(i=9999) %}{% for a in range(40) %}{% set n.i = n.i * n.i %}{% endfor %}{{ n.i }}",
        "{% for a in range(9999) %}{{ 'x' * 999 }}{% endfor %}",
    ],
)
def test_a_template_without_end_is_stopped(template: str) -> None:
    begun = time.monotonic()
    with pytest.raises(TemplateError):
        run(template)
    assert time.monotonic() - begun < limits.MAX_SECONDS


def test_time_is_limited_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_SECONDS", -1.0)
    with pytest.raises(TemplateError, match="takes longer than"):
        run("{% for a in [1] %}{% endfor %}")


def test_limits_are_counted_for_each_rendering_by_itself() -> None:
    name = "look/edition.txt.j2"
    environment = make_environment({name: "{% for a in range(9000) %}{% endfor %}"})
    for _ in range(limits.MAX_STEPS // 9000 + 2):
        assert render(environment, name, {}) == ""


@pytest.mark.parametrize(
    ("template", "written"),
    [
        ("{% for a in 'abc' %}{{ loop.index }}{{ loop.last }}{{ loop.length }} {% else %}none{% endfor %}", None),
        ("{% for a in [] %}x{% else %}none{% endfor %}", "none"),
        ("{% for a, b in pairs.items() %}{{ a }}{{ b }}{% endfor %}", "12"),
        ("{% for a in [3, 1] | sort %}{{ a }}{% endfor %}", "13"),
        ("{% for a in [[1, []]] recursive %}{{ a[0] }}{{ loop(a[1]) if a[1] }}{% endfor %}", "1"),
        ("{{ 'a' ~ 1 ~ 'b' }}{{ '-' * 3 }}{{ 2 * 3 }}{{ 'a' + 'b' }}", "a1b---6ab"),
        ("{{ '%s kostet %d €' | format('x', 63412) }}", "x kostet 63412 €"),
        ("{{ 63412 | default(1) }}{{ 'abc' | truncate(2, true, '', 0) }}", "63412ab"),
    ],
)
def test_honest_templates_notice_nothing(template: str, written: str | None) -> None:
    assert run(template, pairs={1: 2}) == (written or "1False3 2False3 3True3 ")


def test_mjml_is_escaped_and_text_is_not() -> None:
    assert (
        run("{{ x }}{{ x ~ '<' }}", "look/edition.mjml.j2", x="<&'\"") == "&lt;&amp;&#39;&#34;&lt;&amp;&#39;&#34;&lt;"
    )
    assert run("{{ x }}", x="<&'\"") == "<&'\""


def test_an_operators_folder_wins_file_by_file(tmp_path: Path) -> None:
    (tmp_path / "daily").mkdir()
    (tmp_path / "daily" / "subject.txt.j2").write_text("Meiner", "utf-8")
    texts = read_templates("daily", tmp_path)
    assert texts == read_templates("daily", None) | {"daily/subject.txt.j2": "Meiner"}
    assert compile_subject(content(2, templates=texts)) == "Meiner"


def test_a_look_of_ones_own_needs_all_three_files(tmp_path: Path) -> None:
    (tmp_path / "eigen").mkdir()
    for name in ("edition.mjml.j2", "edition.txt.j2"):
        (tmp_path / "eigen" / name).write_text("x", "utf-8")
    with pytest.raises(TemplateError, match=r"eigen/subject\.txt\.j2: there is no such file under .*eigen|eigen/sub"):
        read_templates("eigen", tmp_path)
    (tmp_path / "eigen" / "subject.txt.j2").write_bytes(b"\xff")
    with pytest.raises(TemplateError, match="cannot be read"):
        read_templates("eigen", tmp_path)


def test_every_shipped_template_is_read_and_compiles() -> None:
    on_disk = {
        str(path.relative_to(shipped_templates()))
        for part in ("daily", "parts")
        for path in (shipped_templates() / part).glob("*.j2")
    }
    assert set(shipped()) == on_disk
    compile_edition(content(1))
