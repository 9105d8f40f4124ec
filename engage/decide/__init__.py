"""Scores become at most one decision per person: gates, arms, value, choice, and why."""
