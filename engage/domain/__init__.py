"""The vocabulary: frozen types and enums that every other part speaks, standard library only."""
