"""The shop beside the catalogue it is fed from: what runs out, what differs, and changes a person agrees to."""

from workflows.nodes import ActionNode, AgentNode, GateNode, ReportNode, SyncNode, Workflow

CHANGES = "catalog.output.listing_changes"
RESTOCKED = "brief.restocked"
MOST = 100

workflow = Workflow(
    slug="shop_sync",
    label="Shop sync",
    purpose="What the shop sells and runs out of, and where it differs from the catalogue; changes are approved first.",
    nodes=(
        SyncNode(key="fresh", label="Fresh data", part="all", is_optional=True, timeout_seconds=280),
        AgentNode(key="inventory", label="Stock", agent="inventory_sync", depends_on=("fresh",)),
        AgentNode(
            key="catalog",
            label="Catalogue",
            agent="catalog_sync",
            depends_on=("fresh",),
            inputs={"source": "brief.source", "last_synced": "brief.last_synced"},
        ),
        GateNode(
            key="listing_gate",
            label="Change the listing?",
            approval="update_listing",
            depends_on=("catalog",),
            for_each=CHANGES,
            most_items=MOST,
            inputs={
                "product_id": "item.product_id",
                "title": "item.title",
                "description": "item.description",
                "replaces_title": "item.replaces_title",
                "replaces_description": "item.replaces_description",
            },
        ),
        ActionNode(
            key="listing_update",
            label="Change the listing",
            effect="update_listing",
            gate="listing_gate",
            depends_on=("listing_gate",),
            for_each=CHANGES,
            most_items=MOST,
        ),
        GateNode(
            key="stock_gate",
            label="Set the stock?",
            approval="set_stock",
            depends_on=("inventory",),
            for_each=RESTOCKED,
            most_items=MOST,
            inputs={"product_id": "item.product_id", "quantity": "item.quantity"},
        ),
        ActionNode(
            key="stock_update",
            label="Set the stock",
            effect="set_stock",
            gate="stock_gate",
            depends_on=("stock_gate",),
            for_each=RESTOCKED,
            most_items=MOST,
        ),
        ReportNode(
            key="report",
            label="Report",
            report="acts",
            depends_on=(
                *("inventory", "catalog", "listing_gate", "listing_update", "stock_gate", "stock_update"),
            ),
        ),
    ),
)
