"""A machine that injects faults: malformed files, failing system calls, kills, and programs in each other's way.

``python -m tests.faults`` tries everything and prints how much of it was answered; the tests here try a short form.
"""
