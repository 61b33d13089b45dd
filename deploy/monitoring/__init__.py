"""Prometheus and Alertmanager beside the local stack, and what is made of their texts by code."""
