"""Geometry: the plan in metres, where its things stand, and where a walker can go."""
