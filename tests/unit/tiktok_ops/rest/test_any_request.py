"""Whatever the schema allows, and what it does not, asked of the API: it never fails, and answers as it says."""

import json
import os
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.factories.accounts import person
from tests.unit.tiktok_ops.rest.callers import make_key
from tests.unit.tiktok_ops.rest.rooms import DATA, WRITES, Room
from tiktok_ops.accounts.roles import Role
from tiktok_ops.rest.limits import Tier
from tiktok_ops.rest.scopes import Scope
from tiktok_ops.wsgi import application

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

EXAMPLES = int(os.environ.get("SCHEMATHESIS_EXAMPLES", "6"))
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


def load() -> Any:
    """Return the schema as schemathesis reads it, to be asked of the application in this process."""
    written = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    schema = schemathesis.openapi.from_dict(json.loads(json.dumps(written, default=str)))
    schema.app = application
    return schema


SCHEMA = load()
OPERATIONS = {f"{op.ok().method} {op.ok().path}": op.ok() for op in SCHEMA.get_all_operations()}


@pytest.fixture(autouse=True)
def nobody_counting(settings: Any) -> None:
    """Let there be calls without an end."""
    settings.RATE_TIERS = dict.fromkeys(Tier, 1_000_000)


@pytest.fixture
def kept_connection() -> Iterator[None]:
    """Keep the test's connection, and its transaction, when a request begins and ends, as Django's client does."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


def test_find_operations_of_the_schema_finds_them_all() -> None:
    assert len(OPERATIONS) == len(DATA) + len(WRITES)


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("name", OPERATIONS)
def test_ask_anything_of_an_operation_is_answered_as_the_schema_says(
    name: str, mode: GenerationMode, room: Room, kept_connection: None
) -> None:
    ana = person(room.workspace, Role.APPROVER)
    issued = make_key(room.workspace, scopes=list(Scope), acts_for=ana, is_sandbox_only=False)
    rows = {"runs": room.run, "approvals": room.approval}
    headers = {"Authorization": f"Bearer {issued.secret_text}"}

    @settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
    @given(OPERATIONS[name].as_strategy(generation_mode=mode))
    def ask(case: Case[Any]) -> None:
        there = [row for resource, row in rows.items() if f"/{resource}/" in name]
        if "id" in case.path_parameters and mode is GenerationMode.POSITIVE and there:
            case.path_parameters["id"] = str(there[0].pk)
        case.call_and_validate(headers=headers, checks=CHECKS)

    ask()
