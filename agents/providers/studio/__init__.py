"""The studio: somebody who makes videos from a prompt, and calls back when one is done."""
