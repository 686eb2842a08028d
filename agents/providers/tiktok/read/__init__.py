"""What is only read from TikTok; every call here is safe to repeat."""
