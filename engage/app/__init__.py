"""The steps of the loop: where the pure parts meet the database, the history and the channels."""
