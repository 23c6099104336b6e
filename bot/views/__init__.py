"""Buttons and forms; all of them outlive a restart."""
