"""The status machine of an approval request."""

from tiktok_ops.transitions import table

REQUEST = table(
    "approval request",
    "approvals_approvalrequest",
    {
        "open": "on_hold approved rejected changes_requested expired withdrawn superseded",
        "on_hold": "open expired withdrawn superseded",
        "approved": "open released superseded withdrawn",
        "released": "",
        "rejected": "",
        "changes_requested": "superseded",
        "expired": "superseded",
        "withdrawn": "",
        "superseded": "",
    },
)
