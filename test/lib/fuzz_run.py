"""fuzz_run.py number|bias|fail SOURCE --inputs=IN.npz --outputs=OUT.npz ...: hydragen-run as hydragen-fuzz calls it, but for
the running: the outputs are the expected ones that lie beside the inputs, with every NaN a number (there must be one), or
with every number off by one. With `fail` there are none.
"""

import sys

import numpy


def main():
    mode = sys.argv[1]
    options = dict(word.split("=", 1) for word in sys.argv[2:] if "=" in word)
    if mode == "fail":
        sys.exit("fuzz_run: fails")
    arrays = numpy.load(options["--inputs"])
    outputs = {name: arrays[name].copy() for name in arrays.files if name.startswith("out")}
    for name, output in outputs.items():
        hidden = numpy.isnan(output)
        if mode == "bias":
            output[~hidden] += 1
        elif not hidden.any():
            sys.exit(f"fuzz_run: no element of {name} is NaN")
        else:
            output[hidden] = 7
    numpy.savez(options["--outputs"], **outputs)


main()
