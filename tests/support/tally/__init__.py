"""Tallies for tests: batches into a real database, and figures reckoned by brute force."""
