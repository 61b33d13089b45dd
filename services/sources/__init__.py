"""Where events come from when no platform is connected: real deliveries, a simulated province."""
