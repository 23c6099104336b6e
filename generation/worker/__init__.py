"""The worker: a process of its own for each device, and the supervisor that starts, watches, cancels and kills it."""
