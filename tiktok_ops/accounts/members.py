"""Giving people roles."""

from django.db import transaction

from tiktok_ops.accounts.models import Membership, User, Workspace
from tiktok_ops.accounts.roles import Role
from tiktok_ops.audit.services import record


def grant_role(*, workspace: Workspace, user: User, role: Role, by: User | str) -> Membership:
    """Give `user` a role in the whole workspace; a role already held is left as it is."""
    with transaction.atomic():
        membership, is_new = Membership.objects.get_or_create(workspace=workspace, user=user, role=role.value)
        if is_new:
            record(
                "membership.created",
                by=by,
                subject=f"membership {user.username}",
                workspace_id=workspace.id,
                data={"user": user.username, "role": role.value, "reach": membership.reach},
            )
    return membership
