#!/usr/bin/env python3
"""Checks that constraint labels agree between code, specification and tests.

Every label in the comments of a source folder (attention_c3, cover_c2, ...)
must have a row in docs/spec.md and a test whose function carries the label in
its name; every label of docs/spec.md must stand at a check in the code.

usage: check_labels.py ROOT
Prints one line per disagreement; exit code 1 if there is any.
"""
import pathlib
import re
import sys

LABEL = re.compile(r"\b([a-z][a-z_]*_c[0-9]+)\b")
TEST = re.compile(r"@([a-z][a-z_]*_c[0-9]+)")
ROW = re.compile(r"^\| ([a-z][a-z_]*_c[0-9]+) \|", re.MULTILINE)


def labels_in_comments(path):
    found = set()
    for line in path.read_text().splitlines():
        if "//" in line:
            found.update(LABEL.findall(line.split("//", 1)[1]))
    return found


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    root = pathlib.Path(sys.argv[1])
    code = {}
    for path in sorted(root.glob("lib/**/*.cpp")):
        for label in labels_in_comments(path):
            code.setdefault(label, path.relative_to(root))
    spec = set(ROW.findall((root / "docs" / "spec.md").read_text()))
    tests = set()
    for path in sorted(root.glob("test/**/*.mlir")):
        tests.update(TEST.findall(path.read_text()))

    problems = []
    for label in sorted(set(code) - spec):
        problems.append(f"{code[label]}: {label} has no row in docs/spec.md")
    for label in sorted(set(code) - tests):
        problems.append(f"{code[label]}: {label} has no test: a function @{label}...")
    for label in sorted(spec - set(code)):
        problems.append(f"docs/spec.md: {label} stands at no check in lib")
    for label in sorted(tests - spec):
        problems.append(f"test: {label} has no row in docs/spec.md")
    if not code or not spec:
        problems.append(f"{root}: found no labels in lib or docs/spec.md")
    print("\n".join(problems) or f"{len(spec)} labels agree")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
