"""Calls a module on the CPU with arrays of the standard library, and NumPy's when it is there."""

import array
import sys
import threading

import hydragen

module = hydragen.Module(sys.argv[1], threads=1)
a, b = array.array("f", [1, 2, 3]), array.array("f", [10, 20, 30])
c = array.array("f", [0, 0, 0])
assert module.add(a, b, out=(c,)) is c
print("out:", list(c))  # OUT: out: [11.0, 22.0, 33.0]


def failure(call):
    try:
        call()
    except (hydragen.Error, AttributeError, KeyError, TypeError) as error:
        return f"{type(error).__name__} {getattr(error, 'code', '')}: {error}"
    return "no failure"


print(failure(lambda: module.add(a, array.array("f", [1]), out=(c,))))
print(failure(lambda: module.add(a, array.array("d", [1, 2, 3]), out=(c,))))
print(failure(lambda: module.add(a)))
print(failure(lambda: module.add(a, memoryview(b"abc"), out=(c,))))
print(failure(lambda: module.add(memoryview(bytearray(24)).cast("f", (2, 3)), b, out=(c,))))
print(failure(lambda: module.nothing))
print(failure(lambda: module["nothing"]))
print(failure(lambda: hydragen.Module(sys.argv[1] + ".missing")))
print(failure(lambda: hydragen.Module(sys.argv[1], device="tpu")))

# A context per thread.
outs = [array.array("f", [0] * 3) for _ in range(4)]
threads = [threading.Thread(target=lambda o=o: [module.add(a, b, out=(o,)) for _ in range(100)]) for o in outs]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print("threads:", all(o == c for o in outs))

try:
    import numpy
except ImportError:
    print("numpy: none")
else:
    x = numpy.arange(12, dtype=numpy.float32)
    result = module.add(x, x + 1)
    assert isinstance(result, numpy.ndarray) and numpy.array_equal(result, 2 * x + 1)
    # Strided: a copy is made.
    assert numpy.array_equal(module.add(x[::3], x[1::3]), x[::3] + x[1::3])
    into = numpy.zeros_like(x)
    module["add"](x, x, out=(into,))
    assert numpy.array_equal(into, 2 * x)
    print("numpy: right")
del module
