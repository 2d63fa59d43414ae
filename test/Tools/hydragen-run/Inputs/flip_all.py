"""flip_all.py MODULE SCRATCH TOOL: every seventh byte of a module damaged in
turn; TOOL must refuse each with exit code 2 and one line."""

import subprocess
import sys

module, scratch, tool = sys.argv[1:]
good = open(module, "rb").read()
# At most a few hundred runs whatever the module's size.
step = max(7, len(good) // 150)
count = 0
for at in range(0, len(good), step):
    bad = bytearray(good)
    bad[at] ^= 1 << (count % 8)
    with open(scratch, "wb") as out:
        out.write(bad)
    done = subprocess.run([tool, scratch, "--entry=nothing"], capture_output=True, text=True)
    if done.returncode != 2 or not done.stderr.startswith(tool + ": error: ") or done.stderr.count("\n") != 1:
        sys.exit(f"byte {at}: exit {done.returncode}, {done.stderr!r}")
    count += 1
print(count, "damaged modules, all refused")
