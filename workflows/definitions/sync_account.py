"""What TikTok says of an account, taken in: its days, posts, comments, shop and trends."""

from workflows.nodes import ReportNode, SyncNode, Workflow

workflow = Workflow(
    slug="sync_account",
    label="Sync account",
    purpose="Take in what is new on TikTok: profile, posts with their figures, comments, shop and trends.",
    nodes=(
        SyncNode(key="profile", label="Profile and days", part="profile"),
        SyncNode(key="posts", label="Posts and figures", part="posts", timeout_seconds=280),
        SyncNode(
            key="comments", label="Comments", part="comments", depends_on=("posts",), timeout_seconds=280
        ),
        SyncNode(key="shop", label="Shop and orders", part="shop", timeout_seconds=280),
        SyncNode(key="trends", label="Trends and creators", part="trends"),
        SyncNode(
            key="finish",
            label="Up to date",
            part="finish",
            depends_on=("profile", "posts", "comments", "shop", "trends"),
        ),
        ReportNode(
            key="report",
            label="What changed",
            report="sync_account",
            depends_on=("profile", "posts", "comments", "shop", "trends", "finish"),
        ),
    ),
)
