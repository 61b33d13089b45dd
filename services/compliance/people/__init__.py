"""What people hold of a violation, beside what the machine finds: pure functions."""
