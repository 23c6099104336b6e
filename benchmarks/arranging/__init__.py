"""The measures of benchmarks/arranger.py: agreement with a clip, prompts, styles, variety, signal, cost."""
