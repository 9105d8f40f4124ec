"""Past decisions are made once more from what was logged, and held against what was stored."""
