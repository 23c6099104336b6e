"""The benchmark of music: written clips, cases, the way of a take, measures, tables; see benchmarks/musicality.py."""
