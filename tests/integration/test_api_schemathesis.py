"""The API against its own description: what a program may send, and what it may not, in sequences, too."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
import schemathesis
from litestar import Litestar
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import Status, from_schema
from schemathesis.engine.events import FatalError, NonFatalError, ScenarioFinished

from digest.model.api_key import Scope
from digest.storage.keys import create_key
from digest.web.api import make_router

EXAMPLES = 15


def passing(moment: datetime) -> Callable[[], datetime]:
    """A clock that goes on a second with each look, so that a key's rate is never in the way."""
    seconds = count()
    return lambda: moment + timedelta(seconds=next(seconds))


@pytest.fixture
def described(make_app: Callable[..., Any], add_person: Callable[..., Any]) -> Any:
    app = make_app()
    app.clock = passing(app.clock())
    with app.database.write() as connection:
        _, text = create_key(connection, "everything", Scope, now=app.clock())
    for name in ("anna", "bert"):
        add_person(app, f"{name}@probe.example")
    config = SchemathesisConfig.from_dict(
        {
            "seed": 1,
            "headers": {"Authorization": f"Bearer {text}"},
            "generation": {"max-examples": EXAMPLES, "database": "none"},
            "phases": {"stateful": {"generation": {"max-examples": EXAMPLES}}},
            # What is well formed, but no address or no time at which anybody can have agreed, is a 422.
            "checks": {"positive_data_acceptance": {"expected-statuses": ["2xx", "404", "409", "422"]}},
        }
    )
    site = Litestar([make_router(app)], openapi_config=None)
    return schemathesis.openapi.from_asgi("/api/v1/openapi.json", site, config=config)


def test_every_operation_keeps_its_word(described: Any) -> None:
    tried, wrong = set(), []
    for event in from_schema(described).execute():
        if isinstance(event, FatalError | NonFatalError):
            wrong.append(str(getattr(event, "value", None) or event.exception))
        elif isinstance(event, ScenarioFinished):
            tried.add(event.recorder.label)
            wrong += [
                f"{event.phase}: {event.recorder.label}\n{check.failure_info.failure}\n{check.failure_info.code_sample}"
                for checks in event.recorder.checks.values()
                for check in checks
                if check.status is Status.FAILURE
            ]
    assert not wrong, "\n\n".join(dict.fromkeys(wrong))
    assert tried >= {operation.ok().label for operation in described.get_all_operations()}
