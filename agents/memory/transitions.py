"""The status machine of what is remembered."""

from tiktok_ops.transitions import table

MEMORY = table(
    "memory item", "agents_memoryitem", {"proposed": "active revoked", "active": "revoked", "revoked": ""}
)
