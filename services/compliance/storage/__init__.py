"""PostgreSQL, written: positions, facts, register, dossiers, violations."""
