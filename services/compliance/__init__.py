"""Judges the events, keeps violations with their history, and answers for them."""
