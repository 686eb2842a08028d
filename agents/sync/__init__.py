"""What TikTok says of an account, taken into the `content` tables."""
