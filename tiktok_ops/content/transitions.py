"""The status machine of an import."""

from tiktok_ops.transitions import table

IMPORT = table(
    "import",
    "content_contentimport",
    {
        "checking": "ready failed cancelled",
        "ready": "queued cancelled",
        "queued": "running failed",
        "running": "succeeded failed",
        "succeeded": "",
        "failed": "",
        "cancelled": "",
    },
)
