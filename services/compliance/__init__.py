"""Judges the events, keeps violations with their history, and answers for them.

Its wings are a staircase; each may import what stands below it: worker and web; storage and
answers; judging; rules; law; findings; register and policies; records.
"""
