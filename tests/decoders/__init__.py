"""Every decoder of transformers: loaded and right, or refused with its reason."""
