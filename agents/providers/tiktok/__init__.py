"""TikTok over HTTP: reading in `read`, what changes something in `write`."""
