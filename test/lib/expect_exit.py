"""expect_exit.py N COMMAND...: fails unless COMMAND ends with exit code N.

Its output passes through. For N = 2 the last line on stderr must be the one-line
error of our tools, and nothing may look like a crash.
"""

import re
import subprocess
import sys

CRASH = re.compile(r"Stack dump|PLEASE submit a bug report|AddressSanitizer|runtime error:|Assertion .* failed|LLVM ERROR")


def main():
    expected, command = int(sys.argv[1]), sys.argv[2:]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace")
    sys.stdout.write(done.stdout)
    sys.stderr.write(done.stderr)
    if CRASH.search(done.stderr):
        sys.exit("expect_exit: this looks like a crash")
    if done.returncode != expected:
        sys.exit(f"expect_exit: expected exit code {expected} but got {done.returncode}")
    if expected == 2 and not re.search(r"^[\w-]+: error: \S", done.stderr, re.M):
        sys.exit("expect_exit: expected a line `tool: error: PLACE: text` on stderr")


main()
