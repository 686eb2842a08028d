"""The status machine of reservations."""

from tiktok_ops.transitions import table

RESERVATION = table(
    "reservation", "agents_reservation", {"held": "settled assumed", "assumed": "settled", "settled": ""}
)
