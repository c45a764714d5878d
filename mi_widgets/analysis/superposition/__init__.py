"""How toy models keep more features than they have dimensions."""
