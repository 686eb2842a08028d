"""A campaign from a fresh look at the account to listings, posts, ads and letters, each agreed to by a person."""

from workflows.conditions import Compares
from workflows.definitions.produced_post import card_video, draft_in_a_circle, publish
from workflows.definitions.shared_nodes import FRESH, ITEM_FINDINGS, act_once_agreed, in_a_circle
from workflows.nodes import AgentNode, PreflightNode, ReportNode, Workflow

LISTINGS = "listings_review.output.items"
CAMPAIGNS = "ads_review.output.items"
LETTERS = "outreach_review.output.items"
MOST = 20
OF_A_PRODUCT = Compares(path="item.kind", op="equal", value="product")

workflow = Workflow(
    slug="campaign_launch",
    label="Campaign launch",
    purpose="Better listings, a post for each, ads created switched off and letters to creators, each approved first.",
    nodes=(
        FRESH,
        PreflightNode(
            key="preflight",
            label="Ready to launch?",
            depends_on=("fresh",),
            spends=True,
            inputs={"currency": "brief.currency"},
        ),
        AgentNode(
            key="health", label="Account health", agent="account_health", depends_on=("fresh", "preflight")
        ),
        AgentNode(
            key="audience", label="Audience", agent="audience_mapper", depends_on=("fresh", "preflight")
        ),
        *in_a_circle(
            "listings",
            AgentNode(
                key="listings",
                label="Listings",
                agent="listing_optimizer",
                depends_on=("fresh", "audience"),
                inputs={"products": "brief.products", "segments": "audience.output.segments"},
            ),
            items="listings",
            parts=("recommended.title", "recommended.description"),
        ),
        *act_once_agreed(
            ("listing_gate", "listing_update"),
            effect="update_listing",
            question="Change the listing?",
            label="Change the listing",
            loop=LISTINGS,
            most_items=MOST,
            depends_on=("listings_review",),
            when=OF_A_PRODUCT,
            inputs={
                "product_id": "item.id",
                "title": "item.recommended.title",
                "description": "item.recommended.description",
            },
            facts={
                "score_now": "item.current_score",
                "score_then": "item.recommended.score",
                **ITEM_FINDINGS,
            },
        ),
        *draft_in_a_circle(
            LISTINGS,
            # The post is about the listing as it was approved, whatever a person changed of it.
            drafts={"listing": "listing_gate.output.payload", "hashtags": "item.recommended.hashtags"},
            depends_on=("listing_gate",),
            most_items=MOST,
        ),
        card_video(LISTINGS, most_items=MOST),
        *publish(LISTINGS, most_items=MOST),
        *in_a_circle(
            "ads",
            AgentNode(
                key="ads",
                label="Ads",
                agent="ad_campaign_director",
                depends_on=("fresh", "preflight", "audience"),
                inputs={
                    "segments": "audience.output.segments",
                    "budget": "brief.budget",
                    "spend_cap": "brief.spend_cap",
                    "currency": "preflight.output.currency",
                    "minimum_daily": "brief.minimum_daily",
                    "days": "brief.days",
                },
            ),
            items="campaigns",
            parts=("name", "hook"),
        ),
        *act_once_agreed(
            ("spend_gate", "campaign"),
            effect="create_campaign",
            question="Spend this?",
            label="Create it switched off",
            loop=CAMPAIGNS,
            most_items=MOST,
            depends_on=("ads", "ads_review"),
            inputs={
                "name": "item.name",
                "objective": "item.objective",
                "daily_budget": "item.daily_budget",
                "currency": "ads.output.currency",
                "minimum_daily": "ads.output.minimum_daily",
                "days": "ads.output.days",
                "starts_at": "brief.starts_at",
                "spend_cap": "ads.output.spend_cap",
                "audience": "item.audience",
                "location_ids": "brief.location_ids",
                "age_groups": "brief.age_groups",
                "gender": "brief.gender",
                "hook": "item.hook",
                "posts": "item.creatives.video_id",
            },
            facts={
                "all_campaigns": "ads.output.total_spend",
                "left_out": "ads.output.trimmed.reason",
                "note": "ads.output.note",
                **ITEM_FINDINGS,
            },
        ),
        *in_a_circle(
            "letters",
            AgentNode(
                key="outreach",
                label="Creators",
                agent="creator_outreach",
                depends_on=("fresh", "audience"),
                inputs={"segments": "audience.output.segments"},
            ),
            items="drafts",
            parts=("message",),
        ),
        *act_once_agreed(
            ("message_gate", "message"),
            effect="send_message",
            question="Write to them?",
            label="Write to them",
            loop=LETTERS,
            most_items=MOST,
            depends_on=("outreach_review",),
            inputs={"creator": "item.creator", "text": "item.message"},
            facts=ITEM_FINDINGS,
        ),
        ReportNode(
            key="report",
            label="Report",
            report="acts",
            depends_on=(
                *("health", "audience", "listings", "listing_gate", "listing_update", "gate", "post"),
                *("ads", "spend_gate", "campaign", "outreach", "message_gate", "message"),
            ),
        ),
    ),
)
