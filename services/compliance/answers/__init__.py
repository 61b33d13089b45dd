"""PostgreSQL, read: what API, metrics and commands ask."""
