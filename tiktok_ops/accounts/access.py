"""Which workspaces a person runs as a whole, and which people they may see and change there."""

from django.db.models import QuerySet

from tiktok_ops.accounts.models import Membership, User, Workspace
from tiktok_ops.accounts.roles import Capability


def workspaces_with(user: User, capability: Capability) -> QuerySet[Workspace]:
    """Return the workspaces on all of which `user` has the capability; every one for a superuser.

    To add a row to a workspace takes this: a membership for named brands sees the workspace, but must
    not reach beyond its brands by adding to it.
    """
    if user.is_superuser:
        return Workspace.objects.all()
    whole = user.memberships.granting(capability).filter(reach=Membership.Reach.WORKSPACE)
    return Workspace.objects.filter(id__in=whole.values("workspace"))


def only_workspace(user: User, capability: Capability) -> dict[str, Workspace]:
    """Return `{"workspace": it}` when there is just one `user` could choose, for a form to begin with."""
    found = list(workspaces_with(user, capability)[:2])
    return {"workspace": found[0]} if len(found) == 1 else {}


def people_seen_by(user: User) -> QuerySet[User]:
    """Return the people of the workspaces `user` manages, and for a superuser everybody."""
    if user.is_superuser:
        return User.objects.all()
    of_theirs = Membership.objects.filter(workspace__in=workspaces_with(user, Capability.MANAGE))
    return User.objects.filter(id__in=of_theirs.values("user"))


def people_changed_by(user: User) -> QuerySet[User]:
    """Return the people whose sign-in `user` may change: those seen who belong to nobody else.

    Setting a password is acting as that person. So a superuser, or somebody who also works in a
    workspace `user` does not manage, is out of reach.
    """
    if user.is_superuser:
        return User.objects.all()
    elsewhere = Membership.objects.exclude(workspace__in=workspaces_with(user, Capability.MANAGE))
    return people_seen_by(user).filter(is_superuser=False).exclude(id__in=elsewhere.values("user"))
