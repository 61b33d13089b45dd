"""The embedded local stack: Apache Kafka and PostgreSQL with nothing but Python on the machine."""
