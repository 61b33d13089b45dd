"""Process two: HTTP for programs and people."""
