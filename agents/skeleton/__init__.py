"""A new agent to begin from: a module that works, its line in the registry, and its test."""
