"""The sandbox studio: makes small real videos, keeps keys apart, and calls back with a signature."""
