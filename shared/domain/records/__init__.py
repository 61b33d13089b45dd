"""Records: all that is known about one subject, merged from facts in any order."""
