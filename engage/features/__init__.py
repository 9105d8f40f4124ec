"""History becomes one row of numbers per subject, as of a moment."""
