"""matmul_numbers.py BUILD_DIR SEED COUNT [TARGET]: random products, compiled, against float64.

Shapes with extents around the sizes of tiles, few rows of large operands, permuted operands and outputs, batch dims, several loops of one kind,
transposed and broadcast operands as exporters write them, f32, f16 and bf16. An error may be twice that of the
naive sum in f32 and two units in f32's last place, plus the rounding to the output's type, by the largest element.
"""

import importlib
import os
import random
import subprocess
import sys
import tempfile

import numpy

build, seed, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
target = sys.argv[4] if len(sys.argv) > 4 else "cpu"
source = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(source, "test", "Benchmark"), os.path.join(source, "runtime", "python")]
os.environ.setdefault("HYDRAGEN_RUNTIME", os.path.join(build, "lib", "libhydragen_runtime.so.0"))
from bench_tools import random_array, to_dtype, to_float  # noqa: E402
from mlir_text import Graph, tensor  # noqa: E402
hydragen = importlib.import_module("hydragen")

# Around one lane, a vector, a panel, a block.
EXTENTS = [1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65, 96, 100, 130]
DEPTHS = [1, 2, 7, 8, 31, 64, 255, 256, 257, 520]
ULP = {"f32": 2.0 ** -24, "f16": 2.0 ** -11, "bf16": 2.0 ** -8}


def make(rng):
    """A graph, and what NumPy's einsum computes: ([(shape, dtype)], dtype of the result, spec, transposed)."""
    batch = "".join(rng.sample("ab", rng.choice([0, 0, 1, 2])))
    left, right, summed = rng.choice(["m", "m", "mp"]), rng.choice(["n", "n", "nq"]), rng.choice(["k", "k", "kl"])
    extents = {letter: rng.choice(EXTENTS[:3]) for letter in batch + left + right + summed}
    extents["m"], extents["n"], extents["k"] = rng.choice(EXTENTS), rng.choice(EXTENTS), rng.choice(DEPTHS)
    if rng.random() < 0.1:
        batch, left, right, summed = "", "m", "n", "k"
        extents = {"m": rng.choice([200, 400]), "n": rng.choice([200, 800]), "k": 300}
    # Few rows, or one, of an operand too large for a cache.
    few = rng.random() < 0.35
    if few:
        left, batch = rng.choice(["", "m", "m", "m", "mp"]), batch[:1]
        extents |= {"p": rng.choice([1, 2]), "m": rng.choice([1, 2, 3, 4, 7, 8, 9]), "n": rng.choice([257, 300, 530, 700]),
                    "k": rng.choice([150, 255, 264, 300])}

    def shuffle(letters):
        return "".join(rng.sample(letters, len(letters)))
    # A broadcast operand lacks a batch dim; not both may.
    less = batch[1:] if rng.random() < 0.2 else batch
    a, b = shuffle(less + left + summed), shuffle(batch + right + summed)
    if few:
        last = rng.choice("nnk")
        b = b.replace(last, "") + last
    if few and rng.random() < 0.5:
        a, b = b, a
    out = shuffle(batch + left + right) if rng.random() < 0.3 else batch + left + right
    dtypes = [rng.choice(["f32", "f32", "f16", "bf16"]) for _ in range(2)]
    result = rng.choice(["f32", *dtypes])
    graph = Graph()
    spec = f"{a},{b}->{out}"
    arguments, values = [], []
    for letters, dtype in zip((a, b), dtypes):
        shape = [extents[letter] for letter in letters]
        if rng.random() < 0.3 and len(letters) > 1:
            # Stored in another order, transposed before the product.
            order = list(range(len(letters)))
            rng.shuffle(order)
            stored = [shape[i] for i in order]
            value = graph.argument(stored, dtype)
            back = [order.index(i) for i in range(len(letters))]
            empty = graph.empty(shape, dtype)
            values.append(graph.op(shape, dtype, f"linalg.transpose ins({value.name} : {tensor(stored, dtype)}) outs("
                                                 f"{empty.name} : {tensor(shape, dtype)}) permutation = {back}"))
            arguments.append((stored, dtype, back))
        else:
            values.append(graph.argument(shape, dtype))
            arguments.append((shape, dtype, None))
    if rng.random() < 0.3:
        values = [graph.cast(value, "f32") for value in values]
    graph.finish([graph.cast(graph.einsum(spec, *values), result)])
    return graph.text(), arguments, spec, [extents[letter] for letter in out], result


def naive_sum(spec, a, b):
    """The product summed in f32, an element after the other."""
    reads, out = spec.split("->")
    sides = reads.split(",")
    extents = {letter: extent for dims, value in zip(sides, (a, b)) for letter, extent in zip(dims, value.shape)}
    summed = [letter for letter in extents if letter not in out]
    rest = ",".join("".join(letter for letter in dims if letter in out) for dims in sides) + "->" + out
    total = numpy.zeros([extents[letter] for letter in out], numpy.float32)
    for index in numpy.ndindex(*[extents[letter] for letter in summed]):
        at = dict(zip(summed, index))
        total += numpy.einsum(rest, *[value[tuple(at.get(letter, slice(None)) for letter in dims)]
                                      for dims, value in zip(sides, (a, b))])
    return total


def main():
    with tempfile.TemporaryDirectory() as folder:
        for number in range(seed, seed + count):
            rng = random.Random(number)
            text, arguments, spec, shape, result = make(rng)
            model, module = os.path.join(folder, "m.mlir"), os.path.join(folder, f"{number}.so")
            with open(model, "w", encoding="utf-8") as out:
                out.write(text)
            subprocess.run([os.path.join(build, "bin", "hydragen-compile"), model, "-o", module, f"--target={target}"],
                           check=True)
            generator = numpy.random.default_rng(number)
            inputs = [random_array(generator, stored, dtype) for stored, dtype, _ in arguments]
            wide = [to_float(value, dtype).astype(numpy.float64) for value, (_, dtype, _) in zip(inputs, arguments)]
            wide = [value if back is None else value.transpose(back) for value, (_, _, back) in zip(wide, arguments)]
            got = hydragen.Module(module, threads=2)["main"](*inputs)
            got = to_float(got.reshape(-1), result).reshape(got.shape).astype(numpy.float64)
            want = numpy.einsum(spec, *wide)
            naive = naive_sum(spec, *[value.astype(numpy.float32) for value in wide])
            error = numpy.abs(got - want).max()
            rounding = ULP[result] * numpy.abs(want).max()
            allowed = 2 * numpy.abs(naive - want).max() + 2 * 2.0 ** -23 * numpy.abs(want).max() + rounding
            if got.shape != tuple(shape) or not error <= allowed:
                print(f"seed {number}: {spec} {arguments} -> {shape} {result}: error {error:.3e}, allowed {allowed:.3e}")
                sys.exit(1)
            os.unlink(module)
    print(f"{count} products from seed {seed}: ok")


main()
