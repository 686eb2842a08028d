"""The pages of workflow definitions: every version as a graph."""

from workflows.definitions_admin.pages import WorkflowDefinitionAdmin

__all__ = ["WorkflowDefinitionAdmin"]
