# SPDX-License-Identifier: MIT
"""Mistakes on the command line of examples: each gets one line that names it, at once, and exit status 1.

usage: command_line.py TWO_MOONS BIGRAM EMBEDDINGS GPT
"""

import pathlib
import re
import subprocess
import sys
import tempfile

moons, bigram, embeddings, gpt = (pathlib.Path(example).resolve() for example in sys.argv[1:])
failed = 0


def check(example, options, message):
    global failed
    command = [example, "--quiet", *options]
    ran = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if (ran.returncode, ran.stdout, ran.stderr) != (1, "", f"{example.name}: {message}\n"):
        failed += 1
        print(f"{options}: status {ran.returncode}\n{ran.stdout}{ran.stderr}instead of\n{example.name}: {message}")


def works(example, *options):
    global failed
    ran = subprocess.run([example, "--quiet", *options], stderr=subprocess.STDOUT, stdout=subprocess.PIPE, text=True)
    if ran.returncode != 0:
        failed += 1
        print(f"{options}: status {ran.returncode}\n{ran.stdout}")


told = subprocess.run([moons, "--help"], check=True, stdout=subprocess.PIPE, text=True).stdout
if not re.search(r"--epochs UINT=300 +passes over the examples\n", told):
    failed += 1
    print(f"--help does not tell what epochs are:\n{told}")
check(moons, ["--frobnicate"], "The following argument was not expected: --frobnicate. See --help.")
for epochs in "0", "-1", "1.5", "many", "99999999999":
    message = f"--epochs: must be a whole number from 1 to 1000000000: found {epochs}. See --help."
    check(moons, ["--epochs", epochs], message)
for rate in "0", "-1", "nan", "1e400", "fast":
    message = f"--learning-rate: must be a positive number such as 0.5: found {rate}. See --help."
    check(moons, ["--learning-rate", rate], message)
check(gpt, ["--width", "516"], "--width: must be a whole number from 4 to 512: found 516. See --help.")
check(gpt, ["--temperature", "nan"], "--temperature: must be a positive number such as 0.5: found nan. See --help.")

full = pathlib.Path("/dev/full")  # a disk without room
if full.exists():
    with tempfile.TemporaryDirectory() as directory, full.open("w") as output:
        command = [moons, "--quiet", "--epochs", "1", "--out", directory]
        ran = subprocess.run(command, stdout=output, stderr=subprocess.PIPE, text=True)
    lost = f"{moons.name}: output: not all of it could be written. Is there room where it goes?\n"
    if (ran.returncode, ran.stderr) != (1, lost):
        failed += 1
        print(f"a full disk: status {ran.returncode}\n{ran.stderr}instead of\n{lost}")

with tempfile.TemporaryDirectory() as directory:
    file = pathlib.Path(directory) / "file"

    file.write_text("")
    for out in f"{file}/pictures", f"{file}":
        check(
            moons,
            ["--out", out],
            f"pictures: the directory cannot be written to: {out} (Not a directory). Name another one with --out.",
        )
    check(
        moons,
        ["--out", "a\nb"],
        '--out: must be the name of a directory, without line ends: found \\x0a after "a". See --help.',
    )

    def check_text(text, message):
        file.write_bytes(text)
        check(embeddings, ["--data", file], f"{file}{message}")

    few = "too few lines of text: found {}, at least 2 needed. Give another file."
    check_text(b"", ": " + few.format(0))
    check_text(b"\n\r\nemma", ": " + few.format(1))
    plain = "not a character of ASCII: \\x{}. Write plain letters, a name a line."
    check_text("ava\nzoé\n".encode(), ":2:3: " + plain.format("c3"))
    check_text(b"\0" * 100, ":1:1: " + plain.format("00"))
    check_text(b"a" * 3_000_000, ": too long a text: more than 2000000 characters. Give a part of it.")
    check(embeddings, ["--data", directory], f"{directory}: a folder, not a file. Name a file in it.")
    check(embeddings, ["--data", ""], "text: no file to read: its name is empty. Name a file.")
    check(embeddings, ["--data", f"{file}2"], f"{file}2: it cannot be read. Check its name.")

    file.write_text("emma\r\nzoe's\n")
    works(embeddings, "--data", file, "--epochs", "1", "--out", f"{directory}/it's")
    file.write_text("".join(map(chr, range(32, 127))))
    works(bigram, "--data", file, "--epochs", "1", "--out", directory)
    file.write_text("".join(map(chr, range(32, 127))) + "\nemma\n")
    works(embeddings, "--data", file, "--epochs", "1", "--out", directory)
sys.exit(failed)
