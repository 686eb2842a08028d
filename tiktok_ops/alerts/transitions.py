"""The status machine of alerts; a migration installs it in the database too."""

from tiktok_ops.transitions import table

ALERT = table(
    "alert",
    "alerts_alert",
    {"open": "acknowledged resolved", "acknowledged": "resolved", "resolved": ""},
)

LIVE = ("open", "acknowledged")
"""In these an alert is not over: what it is about counts up instead of making another."""
