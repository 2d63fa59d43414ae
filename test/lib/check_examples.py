"""check_examples.py HYDRAGEN_OPT FILE...: examples in documents are what the tools print.

An example is two ```mlir blocks: IR, and what becomes of it. In a .md file the first
two blocks are one, made by --hydragen-front; in a .td file every pass has one in its
description, made by the pass. Each line of the second block must be found, in order,
in the output; `...` stands for anything within a line.
"""

import re
import subprocess
import sys
import textwrap

BLOCK = re.compile(r"```mlir\n(.*?)```", re.S)


def read_examples(path):
    """(flag, before, after) of each example."""
    with open(path, encoding="utf-8") as source:
        text = source.read()
    if not path.endswith(".td"):
        sections = [("hydragen-front", text)]
    else:
        passes = list(re.finditer(r':\s+Pass<"([\w-]+)"', text))
        ends = [match.start() for match in passes[1:]] + [len(text)]
        sections = [(match[1], text[match.start():end]) for match, end in zip(passes, ends)]
    for name, section in sections:
        blocks = [textwrap.dedent(block) for block in BLOCK.findall(section.replace("    ```", "```"))]
        if len(blocks) < 2:
            sys.exit(f"{path}: {name} has no example (two mlir blocks)")
        yield name, blocks[0], blocks[1]


def check(tool, path, name, before, after):
    done = subprocess.run([tool, f"--{name}"], input=before, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"{path}: the example of {name} fails:\n{done.stderr}")
    printed = iter(done.stdout.splitlines())
    for line in filter(None, map(str.strip, after.splitlines())):
        parts = [re.escape(part.strip()).replace(r"\ ", r"\s*") for part in line.split("...")]
        if not any(re.search(".*?".join(parts), text) for text in printed):
            sys.exit(f"{path}: the example of {name} says\n  {line}\nbut hydragen-opt prints\n{done.stdout}")


def main():
    count = 0
    for path in sys.argv[2:]:
        for example in read_examples(path):
            check(sys.argv[1], path, *example)
            count += 1
    print(f"{count} examples are as printed")


main()
