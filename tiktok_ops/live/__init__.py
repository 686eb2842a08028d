"""Live updates: what the database announces (NOTIFY), told to whoever waits for it in this web process."""
