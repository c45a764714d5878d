"""What breaks, or heals, when a part of one run is put into another."""
