"""A door: the HTTP service that takes events; what differs between two doors is their types."""
