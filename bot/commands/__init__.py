"""Slash commands, one file a group. Each module has `add_to(tree, operations)`; this is the list of them all."""

from bot.commands import about, jam, menus, mixing, music, play, privacy, queue, settings, takes, words

COMMAND_MODULES = (music, mixing, menus, jam, play, queue, takes, settings, privacy, words, about)
