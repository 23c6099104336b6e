"""The routes of REST v10, by subject; importing this package registers them all."""

from . import account, callbacks, channels, commands, guilds, messages, threads, webhooks

__all__ = ["account", "callbacks", "channels", "commands", "guilds", "messages", "threads", "webhooks"]
