"""What can be found, and how it is told: findings, violations, words, history."""
