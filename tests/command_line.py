# SPDX-License-Identifier: MIT
"""Mistakes on the command line of an example: each gets one line that names it, at once, and exit status 1.

usage: command_line.py EXAMPLE
"""

import pathlib
import subprocess
import sys
import tempfile

example = str(pathlib.Path(sys.argv[1]).resolve())
name = pathlib.Path(example).name
failed = 0


def check(options, message):
    global failed
    ran = subprocess.run([example, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if (ran.returncode, ran.stdout, ran.stderr) != (1, "", f"{name}: {message}\n"):
        failed += 1
        print(f"{options}: status {ran.returncode}\n{ran.stdout}{ran.stderr}instead of\n{name}: {message}")


check(["--frobnicate"], "The following argument was not expected: --frobnicate. See --help.")
check(["--epochs", "0"], "--epochs: must be a whole number, 1 or more: found 0. See --help.")
with tempfile.TemporaryDirectory() as directory:
    file = pathlib.Path(directory) / "file"
    file.write_text("")
    check(
        ["--out", f"{file}/pictures"],
        f"pictures: the directory cannot be written to: {file}/pictures (Not a directory). "
        "Name another one with --out.",
    )
    check(
        ["--out", f"{file}"],
        f"pictures: the directory cannot be written to: {file} (Not a directory). Name another one with --out.",
    )
sys.exit(failed)
