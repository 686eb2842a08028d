"""What several workflows are made of: fresh data at their beginning, and acts a person agrees to one by one."""

from collections.abc import Mapping

from workflows.conditions import Condition
from workflows.nodes import ActionNode, GateNode, SyncNode

FRESH = SyncNode(key="fresh", label="Fresh data", part="all", is_optional=True, timeout_seconds=280)
"""All that TikTok says of the account; one it is not connected to goes on with what is there."""


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
