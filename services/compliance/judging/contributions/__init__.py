"""What a record passes on to those that gather many of them."""
