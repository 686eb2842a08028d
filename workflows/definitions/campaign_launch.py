"""A campaign from a fresh look at the account to listings, posts, ads and letters, each agreed to by a person."""

from workflows.definitions.produced_post import card_video, draft_in_a_circle, publish
from workflows.nodes import (
    ActionNode,
    AgentNode,
    GateNode,
    PreflightNode,
    ReportNode,
    SyncNode,
    Workflow,
)

LISTINGS = "listings.output.listings"
CAMPAIGNS = "ads.output.campaigns"
LETTERS = "outreach.output.drafts"
MOST = 20
OF_A_PRODUCT = {"path": "item.kind", "op": "equal", "value": "product"}

workflow = Workflow(
    slug="campaign_launch",
    label="Campaign launch",
    purpose="Better listings, a post for each, ads created switched off and letters to creators, each approved first.",
    nodes=(
        SyncNode(key="fresh", label="Fresh data", part="all", is_optional=True, timeout_seconds=280),
        PreflightNode(key="preflight", label="Ready to launch?", depends_on=("fresh",)),
        AgentNode(
            key="health", label="Account health", agent="account_health", depends_on=("fresh", "preflight")
        ),
        AgentNode(
            key="audience", label="Audience", agent="audience_mapper", depends_on=("fresh", "preflight")
        ),
        AgentNode(
            key="listings",
            label="Listings",
            agent="listing_optimizer",
            depends_on=("fresh", "audience"),
            inputs={"products": "brief.products", "segments": "audience.output.segments"},
        ),
        GateNode(
            key="listing_gate",
            label="Change the listing?",
            approval="update_listing",
            depends_on=("listings",),
            for_each=LISTINGS,
            most_items=MOST,
            when=OF_A_PRODUCT,
            inputs={
                "product_id": "item.id",
                "title": "item.recommended.title",
                "description": "item.recommended.description",
            },
            facts={"score_now": "item.current_score", "score_then": "item.recommended.score"},
        ),
        ActionNode(
            key="listing_update",
            label="Change the listing",
            effect="update_listing",
            gate="listing_gate",
            depends_on=("listing_gate",),
            for_each=LISTINGS,
            most_items=MOST,
        ),
        *draft_in_a_circle(
            LISTINGS,
            drafts={"listing": "item.recommended"},
            depends_on=("listing_gate",),
            most_items=MOST,
        ),
        card_video(LISTINGS, most_items=MOST),
        *publish(LISTINGS, most_items=MOST),
        AgentNode(
            key="ads",
            label="Ads",
            agent="ad_campaign_director",
            depends_on=("fresh", "audience"),
            inputs={
                "segments": "audience.output.segments",
                "budget": "brief.budget",
                "spend_cap": "brief.spend_cap",
                "currency": "brief.currency",
                "days": "brief.days",
            },
        ),
        GateNode(
            key="spend_gate",
            label="Spend this?",
            approval="create_campaign",
            depends_on=("ads",),
            for_each=CAMPAIGNS,
            most_items=MOST,
            inputs={
                "name": "item.name",
                "objective": "item.objective",
                "daily_budget": "item.daily_budget",
                "currency": "ads.output.currency",
                "days": "ads.output.days",
                "spend_cap": "ads.output.spend_cap",
            },
            facts={"audience": "item.audience", "all_campaigns": "ads.output.total_spend"},
        ),
        ActionNode(
            key="campaign",
            label="Create it switched off",
            effect="create_campaign",
            gate="spend_gate",
            depends_on=("spend_gate",),
            for_each=CAMPAIGNS,
            most_items=MOST,
        ),
        AgentNode(
            key="outreach",
            label="Creators",
            agent="creator_outreach",
            depends_on=("fresh", "audience"),
            inputs={"segments": "audience.output.segments"},
        ),
        GateNode(
            key="message_gate",
            label="Write to them?",
            approval="send_message",
            depends_on=("outreach",),
            for_each=LETTERS,
            most_items=MOST,
            inputs={"creator": "item.creator", "text": "item.message"},
        ),
        ActionNode(
            key="message",
            label="Write to them",
            effect="send_message",
            gate="message_gate",
            depends_on=("message_gate",),
            for_each=LETTERS,
            most_items=MOST,
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
