"""How the software is run: embedded on one machine, in containers, watched by Prometheus."""
