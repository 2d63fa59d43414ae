"""check_readme.py README.md HYDRAGEN_OPT: the README's example is what the tools print.

The first ```mlir block is the input, the second what `hydragen-opt --hydragen-front`
makes of it: each of its lines must be found, in order, in the output, where `...`
stands for anything within a line.
"""

import re
import subprocess
import sys


def main():
    with open(sys.argv[1], encoding="utf-8") as source:
        blocks = re.findall(r"```mlir\n(.*?)```", source.read(), re.S)
    if len(blocks) < 2:
        sys.exit("expected two mlir blocks in the README")
    command = [sys.argv[2], "--hydragen-front"]
    output = subprocess.run(command, input=blocks[0], stdout=subprocess.PIPE, text=True, check=True).stdout
    printed = iter(output.splitlines())
    wanted = [line.strip() for line in blocks[1].splitlines() if line.strip()]
    for line in wanted:
        pattern = re.compile(".*?".join(re.escape(part.strip()).replace(r"\ ", r"\s*") for part in line.split("...")))
        if not any(pattern.search(text) for text in printed):
            sys.exit(f"the README says\n  {line}\nbut hydragen-opt prints\n{output}")
    print(f"{len(wanted)} lines of the example are as printed")


main()
