"""How fast ATM Viewer is, as ratios to jwst on the same machine in the same run.

``python -m tests.benchmarks`` measures and prints one table; names of its parts choose, such as ``scaling`` (how
the time grows with the work). ``python -m tests.benchmarks.batch`` does the same for programmes of
many targets. pytest collects nothing here: jwst alone takes most of an hour.
"""
