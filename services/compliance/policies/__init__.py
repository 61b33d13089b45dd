"""What the law says: the documents as data (`*.toml`), and what reads and checks them."""
