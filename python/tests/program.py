"""The program, as the tests run it."""
import os
import subprocess


def program(*arguments):
    """Runs it; returns what it prints on standard output."""
    return subprocess.run([os.environ["MANYSHOT_PROGRAM"], *arguments], check=True, capture_output=True,
                          text=True).stdout
