"""What a comparison of source and shop asks people for, in the shape of the acts they approve."""

from agents.contract import Typed
from agents.definitions.catalogue_merge import ProductChange


class ListingChange(Typed):
    """New words for a product, and those they take the place of; None where a text stays.

    `source_title` and `source_description` are what the source says: once it is dealt with, that is known.
    """

    product_id: str
    title: str | None = None
    description: str | None = None
    replaces_title: str | None = None
    replaces_description: str | None = None
    source_title: str | None = None
    source_description: str | None = None

    @classmethod
    def of(cls, change: ProductChange) -> "ListingChange | None":
        """Return what of a change is about words; None where it is about others things alone."""
        words = {
            one.field: one for one in change.changes if one.field in ("title", "description") and one.after
        }
        if not words:
            return None
        values = {name: one.after for name, one in words.items()}
        return cls(
            product_id=change.product_id,
            **values,
            **{f"source_{name}": value for name, value in values.items()},
            **{f"replaces_{name}": one.before for name, one in words.items()},
        )
