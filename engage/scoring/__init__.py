"""Rows become scores: a chance or an amount per subject, calibrated, with its reasons."""
