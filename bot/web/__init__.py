"""The page on this machine: the same service, without Discord."""

from bot.web.server import WebConfig, serve_page

__all__ = ["WebConfig", "serve_page"]
