"""Orders, delivery and compliance: three services, and the command that knows them all."""
