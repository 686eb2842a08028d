"""The demo: a workspace with people, brands and accounts, and sample posts that ship with the project."""
