"""What computes a feature query: DuckDB here; a cluster speaks the same SQL."""
