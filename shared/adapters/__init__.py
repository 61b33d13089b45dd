"""Plumbing made of Kafka, PostgreSQL, HTTP and logs; nothing here knows a rule."""
