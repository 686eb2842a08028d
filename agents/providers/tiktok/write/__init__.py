"""What changes something at TikTok; only `workflows.effects` may import this."""
