"""The only door to secrets: every write is a new version, every read and every end is on record.

Nothing here returns a value but `read_secret`, and what that returns hides it from whoever prints it.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Max, Q
from django.db.models.functions import Now
from django.views.decorators.debug import sensitive_variables

from tiktok_ops.accounts.models import User
from tiktok_ops.audit.services import actor_name, record
from tiktok_ops.vault.envelope import VaultRefused, is_under_newest_key, open_text, rewrap, seal_text
from tiktok_ops.vault.models import Secret, SecretVersion
from tiktok_ops.vault.rotation import Sealed

LONGEST_NAME = 120
READ_NOTED_EVERY = timedelta(minutes=1)


class SecretUnknown(VaultRefused):
    """There is no such secret, or no such version of it."""


class SecretDestroyed(VaultRefused):
    """This was destroyed, which is for good: store it anew."""


class SecretNameRefused(VaultRefused):
    """A secret cannot be called this."""


@dataclass(frozen=True, slots=True)
class Revealed:
    """What a secret holds, and in which version; its text is not shown where this is."""

    version: int
    text: str = field(repr=False)


def binding_of(*, workspace_id: UUID, name: str, number: int) -> str:
    """Return what a version is sealed for; the name comes last, so that no two places are written alike."""
    return f"secret:{workspace_id}:{number}:{name}"


@sensitive_variables("text")
def store_secret(*, workspace_id: UUID, name: str, text: str, by: User | str) -> int:
    """Keep `text` as the newest version of the secret, which is made where there is none; return its number.

    Two who store at once get a number each. Raises `SecretNameRefused`.
    """
    if not (0 < len(name) <= LONGEST_NAME and name.isprintable() and name == name.strip()):
        raise SecretNameRefused(
            f"The name {name[:LONGEST_NAME]!r} does not do for a secret: "
            f"give 1 to {LONGEST_NAME} printable characters without spaces around them."
        )
    with transaction.atomic():
        Secret.objects.get_or_create(workspace_id=workspace_id, name=name)
        secret = Secret.objects.select_for_update().get(workspace_id=workspace_id, name=name)
        number = (secret.versions.aggregate(last=Max("number"))["last"] or 0) + 1
        binding = binding_of(workspace_id=workspace_id, name=name, number=number)
        SecretVersion.objects.create(
            secret=secret,
            number=number,
            ciphertext=seal_text(text, binding=binding),
            created_by=actor_name(by)[:160],
        )
        _record("secret.stored", secret, by=by, version=number)
    return number


@sensitive_variables()
def read_secret(
    *, workspace_id: UUID, name: str, by: User | str, why: str, version: int | None = None
) -> Revealed:
    """Return the newest version, or the one of this number; who asked, and `why`, goes on record first.

    The newest is the last that was written, even where that one is destroyed: an older value is never
    given in its place. Raises `SecretUnknown`, `SecretDestroyed`, and what `open_text` refuses with.
    """
    versions = SecretVersion.objects.filter(secret__workspace_id=workspace_id, secret__name=name)
    if version is not None:
        versions = versions.filter(number=version)
    found = versions.select_related("secret").order_by("-number").first()
    if found is None:
        raise SecretUnknown(
            f"There is no secret {name!r} here, or not in the version asked for: store it first."
        )
    if found.ciphertext is None:
        raise SecretDestroyed(f"Version {found.number} of the secret {name!r} was destroyed: store it anew.")
    with transaction.atomic():
        _note_read(found.secret, by)
        _record("secret.read", found.secret, by=by, version=found.number, why=why)
    binding = binding_of(workspace_id=workspace_id, name=name, number=found.number)
    return Revealed(found.number, open_text(bytes(found.ciphertext), binding=binding))


def destroy_secret(*, secret_id: UUID, by: User | str, before: int | None = None) -> int:
    """Take away what the secret's versions hold, for good, or only those `before` a number; return how many.

    The rows stay, for the record names them. Harmless again.
    """
    with transaction.atomic():
        secret = Secret.objects.select_for_update().get(id=secret_id)
        there = secret.versions.filter(ciphertext__isnull=False)
        if before is not None:
            there = there.filter(number__lt=before)
        numbers = sorted(there.values_list("number", flat=True))
        if numbers:
            there.update(ciphertext=None, destroyed_at=Now(), destroyed_by=actor_name(by)[:160])
            _record("secret.destroyed", secret, by=by, versions=numbers)
    return len(numbers)


def rewrap_secret(*, secret_id: UUID, by: User | str) -> int:
    """Wrap the secret's versions under the newest key of `VAULT_KEYS`; return how many were not yet.

    Raises `VaultRefused` for one that cannot be opened; then none is changed.
    """
    changed = 0
    with transaction.atomic():
        secret = Secret.objects.select_for_update().get(id=secret_id)
        for row in secret.versions.select_for_update().filter(ciphertext__isnull=False):
            sealed = bytes(row.ciphertext or b"")
            if not is_under_newest_key(sealed):
                binding = binding_of(workspace_id=secret.workspace_id, name=secret.name, number=row.number)
                secret.versions.filter(id=row.id).update(ciphertext=rewrap(sealed, binding=binding))
                changed += 1
        _record("secret.rewrapped", secret, by=by, changed=changed)
    return changed


def _note_read(secret: Secret, by: User | str) -> None:
    """Write who read it last, unless that was within the minute: many read one secret at the same time."""
    long_ago = Q(last_read_at=None) | Q(last_read_at__lte=Now() - READ_NOTED_EVERY)
    noted = Secret.objects.filter(long_ago | ~Q(last_read_by=actor_name(by)[:160]), id=secret.id)
    noted.update(last_read_at=Now(), last_read_by=actor_name(by)[:160])


def _record(verb: str, secret: Secret, *, by: User | str, **data: object) -> None:
    record(verb, by=by, subject=f"secret {secret.name}", workspace_id=secret.workspace_id, data=data)


def _binding_of_row(row: SecretVersion) -> str:
    secret = row.secret
    return binding_of(workspace_id=secret.workspace_id, name=secret.name, number=row.number)


SEALED_VERSIONS = Sealed(
    name="secrets",
    rows=lambda: SecretVersion.objects.select_related("secret"),
    column="ciphertext",
    binding_of=_binding_of_row,
)
"""What a change of keys reaches of this app."""
