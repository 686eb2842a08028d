"""The pages of the stop switch, and the banner all other pages show while something is stopped."""
