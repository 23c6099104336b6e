"""Slash commands, one file a group. Each module has `add_to(tree, operations)`; this is the list of them all."""

from bot.commands import about, menus, music, queue, takes

COMMAND_MODULES = (music, menus, queue, takes, about)
