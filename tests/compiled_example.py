# SPDX-License-Identifier: MIT
"""Runs an example as it is and with --compiled: both must print the same, but for the time that they took.

usage: compiled_example.py EXAMPLE [OPTION..]   options for both
"""

import pathlib
import re
import subprocess
import sys
import tempfile


def lines(*options):
    with tempfile.TemporaryDirectory() as directory:
        command = [pathlib.Path(sys.argv[1]).resolve(), "--out", directory, *sys.argv[2:], *options]
        text = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
        text = text.replace(directory, "DIRECTORY")
    return re.sub(r"[0-9.]+ (s|us)\b", "TIME", text).splitlines()


usual, compiled = lines(), lines("--compiled")
for expected, found in zip(usual, compiled):
    if expected != found:
        print(f"without: {expected}\nwith:    {found}")
sys.exit(usual != compiled)
