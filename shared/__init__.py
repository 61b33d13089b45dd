"""What the three services share: the language of the bus, and the plumbing under it."""
