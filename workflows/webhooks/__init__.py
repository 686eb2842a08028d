"""What providers tell us: verified on the raw bytes, stored once, processed from the stored row."""
