"""Makes music: usable as a library, without any front end."""
