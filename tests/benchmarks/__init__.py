"""How fast ATM Viewer is, as ratios to jwst on the same machine in the same run.

``python -m tests.benchmarks`` measures and prints one table; ``python -m tests.benchmarks scaling`` shows how the time
grows with the work. pytest collects nothing here: jwst alone takes most of an hour.
"""
