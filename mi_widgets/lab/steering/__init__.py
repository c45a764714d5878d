"""Sliders that steer: `SteeringPanel` and its parts."""
