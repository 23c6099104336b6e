"""What the benchmarks of the running service share: the bot in its own process, people, and the accounts."""
