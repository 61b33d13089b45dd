"""The program against the floor of its machine, and the API at a million violations."""
