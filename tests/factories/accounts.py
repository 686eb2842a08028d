"""People, workspaces, brands and accounts."""

from typing import Any

import factory
from django.contrib.auth.hashers import make_password

from tiktok_ops.accounts.models import Brand, Membership, TikTokAccount, User, Workspace
from tiktok_ops.accounts.roles import Role

PASSWORD = "a long enough password"


class WorkspaceFactory(factory.django.DjangoModelFactory[Workspace]):
    """A team."""

    class Meta:
        model = Workspace

    name = factory.Sequence(lambda n: f"Team {n}")
    slug = factory.Sequence(lambda n: f"team-{n}")


class UserFactory(factory.django.DjangoModelFactory[User]):
    """A person who may sign in to the admin, with no role yet."""

    class Meta:
        model = User

    username = factory.Sequence(lambda n: f"person{n}")
    is_staff = True
    password = factory.LazyFunction(lambda: make_password(PASSWORD))


class BrandFactory(factory.django.DjangoModelFactory[Brand]):
    """A brand with a voice and one banned claim."""

    class Meta:
        model = Brand

    workspace = factory.SubFactory(WorkspaceFactory)
    name = factory.Sequence(lambda n: f"Brand {n}")
    voice = "Friendly and plain."
    banned_claims = ["cures everything"]


class AccountFactory(factory.django.DjangoModelFactory[TikTokAccount]):
    """An own account in the sandbox, of a brand of its workspace."""

    class Meta:
        model = TikTokAccount

    workspace = factory.SubFactory(WorkspaceFactory)
    brand = factory.SubFactory(BrandFactory, workspace=factory.SelfAttribute("..workspace"))
    handle = factory.Sequence(lambda n: f"account{n}")


class MembershipFactory(factory.django.DjangoModelFactory[Membership]):
    """A person's role in a whole workspace."""

    class Meta:
        model = Membership

    workspace = factory.SubFactory(WorkspaceFactory)
    user = factory.SubFactory(UserFactory)
    role = Role.OPERATOR


def person(workspace: Workspace, role: Role, **changes: Any) -> User:
    """Return a person with one role in the workspace; `changes` are fields of the user."""
    user: User = UserFactory.create(**changes)
    MembershipFactory.create(workspace=workspace, user=user, role=role)
    return user
