"""/readyz and /metrics: what they tell, to whom, and at what cost; and that alarms name only what there is."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from digest.deliver.memory import MemoryBackend
from digest.model.api_key import Scope
from digest.storage.keys import create_key
from digest.storage.scheduler_lease import read_lease, take_lease
from digest.storage.source_health import note_failure, note_success
from digest.storage.tables import delivery_counts, editions
from digest.tasks.operating_figures import METRICS, operating_figures
from digest.web.operations.ready import SCHEDULER_SILENT_AFTER

DOCS = Path(__file__).parents[2] / "docs" / "operations.md"
Figures = Mapping[tuple[str, tuple[str, ...]], float]


@pytest.fixture
def scrape(make_website: Callable[..., Any]) -> Callable[..., Figures]:
    """The metrics of an app, as a server of Prometheus with a key reads them: by name and values of the labels."""

    def scrape_it(app: Any) -> Figures:
        website = make_website(app=app)
        with app.database.write() as connection:
            _, key = create_key(connection, "prometheus", [Scope.EDITIONS_READ], now=app.clock())
        answer = website.client.get("/metrics", headers={"Authorization": f"Bearer {key}"})
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
        found = {}
        for family in text_string_to_metric_families(answer.text):
            for sample in family.samples:
                labels = METRICS[sample.name].labels if sample.name in METRICS else sample.labels
                found[sample.name, tuple(sample.labels[label] for label in labels)] = sample.value
        return found

    return scrape_it


def test_a_morning_in_figures(
    make_app: Callable[..., Any], add_person: Any, add_articles: Any, now: Any, scrape: Callable[..., Figures]
) -> None:
    backend = MemoryBackend()
    app = make_app(backend=backend)
    add_person(app, "a@probe.example")
    add_articles(app, ("Heute", now() - timedelta(hours=2)))
    app.sender().send(app.prepare(app.newsletters()[0], app.today()).edition.number, app.prices)
    with app.database.write() as connection:
        note_success(connection, "Politik", found=3, new=1, now=now() - timedelta(hours=1))
        note_failure(connection, "Politik", "500", now=now())
        assert take_lease(connection, "here", read_lease(connection), now())
    now.moment += timedelta(seconds=90)
    found = scrape(app)
    assert found["digest_last_sent_age_seconds", ("morgen",)] == 90
    assert found["digest_edition_state", ("morgen", "sent")] == 1
    assert found["digest_edition_state", ("morgen", "held")] == 0
    assert found["digest_edition_deliveries", ("morgen", "submitted")] == 1
    assert found["digest_edition_deliveries", ("morgen", "queued")] == 0
    assert found["digest_source_silent_seconds", ("Politik",)] == 3690
    assert found["digest_source_failures", ("Politik",)] == 1
    assert found["digest_snapshot_age_seconds", ()] == 90
    assert found["digest_scheduler_silent_seconds", ()] == 90
    assert found["digest_database_bytes", ()] > 100_000
    assert found["digest_edition_returns", ("morgen", "complaint")] == 0
    assert not any("probe.example" in label for _, labels in found for label in labels)


def test_what_never_happened_is_left_out(make_app: Callable[..., Any], scrape: Callable[..., Figures]) -> None:
    names = {name for name, _ in scrape(make_app())}
    assert not names & {
        "digest_last_sent_age_seconds",
        "digest_snapshot_age_seconds",
        "digest_scheduler_silent_seconds",
        "digest_source_silent_seconds",
        "digest_backup_age_seconds",
        "digest_oldest_letter_age_seconds",
    }
    assert "digest_queued_deliveries" in names


def test_a_backup_has_an_age(make_app: Callable[..., Any], now: Any, scrape: Callable[..., Figures]) -> None:
    app = make_app()
    assert app.secret
    report = app.backup()
    now.moment = now.moment.fromtimestamp(Path(report.file).stat().st_mtime, now.moment.tzinfo) + timedelta(hours=5)
    assert scrape(app)["digest_backup_age_seconds", ()] == pytest.approx(5 * 3600)


def test_nothing_is_counted_row_by_row(make_app: Callable[..., Any], now: Any) -> None:
    """With counters of a million deliveries it takes no longer, and no query goes through a whole table."""
    app = make_app()
    states = ["sent"] * 300 + ["paused"]
    with app.database.write() as connection:
        for number, state in enumerate(states, start=1):
            day = app.today() - timedelta(days=len(states) - number)
            values = {"id": number, "newsletter": "morgen", "kind": "regular", "day": day, "at": now(), "state": state}
            values |= {"reason": "", "content_hash": "", "approved_hash": "", "sent_at": now()}
            connection.execute(editions.insert().values(values))
            connection.execute(
                delivery_counts.insert().values(edition_id=number, state="queued", reason="", count=1_000_000)
            )
    plans: list[str] = []
    engine = app.database.engine

    from sqlalchemy import event

    @event.listens_for(engine, "before_cursor_execute")
    def explain(_c: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.lstrip().upper().startswith("SELECT"):
            plans.extend(
                str(row[3]) for row in cursor.execute(f"EXPLAIN QUERY PLAN {statement}", parameters).fetchall()
            )

    samples = {
        (each.metric, each.labels): each.value
        for each in operating_figures(app.database, ["morgen"], [], app.today(), now())
    }
    event.remove(engine, "before_cursor_execute", explain)
    assert samples["digest_queued_deliveries", ()] == 1_000_000
    small = ("source_health", "sending_progress", "alerts_sent", "scheduler_lease", "snapshots")
    scans = [plan for plan in plans if plan.startswith("SCAN") and not any(name in plan for name in small)]
    assert scans == []
    assert plans


def test_who_may_read_them(make_website: Callable[..., Any]) -> None:
    website = make_website()
    with website.app.database.write() as connection:
        _, other = create_key(connection, "lists", [Scope.LISTS_READ], now=website.app.clock())
    for headers in ({}, {"Authorization": f"Bearer {other}"}, {"Authorization": "Bearer x"}, {"Authorization": "x"}):
        answer = website.client.get("/metrics", headers=headers)
        assert answer.status_code == 401
        assert "digest_" not in answer.text


def _ask(url: str, headers: Mapping[str, str] = {}) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=dict(headers)), timeout=10) as answer:  # noqa: S310
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode()


def test_this_machine_may_read_them_unless_it_passes_somebody_on(
    make_config: Callable[..., Path], database_file: Path, start_digest: Callable[..., subprocess.Popen[str]]
) -> None:
    make_config(sources=[])
    process = start_digest("serve", "--port", "0", "--no-scheduler")
    assert process.stderr is not None
    base = next(found[1] for line in process.stderr if (found := re.search(r"Serving at (http://\S+),", line)))
    status, text = _ask(f"{base}/metrics")
    assert status == 200
    assert 'digest_info{version="' in text
    for passed_on in ({"X-Forwarded-For": "192.0.2.7"}, {"Host": "probe.example"}, {"Via": "1.1 proxy"}):
        assert _ask(f"{base}/metrics", passed_on)[0] == 401
    status, text = _ask(f"{base}/readyz")
    assert status == 503
    assert json.loads(text) == {"status": "not ready", "database": "ok", "scheduler": "none is running"}


def test_ready_is_who_can_write_and_has_a_scheduler(make_website: Callable[..., Any], now: Any) -> None:
    website = make_website()
    with website.app.database.write() as connection:
        assert take_lease(connection, "here", read_lease(connection), now())
    answer = website.client.get("/readyz")
    assert (answer.status_code, answer.json()["scheduler"]) == (200, "ok")


def test_a_silent_scheduler_is_not_ready(make_website: Callable[..., Any], now: Any) -> None:
    website = make_website()
    with website.app.database.write() as connection:
        assert take_lease(connection, "here", read_lease(connection), now())
    now.moment += timedelta(seconds=SCHEDULER_SILENT_AFTER + 1)
    answer = website.client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["scheduler"] == "has not been heard of"


def test_another_version_of_the_database_is_not_ready(make_website: Callable[..., Any]) -> None:
    from sqlalchemy import text

    website = make_website()
    with website.app.database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    answer = website.client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["database"] == "is of another version"


def test_alarms_name_only_figures_that_there_are() -> None:
    yaml = pytest.importorskip("yaml")
    [block] = re.findall(r"```yaml\n(.*?)```", DOCS.read_text("utf-8"), re.DOTALL)
    rules = [rule for group in yaml.safe_load(block)["groups"] for rule in group["rules"]]
    named = set()
    for rule in rules:
        assert rule["annotations"]["summary"]
        for name, labels in re.findall(r"\b(digest_\w+)(?:\{([^}]*)\})?", rule["expr"]):
            assert name in METRICS, rule["alert"]
            named.add(name)
            for label in re.findall(r"(\w+)\s*(?:=~|!=|=)", labels):
                assert label in METRICS[name].labels, rule["alert"]
        for label in re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"]):
            used = re.findall(r"digest_\w+", rule["expr"])
            assert any(label in METRICS[name].labels for name in used), rule["alert"]
    assert {"digest_edition_state", "digest_last_sent_age_seconds", "digest_scheduler_silent_seconds"} <= named
    if promtool := shutil.which("promtool"):
        subprocess.run([promtool, "check", "rules"], input=block, text=True, check=True)
