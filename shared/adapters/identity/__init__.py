"""Who asks over HTTP: where a request's principal comes from, and which roles a route admits."""
