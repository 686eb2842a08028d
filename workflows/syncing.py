"""Taking in what TikTok says of an account, as a step."""

from datetime import timedelta
from uuid import UUID

from django.db.models import DateTimeField, Exists, ExpressionWrapper
from django.db.models.functions import Now

from agents.providers.errors import AccessRefused, ProviderError
from agents.sync.parts import SyncRefused, sync_part
from tiktok_ops.accounts.models import TikTokAccount
from workflows.models import WorkflowRun, WorkflowStep
from workflows.nodes import SyncNode
from workflows.outcomes import Outcome, Succeeded
from workflows.retrying import after_trouble
from workflows.work import Work


def sync(work: Work) -> Outcome:
    """Sync the node's part of the run's account; what the run does after that is as of the data there is then.

    Raises `SyncRefused`, whose sentence becomes the step's.
    """
    node = work.node
    if not isinstance(node, SyncNode):
        raise TypeError(node)
    outcome = _taken_in(node, work)
    if isinstance(outcome, Succeeded):
        _move_on(work)
    return outcome


def _taken_in(node: SyncNode, work: Work) -> Outcome:
    """Ask TikTok for the part, unless the data is fresh enough; raises as `sync`."""
    if why := _why_enough(node, account_id=work.step.run.account_id):
        return Succeeded(output={"part": node.part, "said": {"left_out": why}})
    try:
        said = sync_part(node.part, account_id=work.step.run.account_id, hold=work.hold)
    except (SyncRefused, AccessRefused) as refused:
        if not node.is_optional:
            raise
        return Succeeded(output={"part": node.part, "said": {"left_out": str(refused)}})
    except ProviderError as trouble:
        return after_trouble(node.retry, trouble, tries=work.step.tries)
    return Succeeded(output={"part": node.part, "said": said})


def _move_on(work: Work) -> None:
    """Make the run's "now" the time its account's data is from, unless another worker has the step by now."""
    run = work.step.run
    as_of = TikTokAccount.objects.values_list("data_as_of", flat=True).get(id=run.account_id)
    mine = WorkflowStep.objects.filter(id=work.claim.step_id, status="running", claims=work.claim.number)
    if as_of is not None and WorkflowRun.objects.filter(Exists(mine), id=run.id).update(as_of=as_of):
        run.as_of = as_of


def _why_enough(node: SyncNode, *, account_id: UUID) -> str:
    """Return why the account's data is fresh enough for the node, in a sentence; "" where it is not."""
    newer = ExpressionWrapper(Now() - timedelta(minutes=node.enough_minutes), output_field=DateTimeField())
    account = TikTokAccount.objects.filter(
        id=account_id, data_source=TikTokAccount.Source.SYNC, data_as_of__gt=newer
    ).first()
    if account is None or account.data_as_of is None:
        return ""
    return f"The data is as of {account.data_as_of:%Y-%m-%d %H:%M} UTC, less than {node.enough_minutes} minutes ago."
