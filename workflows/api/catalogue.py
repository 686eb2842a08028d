"""`/api/v1/workflows/`: what can be started, and what it takes."""

from dataclasses import dataclass
from typing import Annotated, Any, Self

from pydantic import Field, TypeAdapter
from pydantic.fields import FieldInfo
from pydantic_core import to_jsonable_python
from rest_framework import serializers

from agents.api.serializers import asks_sandbox
from agents.registry import AGENTS
from approvals.kinds import kind_of
from tiktok_ops.rest.resources import CatalogueResource
from workflows.catalogue import current_workflows
from workflows.nodes import AgentNode, AnyNode, ExpandNode, GateNode, Workflow


@dataclass(frozen=True, slots=True)
class InputField:
    """A field of a run's input: the nodes it goes to, and the JSON Schema of its value."""

    name: str
    required: bool
    nodes: list[str]
    schema: dict[str, Any]


@dataclass(frozen=True, slots=True)
class NodeEntry:
    """A node: what it does, and after which others; `agent` is None where it asks none."""

    key: str
    kind: str
    label: str
    agent: str | None
    depends_on: list[str]


@dataclass(frozen=True, slots=True)
class WorkflowEntry:
    """A workflow of the catalogue; `sandbox` is whether the model its agents ask is simulated."""

    id: str
    sandbox: bool
    slug: str
    version: int
    label: str
    purpose: str
    nodes: list[NodeEntry]
    input_fields: list[InputField]

    @classmethod
    def of(cls, workflow: Workflow, version: int) -> Self:
        """Describe a workflow."""
        return cls(
            id=workflow.slug,
            sandbox=asks_sandbox(),
            slug=workflow.slug,
            version=version,
            label=workflow.label,
            purpose=workflow.purpose,
            nodes=[_node(node) for node in workflow.nodes],
            input_fields=_input_fields(workflow),
        )


class InputFieldSerializer(serializers.Serializer[InputField]):
    """A field of a run's input."""

    name = serializers.CharField()
    required = serializers.BooleanField()  # type: ignore[assignment]
    nodes = serializers.ListField(child=serializers.CharField())
    schema = serializers.DictField()


class NodeSerializer(serializers.Serializer[NodeEntry]):
    """A node of a workflow."""

    key = serializers.CharField()
    kind = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    agent = serializers.CharField(allow_null=True)
    depends_on = serializers.ListField(child=serializers.CharField())


class WorkflowSerializer(serializers.Serializer[WorkflowEntry]):
    """A workflow; its id is its slug, which is permanent."""

    id = serializers.CharField()
    sandbox = serializers.BooleanField()
    slug = serializers.CharField()
    version = serializers.IntegerField()
    label = serializers.CharField()  # type: ignore[assignment]
    purpose = serializers.CharField()
    nodes = NodeSerializer(many=True)
    input_fields = InputFieldSerializer(many=True)


class WorkflowResource(CatalogueResource[WorkflowEntry]):
    """The workflows that can be started, by slug; the version is the one a run started now would have."""

    serializer_class = WorkflowSerializer

    def entries(self) -> list[WorkflowEntry]:
        """Return the workflows."""
        return [WorkflowEntry.of(workflow, version) for workflow, version in current_workflows()]


def _node(node: AnyNode) -> NodeEntry:
    return NodeEntry(
        key=node.key,
        kind=node.kind,
        label=node.label,
        agent=node.agent if isinstance(node, AgentNode) else None,
        depends_on=list(node.depends_on),
    )


def _input_fields(workflow: Workflow) -> list[InputField]:
    """Return the fields by name; where more than one node takes a field, the first one's schema is told."""
    fields = []
    for name, takers in sorted(workflow.brief_fields.items()):
        taken = [one for key, field in takers if (one := _taken(workflow.node(key), field))]
        fields.append(
            InputField(
                name=name,
                required=any(each.is_required() for each in taken),
                nodes=[key for key, _ in takers],
                schema=_schema(taken[0]) if taken else {},
            )
        )
    return fields


def _taken(node: AnyNode | ExpandNode, field: str) -> FieldInfo | None:
    """Return the field of the model that reads the node's inputs; None where anything goes."""
    if isinstance(node, AgentNode):
        taken: FieldInfo | None = AGENTS[node.agent].Input.model_fields.get(field)
        return taken
    if isinstance(node, GateNode):
        return kind_of(node.approval).Payload.model_fields.get(field)
    if isinstance(node, ExpandNode):
        return FieldInfo.from_annotated_attribute(list[Any], Field([], max_length=node.most_items))
    return None


def _schema(field: FieldInfo) -> dict[str, Any]:
    """Return the JSON Schema of a field by itself, with its default."""
    # `None` stands for no rule: `Annotated` takes one at least. mypy has no name for a type made here.
    adapter: TypeAdapter[Any] = TypeAdapter(Annotated[field.annotation, None, *field.metadata])  # type: ignore[arg-type]
    schema = adapter.json_schema()
    if field.is_required():
        return schema
    return {"default": to_jsonable_python(field.get_default(call_default_factory=True)), **schema}
