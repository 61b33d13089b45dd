"""Workers for tests, named by what is real in them."""
