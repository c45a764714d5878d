"""Effects of patches."""
