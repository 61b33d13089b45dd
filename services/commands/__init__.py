"""What each command of `vbp` does; `services.cli` says how it is called."""
