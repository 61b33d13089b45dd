"""What holds on a day, and for one record: policies and register, asked together."""
