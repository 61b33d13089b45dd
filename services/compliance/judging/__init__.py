"""The engine: facts merged, records judged, what they pass on, what changed. Pure."""
