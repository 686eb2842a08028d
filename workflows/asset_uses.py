"""In which runs an asset is used: those it was given to, and those that made it."""

from django.db.models import Q
from django.urls import reverse

from tiktok_ops.accounts.models import User
from tiktok_ops.content.asset_uses import AssetUse
from tiktok_ops.content.models import Artifact, Asset
from workflows.models import WorkflowRun

MOST_SHOWN = 20


def find_runs(asset: Asset, user: User) -> list[AssetUse]:
    """Return the newest runs of the asset's workspace that were given it or made it, and `user` sees."""
    made = Artifact.objects.filter(asset=asset).values("run_id")
    name = str(asset.id)
    given = (
        Q(input__asset=name) | Q(input__clips__contains=[name]) | Q(input__clips__contains=[{"asset": name}])
    )
    runs = WorkflowRun.objects.visible_to(user).filter(given | Q(id__in=made), workspace=asset.workspace_id)
    shown = runs.select_related("definition", "account").order_by("-id")[:MOST_SHOWN]
    return [
        AssetUse(f"{run} ({run.status})", reverse("admin:workflows_workflowrun_change", args=[run.id]))
        for run in shown
    ]
