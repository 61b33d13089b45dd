"""Process one: from Kafka to PostgreSQL, and back out."""
