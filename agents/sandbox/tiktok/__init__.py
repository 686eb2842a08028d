"""A TikTok at the wire: the documented answers and limits, with a state and a ledger all processes share."""
