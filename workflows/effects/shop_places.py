"""Which SKU or warehouse of a product is meant."""

from collections.abc import Sequence

from workflows.effects.refusals import EffectRefused


def only(named: str, there: Sequence[str], what: str, *, product_id: str) -> str:
    """Return the one that is named, or the only one there is; raises `EffectRefused` where that is not clear."""
    if named in there:
        return named
    if named or not there:
        raise EffectRefused(f"The product {product_id} has no {what} {named!r}: sync the shop first.")
    if len(there) > 1:
        raise EffectRefused(
            f"The product {product_id} has {len(there)} {what}s and none is named: name one of {', '.join(there)}."
        )
    return there[0]
