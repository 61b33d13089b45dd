"""The language of the bus: events, identities, days, errors. Pure: no I/O library is in reach."""
