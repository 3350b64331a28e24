# SPDX-License-Identifier: MIT
# Takes the snippets out of a Markdown file, so that the tests can compile, run and check each one.
"""snippets.py count FILE               how many C++ snippets there are
snippets.py program FILE N           write snippet N, counted from 0, as a program
snippets.py run FILE N PROGRAM       run it and compare what it prints with the text block that follows it
snippets.py check ROOT FILE..        check everything else: build files, commands, links, names of tests"""
import pathlib
import re
import shutil
import subprocess
import sys

# What a snippet without main() stands in. The README tells the reader so.
PREFACE = """#include <gradus/gradus.hpp>
#include <iostream>

using namespace gradus;

int main() {
"""


def blocks(path):
    """Return (language, line number, text) of each fenced block."""
    found = []
    language = None
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if language is None and line.startswith("```"):
            language, first, lines = line[3:].strip(), number + 1, []
        elif line == "```":
            found.append((language, first, "".join(lines)))
            language = None
        elif language is not None:
            lines.append(line + "\n")
    return found


def snippets(path):
    """Return (line number, text, expected output) of each C++ snippet; None where no text block follows."""
    found = blocks(path)
    return [
        (line, text, answer if kind == "text" else None)
        for (language, line, text), (kind, _, answer) in zip(found, found[1:] + [("", 0, "")])
        if language == "cpp"
    ]


def program(path, index):
    """Return a snippet as a program whose compiler errors name the line of the document."""
    line, text, _ = snippets(path)[index]
    here = f'#line {line} "{path.name}"\n'
    if "int main(" in text:
        return here + text
    return PREFACE + here + text + "}\n"


def run(path, index, command):
    """Return what is wrong with the output of a snippet's program."""
    line, _, expected = snippets(path)[index]
    result = subprocess.run([command], capture_output=True, text=True)
    print(result.stdout + result.stderr, end="")
    if result.returncode != 0:
        return [f"{path.name}:{line}: the program failed with status {result.returncode}"]
    if expected is None:
        return [f"{path.name}:{line}: no text block with the printed result follows"]
    if result.stdout.strip() != expected.strip():
        return [f"{path.name}:{line}: the printed result is another. The document says:\n{expected}"]
    return []


def command_mistakes(root, text):
    """Return what is wrong with the lines of a shell block: each names a command and files that exist."""
    usage = subprocess.run([root / "run", "help"], capture_output=True, text=True, check=True).stdout
    known = set(re.findall(r"^  ([a-z]+) ", usage, re.MULTILINE))
    examples = {file.stem[:2] for file in (root / "examples").glob("[0-9][0-9]_*.cpp")}
    mistakes = []
    for line in filter(None, (line.split("#")[0].strip() for line in text.splitlines())):
        words = line.split()
        if words[0] == "./run":
            if words[1] not in known:
                mistakes.append(f"./run has no command {words[1]}")
            if words[1] == "example" and words[2] not in examples:
                mistakes.append(f"there is no example {words[2]}")
        elif words[0] not in ("meson", "git", "cd", "c++", "./main"):
            mistakes.append(f"unknown command {words[0]}")
        elif words[0] == "meson" and shutil.which("meson"):
            command = ["meson", words[1], "--help"]
            if subprocess.run(command, capture_output=True).returncode != 0:
                mistakes.append(f"meson has no command {words[1]}")
        for option in re.findall(r"-D([a-z_]+)=", line):
            if f"'{option}'" not in (root / "meson_options.txt").read_text():
                mistakes.append(f"there is no option -D{option}")
    return mistakes


def check(root, path):
    """Return what is wrong with the rest of a document."""
    mistakes = []
    consumers = {"meson": "meson.build", "cmake": "CMakeLists.txt"}
    for language, line, text in blocks(path):
        wrong = []
        if language in consumers:
            tested = (root / "tests/consumer" / consumers[language]).read_text()
            if text != re.sub(r"^#.*\n", "", tested, flags=re.MULTILINE):
                wrong = [f"differs from tests/consumer/{consumers[language]}, which the tests build"]
        elif language == "sh":
            wrong = command_mistakes(root, text)
        elif language not in ("cpp", "text"):
            wrong = [f"nobody tests a block of {language or 'no language'}"]
        mistakes += [f"{path.name}:{line}: {mistake}" for mistake in wrong]

    document = path.read_text()
    prose = re.sub(r"^```.*?^```$", "", document, flags=re.MULTILINE | re.DOTALL)
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", prose) + re.findall(r'(?:src|href)="([^"#]+)"', prose)
    for link in links:
        if "://" not in link and not (path.parent / link).exists():
            mistakes.append(f"{path.name}: the link leads nowhere: {link}")

    sources = "".join(file.read_text() for file in (root / "tests").glob("*.cpp"))
    for name in re.findall(r"\*([a-z]+: [^*]+)\*", prose):
        if f'TEST_CASE("{" ".join(name.split())}")' not in sources:
            mistakes.append(f"{path.name}: there is no test case named: {name}")
    return mistakes


def main(command, *arguments):
    if command == "count":
        print(len(snippets(pathlib.Path(*arguments))))
        return 0
    if command == "program":
        print(program(pathlib.Path(arguments[0]), int(arguments[1])), end="")
        return 0
    if command == "run":
        mistakes = run(pathlib.Path(arguments[0]), int(arguments[1]), arguments[2])
    else:
        root, *documents = (pathlib.Path(argument).resolve() for argument in arguments)
        mistakes = [mistake for document in documents for mistake in check(root, document)]
    print("\n".join(mistakes))
    return 1 if mistakes else 0


if len(sys.argv) < 3:
    sys.exit(__doc__)
sys.exit(main(*sys.argv[1:]))
