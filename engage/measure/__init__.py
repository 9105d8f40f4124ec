"""Outcomes become effects: what the offers changed, and how sure we are."""
