# SPDX-License-Identifier: MIT
"""Prints the ladder of docs/how-programs-work.md as a table, and draws it with gnuplot.

usage: ./run bench --filter '^mnist' --json FILE; ladder.py FILE PICTURE.svg
"""

import json
import subprocess
import sys

# What a rung is called, its workload and engine, and the examples of a step.
RUNGS = [
    ("a tape with an entry for each operation", "mnist-b1", "gradus-plain", 1),
    ("the tape, where temporaries melt", "mnist-b1", "gradus-value", 1),
    ("`dot` in place of the inner loops", "mnist-b1", "gradus-dot", 1),
    ("tensors", "mnist-b1", "gradus-tensor", 1),
    ("the loops compiled", "mnist-b1", "gradus-program", 1),
    ("compiled, batches of 64", "mnist-b64", "gradus-program", 64),
    ("compiled, batches of 1024", "mnist-b1024", "gradus-program", 1024),
    ("the same on two threads", "mnist-b1024", "gradus-program-2t", 1024),
    ("the same in float on one", "mnist-b1024", "gradus-program-f32", 1024),
    ("gradients by hand, batches of 64", "mnist-b64", "hand", 64),
]

times = {(run["workload"], run["engine"]): run["median_ns"] / 1e3 for run in json.load(open(sys.argv[1]))}
rungs = [(name, times[workload, engine] / examples) for name, workload, engine, examples in RUNGS]
first = rungs[0][1]


def short(time):
    """Three digits that count."""
    return f"{float(f'{time:.3g}'):g}"


print("| how | microseconds an example | times as fast |\n| --- | ---: | ---: |")
for name, time in rungs:
    print(f"| {name} | {short(time)} | {first / time:.0f} |")

script = f"""
set terminal svg size 900,420 background rgb 'white' font 'Helvetica,Arial,sans-serif,15'
set output '{sys.argv[2]}'
set label 'One network, 784-128-64-10: microseconds for the gradient of an example' at screen 0.02,0.95
set tmargin 3
set logscale x; set xrange [1:20000]; set yrange [{len(rungs) - 0.4}:-0.6]
set border 1 linecolor rgb '#666666'; unset key; set grid x linecolor rgb '#e0e0e0'; set xtics nomirror
set ytics scale 0 nomirror; set style fill solid
$rungs << EOD
"""
for i, (name, time) in enumerate(rungs):
    colour = 0xD55E00 if "tape" in name or "dot" in name else 0x999999 if "hand" in name else 0x0072B2
    script += f'"{name.replace("`", "")}" {i} {time} {colour} "{short(time)}"\n'
script += """EOD
plot $rungs using (1):2:(1):3:($2 - 0.32):($2 + 0.32):4:ytic(1) with boxxyerror linecolor rgb variable, \\
    $rungs using 3:2:5 with labels left offset 0.5,0
"""
subprocess.run(["gnuplot"], input=script, text=True, check=True)
