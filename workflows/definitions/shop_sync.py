"""The shop beside the catalogue it is fed from: what runs out, what differs, and changes a person agrees to."""

from workflows.definitions.shared_nodes import FRESH, act_once_agreed
from workflows.nodes import AgentNode, ReportNode, Workflow

CHANGES = "catalog.output.listing_changes"
PRICES = "catalog.output.price_changes"
REMOVALS = "catalog.output.removals"
STOCKS = "inventory.output.stock_proposals"
MOST = 100

workflow = Workflow(
    slug="shop_sync",
    label="Shop sync",
    purpose="What the shop sells and runs out of, and where it differs from the catalogue; changes are approved first.",
    nodes=(
        FRESH,
        AgentNode(
            key="inventory",
            label="Stock",
            agent="inventory_sync",
            depends_on=("fresh",),
            inputs={"low_stock_days": "brief.low_stock_days", "restocked": "brief.restocked"},
        ),
        AgentNode(
            key="catalog",
            label="Catalogue",
            agent="catalog_sync",
            depends_on=("fresh",),
            inputs={"source": "brief.source", "last_synced": "brief.last_synced"},
        ),
        *act_once_agreed(
            ("listing_gate", "listing_update"),
            effect="update_listing",
            question="Change the listing?",
            label="Change the listing",
            loop=CHANGES,
            most_items=MOST,
            depends_on=("catalog",),
            inputs={
                "product_id": "item.product_id",
                "title": "item.title",
                "description": "item.description",
                "replaces_title": "item.replaces_title",
                "replaces_description": "item.replaces_description",
                "source_title": "item.source_title",
                "source_description": "item.source_description",
            },
            facts={"why": "item.why", "when_last_dealt_with": "item.last"},
        ),
        *act_once_agreed(
            ("price_gate", "price_update"),
            effect="set_price",
            question="Change the price?",
            label="Change the price",
            loop=PRICES,
            most_items=MOST,
            depends_on=("catalog",),
            inputs={
                "product_id": "item.product_id",
                "price": "item.price",
                "currency": "item.currency",
                "replaces_price": "item.replaces_price",
                "source_price": "item.source_price",
            },
            facts={"why": "item.why", "when_last_dealt_with": "item.last"},
        ),
        *act_once_agreed(
            ("removal_gate", "removal"),
            effect="take_off_sale",
            question="Take it off sale?",
            label="Take it off sale",
            loop=REMOVALS,
            most_items=MOST,
            depends_on=("catalog",),
            inputs={"product_id": "item.product_id", "title": "item.title"},
            facts={"why": "item.why"},
        ),
        *act_once_agreed(
            ("stock_gate", "stock_update"),
            effect="set_stock",
            question="Set the stock?",
            label="Set the stock",
            loop=STOCKS,
            most_items=MOST,
            depends_on=("inventory",),
            inputs={
                "product_id": "item.product_id",
                "quantity": "item.quantity",
                "replaces_quantity": "item.replaces_quantity",
            },
            facts={"why": "item.why"},
        ),
        ReportNode(
            key="report",
            label="Report",
            report="acts",
            depends_on=(
                *("inventory", "catalog", "listing_gate", "listing_update"),
                *("price_gate", "price_update", "removal_gate", "removal", "stock_gate", "stock_update"),
            ),
        ),
    ),
)
