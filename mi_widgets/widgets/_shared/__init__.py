"""The one drawing core: what every view needs on either side of the wire, and nothing a single view needs."""
