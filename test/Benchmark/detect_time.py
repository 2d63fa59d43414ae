"""detect_time.py BIN_DIR CORPUS_DIR [--repeat N]: how long finding attention and sharing takes, as a table.

CPU time of hydragen-opt with raise, share and decompose, less that of reading and printing the same file; the best of N;
never a test. `layers` are attentions that feed each other, so the time per layer must not grow with their number.
"""

import argparse
import os
import tempfile

from compile_time import best, layers

PASSES = ["hydragen-raise-attention", "hydragen-share-segments", "hydragen-decompose"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("bin_dir")
    parser.add_argument("corpus")
    parser.add_argument("--repeat", type=int, default=7)
    options = parser.parse_args()
    opt = os.path.join(options.bin_dir, "hydragen-opt")

    def cpu(path, passes):
        pipeline = f"builtin.module(func.func({','.join(passes)}))" if passes else "builtin.module()"
        return 1000 * best([opt, path, f"--pass-pipeline={pipeline}", "-o", os.devnull], options.repeat)[1]

    print("| model | attentions | raise + share + decompose, CPU ms | per attention |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        models = [(f"hf_llama_{kind}, 2 layers", 2, os.path.join(options.corpus, "given", f"hf_llama_{kind}.linalg.mlir"))
                  for kind in ("eager", "sdpa")]
        for count in (1, 10, 100):
            path = os.path.join(folder, f"layers{count}.mlir")
            with open(path, "wb") as text:
                text.write(layers(count))
            models.append((f"{count} layers", count, path))
        for name, count, path in models:
            spent = cpu(path, PASSES) - cpu(path, [])
            print(f"| {name} | {count} | {spent:.1f} | {spent / count:.2f} |", flush=True)


main()
