"""run_emulated.py BIN FILE.mlir [OPTION ...]: functions on the emulated GPU against the float64 interpreter.

Every public function of the file runs on random inputs: by its definition in hydragen-interpret (floats in f64, outputs
rounded once), and compiled with the options (for cuda:sm_80, unless they name a target) on the emulated device, where
it must launch kernels. Prints one line per function.
"""

import json
import os
import re
import subprocess
import sys
import tempfile


def run(*arguments):
    done = subprocess.run(arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300)
    if done.returncode:
        sys.exit(f"{' '.join(arguments)}\nexit {done.returncode}: {done.stdout}")
    return done.stdout


def main():
    bin_dir, source, options = sys.argv[1], sys.argv[2], sys.argv[3:]
    if not any(option.startswith("--target") for option in options):
        options.append("--target=cuda:sm_80")
    with open(source, encoding="utf-8") as text:
        names = re.findall(r"^func\.func @(\w+)", text.read(), re.M)
    if not names:
        sys.exit(f"{source}: no functions")
    with tempfile.TemporaryDirectory() as work:
        expected, module, stats = (os.path.join(work, name) for name in ["expected.npz", "module.so", "stats.json"])
        for name in names:
            run(os.path.join(bin_dir, "hydragen-interpret"), source, "--entry=" + name, "--random=1", "--round-outputs",
                "--outputs=" + expected)
            run(os.path.join(bin_dir, "hydragen-compile"), source, "--entry=" + name, "-o", module, *options)
            out = run(os.path.join(bin_dir, "hydragen-run"), module, "--entry=" + name, "--device=emulated", "--random=1",
                      "--expect=" + expected, "--stats=" + stats)
            with open(stats, encoding="utf-8") as text:
                result = json.load(text)
            launched = [kernel["name"] for kernel in result["kernels"] if kernel["launches"]]
            if not launched:
                sys.exit(f"{name}: no kernel was launched")
            error = re.search(r"max_abs_error=(\S+)", out).group(1)
            print(f"{name}: max_abs_error {error}, {len(launched)} kernels, {result['host_copies_bytes']} bytes copied")


if __name__ == "__main__":
    main()
