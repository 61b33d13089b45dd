"""Helpers of those who work on the sources; no part of what is installed."""
