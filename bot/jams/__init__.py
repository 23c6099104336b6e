"""Jam rooms on Discord: threads with a living card, layers, relay and vote. See `desk.JamDesk`."""
