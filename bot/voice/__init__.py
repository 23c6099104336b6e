"""Playing in voice channels (extra `[voice]`): what is played, the connection of each server, the buttons under it."""
