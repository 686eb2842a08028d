"""How fast the engine is, beside its peers. Never a test: a time that is asserted fails on a busy machine."""
