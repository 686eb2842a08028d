"""What several workflows are made of: fresh data at their beginning, drafts in a circle, acts agreed to one by one."""

from collections.abc import Mapping

from agents.circles import CIRCLES
from workflows.conditions import Condition
from workflows.nodes import ActionNode, AgentNode, GateNode, ReviewNode, SyncNode

FRESH = SyncNode(key="fresh", label="Fresh data", part="all", is_optional=True, timeout_seconds=280)
"""All that TikTok says of the account; one it is not connected to goes on with what is there."""


ITEM_FINDINGS = {
    "findings": "item.findings",
    "compliance_score": "item.compliance_score",
    "blocked": "item.blocked",
}
"""What is shown beside an item of a review at its gate."""


def in_a_circle(
    circle: str, draft: AgentNode, *, items: str, parts: tuple[str, ...]
) -> tuple[AgentNode, AgentNode, ReviewNode]:
    """Return the draft, its check and its review, as the circle of that name goes; before any loop over the items.

    `items` is the field of the draft's output that holds what was drafted, `parts` where the texts are in each. The
    review, `KEY_review`, puts the items out again, each with what was found in it.
    """
    drafted = f"{draft.key}.output.{items}"
    check, review = f"{draft.key}_check", f"{draft.key}_review"
    return (
        draft.model_copy(update={"inputs": {**draft.inputs, "feedback": "redraft.feedback"}}),
        AgentNode(
            key=check,
            label=f"{draft.label} checked",
            agent=CIRCLES[circle].reviews,
            depends_on=(draft.key,),
            inputs={"items": drafted},
            options={"parts": list(parts)},
        ),
        ReviewNode(
            key=review,
            label=f"{draft.label} reviewed",
            depends_on=(draft.key, check),
            inputs={
                "findings": f"{check}.output.findings",
                "blocked": f"{check}.output.blocked",
                "items": drafted,
            },
            redraft=draft.key,
            circle=circle,
            most_redrafts=CIRCLES[circle].rounds,
        ),
    )


def act_once_agreed(
    keys: tuple[str, str],
    *,
    effect: str,
    question: str,
    label: str,
    loop: str,
    most_items: int,
    depends_on: tuple[str, ...],
    inputs: Mapping[str, str],
    facts: Mapping[str, str] | None = None,
    when: Condition | None = None,
) -> tuple[GateNode, ActionNode]:
    """Return a gate and the act behind it, by their `keys`, for each item of `loop`.

    The approval is of the kind that is named as the effect; `inputs` make its payload, `facts` are shown beside it.
    """
    gate, act = keys
    return (
        GateNode(
            key=gate,
            label=question,
            approval=effect,
            depends_on=depends_on,
            for_each=loop,
            most_items=most_items,
            when=when,
            inputs=dict(inputs),
            facts=dict(facts or {}),
        ),
        ActionNode(
            key=act,
            label=label,
            effect=effect,
            gate=gate,
            depends_on=(gate,),
            for_each=loop,
            most_items=most_items,
        ),
    )
