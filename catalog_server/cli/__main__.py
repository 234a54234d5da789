"""`python -m catalog_server.cli` is the `catalog` command."""

from catalog_server.cli import main

main()
