"""Tallies: figures that Faust agents keep in PostgreSQL, exact whatever comes late, twice or never.

Faust delivers at least once; each order's row keeps what it contributed, and what is added to a
total is what it contributes now less that. So a figure does not depend on what came first.
"""
