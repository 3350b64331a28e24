# SPDX-License-Identifier: MIT
# Prints "N passed, N failed" of Meson's test logs: doctest's own counts, and one for each other test.
# Fails if a test failed, or if there was none.
import argparse
import json
import re
import sys


def count(test):
    """Return (passed, failed) of one test that Meson ran."""
    ok = test["result"] == "OK"
    cases = re.search(r"\[doctest\] test cases: *\d+ \| *(\d+) passed \| *(\d+) failed", test.get("stdout", ""))
    if not cases:
        return int(ok), int(not ok)
    passed, failed = map(int, cases.groups())
    # A sanitizer can fail a program whose cases all passed.
    return passed, failed if ok else max(failed, 1)


parser = argparse.ArgumentParser()
parser.add_argument("--add", nargs=2, type=int, default=(0, 0), help="tests passed and failed elsewhere")
parser.add_argument("logs", nargs="*", help="testlog.json of each build directory")
options = parser.parse_args()

passed, failed = options.add
for log in options.logs:
    with open(log) as lines:
        for line in lines:
            more = count(json.loads(line))
            passed += more[0]
            failed += more[1]
print(f"{passed} passed, {failed} failed")
sys.exit(failed > 0 or passed == 0)
