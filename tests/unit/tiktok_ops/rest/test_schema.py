"""The API described by itself, and the page to browse it on."""

import re
from io import StringIO
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.test import Client

from tests.factories.accounts import WorkspaceFactory, person
from tests.unit.tiktok_ops.rest.callers import make_key, signed_in, using
from tests.unit.tiktok_ops.rest.rooms import ROUTES, SCOPED
from tiktok_ops.accounts.models import Workspace
from tiktok_ops.accounts.roles import Role

pytestmark = pytest.mark.django_db

DOCS = "/api/docs/"
ELSEWHERE = re.compile(rb"""(?:https?:)?//[^\s"'<>]+""")


@pytest.fixture
def workspace() -> Workspace:
    """Return a workspace."""
    return WorkspaceFactory.create()


@pytest.fixture
def schema(workspace: Workspace) -> dict[str, Any]:
    """Return the schema as an integrator reads it."""
    answer = using(make_key(workspace)).get("/api/schema/")
    assert answer.headers["Content-Type"] == "application/json"
    body: dict[str, Any] = answer.json()
    return body


@pytest.fixture
def reader(workspace: Workspace) -> Client:
    """Return the browser of a person with a session."""
    return signed_in(person(workspace, Role.VIEWER))


def test_generate_the_schema_warns_of_nothing_and_is_valid() -> None:
    written = StringIO()
    call_command("spectacular", "--fail-on-warn", "--validate", stdout=written)
    assert written.getvalue().startswith("openapi: 3.1.0\n")


def test_describe_every_address_and_no_other(schema: dict[str, Any]) -> None:
    assert schema["openapi"] == "3.1.0"
    described = {re.sub(r"\{\w+\}", "", path) for path in schema["paths"]}
    ids = re.compile(r"(?<=/)(None|account_health|profile_audit)(?=/)")

    class Blank:
        """A room in which every id is nothing."""

        def __getattr__(self, name: str) -> Any:
            return None if name == "id" else self

    expected = {
        ids.sub("", ROUTES[name].address(Blank()))  # type: ignore[arg-type]
        for name in SCOPED
    }
    assert described == expected


def test_describe_of_each_operation_what_it_is_how_it_is_refused_and_who_may(schema: dict[str, Any]) -> None:
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            about = f"{method} {path}"
            assert operation["description"], about
            assert operation["security"] == [{"apiKey": []}, {"cookieAuth": []}], about
            assert {"401", "403", "422", "429"} <= operation["responses"].keys(), about
            assert ("404" in operation["responses"]) is ("{" in path or method == "post"), about
            problem = operation["responses"]["422"]["content"]["application/problem+json"]["schema"]
            assert problem == {"$ref": "#/components/schemas/Problem"}, about


def test_describe_the_write_with_its_header_and_body(schema: dict[str, Any]) -> None:
    operation = schema["paths"]["/api/v1/runs/"]["post"]
    [header] = operation["parameters"]
    assert (header["name"], header["in"], header["required"]) == ("Idempotency-Key", "header", True)
    assert {"201", "400", "415"} <= operation["responses"].keys()
    body = schema["components"]["schemas"]["StartRun"]
    assert body["required"] == ["account", "workflow"]


def test_describe_deciding_with_what_makes_it_refused(schema: dict[str, Any]) -> None:
    operation = schema["paths"]["/api/v1/approvals/{id}/decide/"]["post"]
    names = {(each["name"], each["required"]) for each in operation["parameters"]}
    assert names == {("id", True), ("Idempotency-Key", True)}
    assert set(operation["responses"]) == {"200", "400", "401", "403", "404", "409", "415", "422", "429"}
    assert "409" not in schema["paths"]["/api/v1/runs/"]["post"]["responses"]
    body = schema["components"]["schemas"]["Decide"]
    assert body["required"] == ["seen_sha256", "verb"]
    assert body["properties"]["seen_sha256"]["pattern"] == "^[0-9a-f]{64}$"


def test_describe_the_key_as_a_bearer(schema: dict[str, Any]) -> None:
    key = schema["components"]["securitySchemes"]["apiKey"]
    assert (key["type"], key["scheme"]) == ("http", "bearer")


def test_describe_the_parameters_of_lists(schema: dict[str, Any]) -> None:
    def names(path: str) -> set[str]:
        return {each["name"] for each in schema["paths"][path]["get"].get("parameters", [])}

    assert names("/api/v1/runs/{id}/events/") == {"id", "after", "kind", "page_size", "Last-Event-ID"}
    assert names("/api/v1/posts/{id}/metrics/") == {"id", "cursor", "observed_since", "page_size"}
    assert names("/api/v1/agents/") == set()
    assert names("/api/v1/runs/{id}/") == {"id"}


def test_describe_the_report_as_json_and_as_text(schema: dict[str, Any]) -> None:
    content = schema["paths"]["/api/v1/runs/{id}/report/"]["get"]["responses"]["200"]["content"]
    assert set(content) == {"application/json", "text/markdown"}


def test_describe_the_events_as_a_list_and_as_a_stream(schema: dict[str, Any]) -> None:
    operation = schema["paths"]["/api/v1/runs/{id}/events/"]["get"]
    content = operation["responses"]["200"]["content"]
    assert set(content) == {"application/json", "text/event-stream"}
    assert content["text/event-stream"]["schema"] == {"type": "string"}
    assert "server-sent events" in operation["description"]
    [header] = [each for each in operation["parameters"] if each["in"] == "header"]
    assert (header["name"], header.get("required", False)) == ("Last-Event-ID", False)


# --- the page


def test_browse_without_a_session_leads_to_the_login(workspace: Workspace) -> None:
    for client in (Client(), using(make_key(workspace))):
        answer = client.get(DOCS)
        assert (answer.status_code, answer.headers["Location"]) == (302, f"/admin/login/?next={DOCS}")


def test_browse_asks_no_other_host_for_anything(reader: Client) -> None:
    page = reader.get(DOCS)
    script = reader.get(f"{DOCS}?script=")
    assert (page.status_code, script.status_code) == (200, 200)
    assert ELSEWHERE.findall(page.content) == ELSEWHERE.findall(script.content) == []
    assert b'"validatorUrl": null' in script.content
    assert b"/api/schema/" in script.content


def test_browse_loads_files_that_are_here(reader: Client) -> None:
    page = reader.get(DOCS).content.decode()
    loaded = [name for name in re.findall(r'(?:src|href)="([^"]+)"', page) if not name.startswith(DOCS)]
    assert len(loaded) == 4
    for address in loaded:
        assert address.startswith("/static/drf_spectacular_sidecar/")
        assert finders.find(address.removeprefix("/static/"))


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_browse_by_writing_is_405(reader: Client, method: str) -> None:
    assert getattr(reader, method)(DOCS).status_code == 405
