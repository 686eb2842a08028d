"""The API described by itself: OpenAPI 3.1, and pages to browse it that ask nobody else for anything."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.utils.decorators import method_decorator
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiJsonRenderer2
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from tiktok_ops.rest.exceptions import CONTENT_TYPE
from tiktok_ops.rest.permissions import HasCaller

PROBLEM: dict[str, Any] = {
    "type": "object",
    "description": "A refusal (RFC 9457); `errors` has a sentence for each value that was refused.",
    "required": ["type", "title", "status", "detail", "errors"],
    "properties": {
        "type": {"type": "string", "const": "about:blank"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "sentence"],
                "properties": {"field": {"type": "string"}, "sentence": {"type": "string"}},
            },
        },
    },
}
EVERYWHERE = {
    "401": "Nobody is signed in, or the key does not open anything.",
    "403": "The key lacks the scope, or the person the role.",
    "422": "A value was refused; `errors` names it.",
    "429": "Too many calls within a minute; `Retry-After` says when to come back.",
}
WITH_A_NAME = {"404": "It is not there, or not the caller's to see."}
ON_A_ROW = {"409": "Somebody was quicker, or what is there now is not what the caller saw."}
WITH_A_BODY = {
    "400": "The body or a header cannot be read.",
    "404": "What the body names is not there, or not the caller's to see.",
    "415": "The body is no JSON.",
}


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How a key is shown."""

    target_class = "tiktok_ops.rest.authentication.ApiKeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        """Return the security scheme."""
        return {"type": "http", "scheme": "bearer", "description": "An API key, `tto_…`."}


def add_problems(result: dict[str, Any], **context: Any) -> dict[str, Any]:
    """Describe the refusals of each operation; a hook of the schema's generator."""
    result.setdefault("components", {}).setdefault("schemas", {})["Problem"] = PROBLEM
    for path, operations in result["paths"].items():
        for operation in operations.values():
            refusals = EVERYWHERE | (WITH_A_NAME if "{" in path else {})
            if "requestBody" in operation:
                refusals |= WITH_A_BODY | (ON_A_ROW if "{" in path else {})
            for status, description in refusals.items():
                operation["responses"].setdefault(status, _problem(description))
    return result


def _problem(description: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": description, "content": {CONTENT_TYPE: {"schema": schema}}}


class SchemaView(SpectacularAPIView):
    """The schema as JSON, for anybody known."""

    http_method_names = ["get", "head"]
    permission_classes = [HasCaller]
    renderer_classes = [OpenApiJsonRenderer2, OpenApiJsonRenderer]


@method_decorator(login_required, name="dispatch")
class DocsView(SpectacularSwaggerSplitView):
    """A page to read and try the API on, for people with a session."""

    permission_classes = [HasCaller]
    url_name = "api-schema"
