# SPDX-License-Identifier: MIT
"""What `./run help` says that can be needed, its table of packages must know, and the other way round.

usage: run_needs.py RUN
"""

import re
import sys

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
sys.exit(set(told) != set(rows) or any(len(packages) != 4 for packages in rows.values()))
