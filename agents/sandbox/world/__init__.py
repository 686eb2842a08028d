"""A made world for the sandbox: brands, accounts and what is on them, the same for the same seed."""
