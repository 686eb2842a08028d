"""Bugs put in on purpose, each with the test that must notice."""
