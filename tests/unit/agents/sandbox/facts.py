"""Facts of every shape, for properties that hold whatever the facts."""

from hypothesis import strategies as st

from agents.sandbox.phrases import LABELS, QUOTES, TERMS

OTHERS = ("share", "lift", "score", "median_views", "window", "baseline", "segments", "parts", "is_open")

names = st.text() | st.sampled_from([*LABELS, *TERMS, *QUOTES, *OTHERS])
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=5),
    max_leaves=15,
)
any_facts = st.dictionaries(names, values)
