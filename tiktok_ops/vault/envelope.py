"""Sealed secrets: whoever reads the database or a backup of it reads none of them.

Envelope encryption. Each secret has a data key of its own, which encrypts it with AES-256-GCM (NIST SP 800-38D,
random 96-bit nonces). The data key is wrapped by a key-encryption key, which HKDF-SHA256 (RFC 5869) makes of a
secret in `settings.VAULT_KEYS`: keys are changed by wrapping 32 bytes anew, and the ciphertext stays.

The data key is wrapped with AES-256-GCM too. The key wrap of RFC 3394 takes no associated data: a wrapped key moved
to another row would be taken for that row's own, by `rewrap` above all, which does not open the ciphertext.
GCM's price is a limit of 2**32 wraps by one key (SP 800-38D, section 8.3), which is out of reach here.

A sealed secret, with the bytes each part has:

    version 1 | length of the key's id 1 | the key's id | wrapped data key 12 + 32 + 16 | ciphertext 12 + n + 16

where 12 is a nonce and 16 a tag. Everything before the wrapped key, and the binding, are its associated data; those
of the ciphertext are the version and the binding, so that it holds under any key-encryption key.
"""

import secrets
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.views.decorators.debug import sensitive_variables

from tiktok_ops.errors import Refused

VERSION = b"\x01"
KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16
PURPOSE = b"tiktok-ops vault: AES-256-GCM key-encryption key"


class VaultRefused(Refused):
    """The vault does not give this secret."""


class NotSealed(VaultRefused):
    """This is not a sealed secret, or not a whole one: give what the vault sealed, every byte of it."""


class VaultKeyUnknown(VaultRefused):
    """The key this secret is sealed with is not configured: add it to VAULT_KEYS."""


class SecretNotOpened(VaultRefused):
    """This is not what was sealed here: it is from another place, or was changed."""


@dataclass(frozen=True, slots=True)
class _Envelope:
    """A sealed secret in its parts; none of them is secret."""

    header: bytes
    wrapped_key: bytes
    ciphertext: bytes

    @property
    def key_id(self) -> str:
        """The key that wrapped the data key."""
        return self.header[2:].decode(errors="replace")


@sensitive_variables()  # an error report shows the variables here and below
def seal_text(text: str, *, binding: str) -> bytes:
    """Encrypt any `text` under the newest key of `settings.VAULT_KEYS`; only its length in UTF-8 can be seen.

    `binding` names the one place the secret belongs to, as "effect:<id>:upload_url". What is returned does not hold
    it: it must be given again to open the secret.
    """
    data_key = AESGCM.generate_key(KEY_BYTES * 8)
    # Surrogates pass, because the error for one would quote the secret.
    plain = text.encode(errors="surrogatepass")
    return _wrap(data_key, binding) + _encrypt(data_key, plain, VERSION + binding.encode())


@sensitive_variables()
def open_text(sealed: bytes, *, binding: str) -> str:
    """Return the text that `seal_text` sealed for `binding`.

    Raises `NotSealed`, `VaultKeyUnknown` for a key that is not in `settings.VAULT_KEYS`, and `SecretNotOpened` for
    another binding, a changed byte, or a key that is another now under the same id.
    """
    envelope = _read(sealed)
    plain = _decrypt(_unwrap(envelope, binding), envelope.ciphertext, header=VERSION, binding=binding)
    return plain.decode(errors="surrogatepass")


@sensitive_variables()
def rewrap(sealed: bytes, *, binding: str) -> bytes:
    """Return the same secret under the newest key: its data key is wrapped anew, its ciphertext is not looked at.

    Harmless when it is under the newest key already. Raises as `open_text` does.
    """
    envelope = _read(sealed)
    return _wrap(_unwrap(envelope, binding), binding) + envelope.ciphertext


def newest_header() -> bytes:
    """Return the bytes every text begins with that is sealed under the newest key; the key's id from the third on."""
    key_id, _ = settings.VAULT_KEYS[0]
    return VERSION + bytes([len(key_id.encode())]) + key_id.encode()


def is_under_newest_key(sealed: bytes) -> bool:
    """Whether `rewrap` has nothing to do here; raises `NotSealed`."""
    newest, _ = settings.VAULT_KEYS[0]
    return _read(sealed).key_id == newest


def _read(sealed: bytes) -> _Envelope:
    """Take a sealed secret apart; raises `NotSealed`."""
    header_end = 2 + int.from_bytes(sealed[1:2])
    wrapped_end = header_end + NONCE_BYTES + KEY_BYTES + TAG_BYTES
    if sealed[:1] != VERSION or len(sealed) < wrapped_end + NONCE_BYTES + TAG_BYTES:
        raise NotSealed
    return _Envelope(sealed[:header_end], sealed[header_end:wrapped_end], sealed[wrapped_end:])


def _wrap(data_key: bytes, binding: str) -> bytes:
    """Return the header of the newest key and the data key wrapped by it."""
    _, secret = settings.VAULT_KEYS[0]
    header = newest_header()
    return header + _encrypt(_derived(secret), data_key, header + binding.encode())


def _unwrap(envelope: _Envelope, binding: str) -> bytes:
    """Return the data key."""
    secret = dict(settings.VAULT_KEYS).get(envelope.key_id)
    if secret is None:
        raise VaultKeyUnknown(
            f"The key {envelope.key_id!r} this secret is sealed with is not configured: add it to VAULT_KEYS."
        )
    return _decrypt(_derived(secret), envelope.wrapped_key, header=envelope.header, binding=binding)


def _derived(secret: str) -> bytes:
    """Return the key-encryption key; no salt, because the secret is random and used for this alone."""
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=PURPOSE).derive(secret.encode())


def _encrypt(key: bytes, plain: bytes, associated: bytes) -> bytes:
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plain, associated)


def _decrypt(key: bytes, box: bytes, *, header: bytes, binding: str) -> bytes:
    associated = header + binding.encode()
    try:
        return AESGCM(key).decrypt(box[:NONCE_BYTES], box[NONCE_BYTES:], associated)
    except InvalidTag:
        raise SecretNotOpened(
            f"What is stored for {binding!r} cannot be opened: it was sealed for another place or changed since, "
            "or its key in VAULT_KEYS is another one now; store the secret anew."
        ) from None
