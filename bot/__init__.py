"""Front ends: Discord, a page on this machine, the command line."""
