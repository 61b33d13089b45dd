"""`python -m services.cli` is `vbp`."""

from services.cli import main

main()
