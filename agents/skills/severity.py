"""How grave a finding is: one scale for the compliance agent and for the guardrails."""

from enum import StrEnum


class Severity(StrEnum):
    """How grave a finding is, from a remark to a reason to stop."""

    INFO = "info"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"
