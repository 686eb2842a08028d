"""Taking in what TikTok says of an account, as a step."""

from agents.providers.errors import AccessRefused, ProviderError
from agents.sync.parts import SyncRefused, sync_part
from workflows.nodes import SyncNode
from workflows.outcomes import Outcome, Succeeded
from workflows.retrying import after_trouble
from workflows.work import Work


def sync(work: Work) -> Outcome:
    """Sync the node's part of the run's account. Raises `SyncRefused`, whose sentence becomes the step's."""
    node = work.node
    if not isinstance(node, SyncNode):
        raise TypeError(node)
    try:
        said = sync_part(node.part, account_id=work.step.run.account_id, hold=work.hold)
    except (SyncRefused, AccessRefused) as refused:
        if not node.is_optional:
            raise
        return Succeeded(output={"part": node.part, "said": {"left_out": str(refused)}})
    except ProviderError as trouble:
        return after_trouble(node.retry, trouble, tries=work.step.tries)
    return Succeeded(output={"part": node.part, "said": said})
