"""A wheel, built and installed into an environment of its own, works far from the checkout; units and image parse."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    [built] = folder.glob("*.whl")
    return built


def test_it_holds_what_the_product_needs_and_nothing_of_its_tests(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {
        "digest/templates/daily/edition.mjml.j2",
        "digest/templates/web/base.html",
        "digest/samples/config.toml.template",
        "digest/samples/articles.json",
        "digest/storage/migrations/env.py",
        "digest/storage/migrations/versions/v0001_first_tables.py",
        "subscribers/bounces/phrases.txt",
    } <= names
    assert not [name for name in names if name.startswith(("tests/", "benchmarks/", "tools/", "docs/"))]
    for folder in ("digest", "subscribers", "templates"):
        files = [file for file in (ROOT / folder).rglob("*") if file.is_file() and file.suffix != ".pyc"]
        inside = {file.relative_to(ROOT).as_posix() for file in files}
        wanted = {f"digest/{name}" if folder == "templates" else name for name in inside}
        assert wanted <= names


def test_init_and_run_outside_the_checkout(wheel: Path, tmp_path: Path) -> None:
    """The libraries are this environment's; the product's own code can only be the wheel's."""
    home = tmp_path / "venv"
    venv.create(home, with_pip=False, symlinks=True)
    [packages] = home.glob("lib/python*/site-packages")
    zipfile.ZipFile(wheel).extractall(packages)
    # A folder in a .pth file is only searched: the editable installation in it is not followed.
    (packages / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n", "utf-8")
    work = tmp_path / "elsewhere"
    work.mkdir()
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("DIGEST_", "PYTHON"))}

    def digest(*arguments: str) -> str:
        ran = subprocess.run(
            [str(home / "bin" / "python"), "-m", "digest", *arguments],
            cwd=work,
            env=clean,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    where = "import digest, subscribers, sys; print(digest.__file__, subscribers.__file__)"
    found = subprocess.run(
        [str(home / "bin" / "python"), "-c", where], cwd=work, env=clean, check=True, capture_output=True, text=True
    ).stdout
    assert found.count(str(packages)) == 2
    digest("init", "--yes")
    digest("subscribers", "add", "you@example.org", "--list", "morgen", "--consent", "test")
    digest("run")
    messages = [file for file in (work / "var" / "outbox").rglob("*") if file.is_file()]
    assert len(messages) == 1
    assert b"you@example.org" in messages[0].read_bytes()
    digest("check")


@pytest.mark.parametrize("unit", ["digest.service", "digest-worker.service"])
def test_units_are_what_systemd_expects(unit: str, tmp_path: Path) -> None:
    text = (DEPLOY / unit).read_text("utf-8")
    keys = dict(re.findall(r"^(\w+)=(.*)$", text, re.MULTILINE))
    assert keys["User"] == "digest"
    assert keys["ProtectSystem"] == "strict"
    # Longer than senders drain and requests end (sending_run, serving).
    assert int(keys["TimeoutStopSec"]) >= 40
    assert keys["KillMode"] == "mixed"
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        return
    (tmp_path / unit).write_text(text.replace("/opt/digest/bin/digest", sys.executable), "utf-8")
    ran = subprocess.run([analyze, "verify", tmp_path / unit], capture_output=True, text=True)
    assert (ran.returncode, ran.stderr) == (0, "")


def test_the_commands_of_units_and_image_exist() -> None:
    from digest.cli import COMMANDS

    for unit in DEPLOY.glob("*.service"):
        [command] = re.findall(r"^ExecStart=/opt/digest/bin/digest (\w+)$", unit.read_text("utf-8"), re.MULTILINE)
        assert command in COMMANDS
    image = (DEPLOY / "Containerfile").read_text("utf-8")
    [serving] = re.findall(r"^CMD \[(.*)\]$", image, re.MULTILINE)
    assert serving.startswith('"serve", "--host", "0.0.0.0"')


def test_the_image_is_built_by_hashes_and_runs_as_nobody_special() -> None:
    image = (DEPLOY / "Containerfile").read_text("utf-8")
    steps = re.sub(r"\\\n\s*", "", image).splitlines()
    users = [step.split()[1] for step in steps if step.startswith("USER ")]
    assert users == ["10001:10001"]
    assert steps.index("USER 10001:10001") > max(at for at, step in enumerate(steps) if step.startswith("COPY"))
    assert "VOLUME /data" in steps
    assert any(step.startswith("HEALTHCHECK") for step in steps)
    downloads = [step for step in steps if "pip download" in step or "pip install" in step]
    assert all("--require-hashes" in each or "--no-index" in each for each in downloads)
    for line in steps:
        for copied in re.findall(r"^COPY (?!--from)(.+) \S+$", line):
            for name in copied.split():
                assert (ROOT / name).exists(), name
    # The wheel is made of what was copied.
    included = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["build"]["targets"]["wheel"]
    for name in [*included["packages"], *included["force-include"]]:
        assert f"COPY {name} {name}" in steps
