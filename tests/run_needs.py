# SPDX-License-Identifier: MIT
"""What `./run help` says that can be needed, its table of packages must know, and the other way round. Names that
it does not know, and compilers that are not there, it refuses before it installs anything.

usage: run_needs.py RUN
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile

with open(sys.argv[1]) as file:
    text = file.read()
told = re.search(r"only install what is missing of: (.*?)\n  clean", text, re.DOTALL).group(1).split()
table = re.search(r"packages='\n(.*?)\n'", text, re.DOTALL).group(1).splitlines()
rows = {row.split()[0]: row.split()[1:] for row in table}
for name in set(told) ^ set(rows):
    print(f"{name}: only in the {'help' if name in told else 'table of packages'}")
for name, packages in rows.items():
    if len(packages) != 4:
        print(f"{name}: {len(packages)} packages instead of one for each of four managers")
failed = set(told) != set(rows) or any(len(packages) != 4 for packages in rows.values())

with tempfile.TemporaryDirectory() as directory:
    installed = pathlib.Path(directory) / "installed"
    manager = pathlib.Path(directory) / "apt-get"
    manager.write_text(f"#!/bin/sh\necho $* >>{installed}\n")
    manager.chmod(0o755)

    def check(arguments, message, **environment):
        global failed
        environment = {**os.environ, "PATH": f"{directory}:{os.environ['PATH']}", **environment}
        ran = subprocess.run([os.path.abspath(sys.argv[1]), *arguments], capture_output=True, text=True, env=environment)
        if (ran.returncode, ran.stdout, ran.stderr) != (1, "", f"run: {message}\n") or installed.exists():
            failed = True
            print(f"{arguments}: status {ran.returncode}\n{ran.stdout}{ran.stderr}instead of\nrun: {message}")

    names = " ".join(rows)
    check(["need", "fmt", "bogus"], f"there is no 'bogus' to install. There are: {names}")
    check(["need", "c.ang"], f"there is no 'c.ang' to install. There are: {names}")
    check(["need"], f"need what? There are: {names}")
    missing = "the compiler CXX=nosuch is missing, or does not work. Install it, or name another one."
    check(["demo"], missing, CXX="nosuch")
    check(["need", "fmt"], missing, CXX="nosuch")
sys.exit(failed)
