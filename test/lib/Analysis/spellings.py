"""spellings.py CASE|--list|--check OPT RUN DIR: spellings of one attention (spelling_case.py)."""

import math
import random
import sys

from spelling_case import B, Case, D, H, INF, M, P, S, main, plain, refused, shared

CASES = {}


def case(function):
    CASES[function.__name__] = function
    return function


@case
def standard():
    return Case().standard()


@case
def dynamic_everything():
    c = Case()
    c.expect = shared("keys [0, ?) shared over d0 of ?; keys [?, ?) own")
    return c.standard("bps")


@case
def dynamic_prefix():
    c = Case()
    c.expect = shared("keys [0, ?) shared over d0 of 4; keys [?, ?) own")
    return c.standard("p")


@case
def dynamic_suffix():
    c = Case()
    c.expect = shared("keys [0, 7) shared over d0 of 4; keys [7, ?) own")
    return c.standard("s")


@case
def softcap():
    def change(c):
        c.lines.append("    %cap = arith.constant 1.5 : f32\n    %inv = arith.constant 0.6666666865348816 : f32")
        c.s = c.map([], "%x = arith.mulf %a0, %inv : f32\n%t = math.tanh %x : f32\n%r = arith.mulf %t, %cap : f32\n"
                        "linalg.yield %r : f32")
    c = Case()
    c.score = lambda s, b, h, m, n: 1.5 * math.tanh(s / 1.5)
    return c.standard(change=change)


@case
def alibi():
    c = Case()

    def change(c):
        slope, kind, at = c.arg([H], 0.1, 0.5)
        c.score = lambda s, b, h, m, n: s + at(h) * (n - m - P)
        c.lines.append("    %seven = arith.constant 7 : index")
        c.s = c.map([(slope, kind, "d1")], """%n = linalg.index 3 : index
%m = linalg.index 2 : index
%x = arith.subi %n, %m : index
%y = arith.subi %x, %seven : index
%i = arith.index_cast %y : index to i64
%f = arith.sitofp %i : i64 to f32
%z = arith.mulf %f, %a1 : f32
%r = arith.addf %a0, %z : f32
linalg.yield %r : f32""")
    return c.standard(change=change)


@case
def sliding_window():
    def change(c):
        c.lines.append("    %p7 = arith.constant 7 : index\n    %w = arith.constant 4 : index")
        c.s = c.map([], """%n = linalg.index 3 : index
%m = linalg.index 2 : index
%last = arith.addi %m, %p7 : index
%first = arith.subi %last, %w : index
%a = arith.cmpi sle, %n, %last : index
%b = arith.cmpi sgt, %n, %first : index
%c = arith.andi %a, %b : i1
%r = arith.select %c, %a0, %cninf : f32
linalg.yield %r : f32""")
    c = Case()
    c.score = lambda s, b, h, m, n: s if m + P - 4 < n <= m + P else -INF
    return c.standard(change=change)


@case
def ragged_i32():
    c = Case()

    def change(c):
        length, kind, at = c.arg([B], dtype="i4", values=[1, 5, 3, 2])
        c.score = lambda s, b, h, m, n: s if n < P + at(b) else -INF
        c.s = c.map([(length, kind, "d0")], """%n = linalg.index 3 : index
%l = arith.index_cast %a1 : i32 to index
%p = arith.constant 7 : index
%end = arith.addi %l, %p : index
%c = arith.cmpi ult, %n, %end : index
%v = arith.cmpi slt, %n, %end : index
%r = arith.select %v, %a0, %cninf : f32
linalg.yield %r : f32""")
    return c.standard(change=change)


@case
def additive_mask():
    c = Case()

    def change(c):
        mask, kind, at = c.arg([B, P + S], -3.0, 3.0)
        c.score = lambda s, b, h, m, n: s + at(b, n)
        c.s = c.map([(mask, kind, "d0, d3")], "%r = arith.addf %a0, %a1 : f32\nlinalg.yield %r : f32")
    return c.standard(change=change)


@case
def boolean_mask():
    c = Case()

    def change(c):
        rng = random.Random(5)
        values = [int(rng.random() < 0.6) for _ in range(M * (P + S))]
        values[:P + S] = [0] * (P + S)  # one row sees nothing
        mask, kind, at = c.arg([M, P + S], dtype="b1", values=values)
        c.score = lambda s, b, h, m, n: s if at(m, n) else -INF
        c.s = c.map([(mask, kind, "d2, d3")], "%r = arith.select %a1, %a0, %cninf : f32\nlinalg.yield %r : f32")
    return c.standard(change=change)


@case
def score_times_sigmoid():
    def change(c):
        c.s = c.map([], """%x = arith.negf %a0 : f32
%e = math.exp %x : f32
%y = arith.addf %e, %c1 : f32
%r = arith.divf %a0, %y : f32
linalg.yield %r : f32""")
    c = Case()
    c.score = lambda s, b, h, m, n: s / (1 + math.exp(-s))
    return c.standard(change=change)


@case
def head_temperature():
    c = Case()

    def change(c):
        scale, kind, at = c.arg([H], 0.5, 2.0)
        c.score = lambda s, b, h, m, n: s * at(h)
        c.s = c.map([(scale, kind, "d1")], "%r = arith.mulf %a0, %a1 : f32\nlinalg.yield %r : f32")
    return c.standard(change=change)


@case
def sink_summand():
    c = Case()

    def after(c, e, total):
        sink, kind, at = c.arg([H])
        c.sinks = lambda b, h, m: [at(h)]
        return c.row([(total, c.kind("bhm"), "d0, d1, d2"), (c.max, c.kind("bhm"), "d0, d1, d2"), (sink, kind, "d1")],
                     "%x = arith.subf %a2, %a1 : f32\n%y = math.exp %x : f32\n%r = arith.addf %a0, %y : f32\n"
                     "linalg.yield %r : f32")
    return c.standard(after=after)


@case
def softmax_plus_one():
    c = Case()
    c.sinks = lambda b, h, m: [0.0]

    def after(c, e, total):
        return c.row([(total, c.kind("bhm"), "d0, d1, d2"), (c.max, c.kind("bhm"), "d0, d1, d2")],
                     "%x = arith.negf %a1 : f32\n%y = math.exp %x : f32\n%r = arith.addf %a0, %y : f32\n"
                     "linalg.yield %r : f32")
    return c.standard(after=after)


@case
def clamped_denominator():
    c = Case()
    c.zero_rows = True
    c.score = lambda s, b, h, m, n: s if m != 1 else -INF

    def change(c):
        c.s = c.map([], "%m = linalg.index 2 : index\n%c = arith.cmpi eq, %m, %i1 : index\n"
                        "%r = arith.select %c, %cninf, %a0 : f32\nlinalg.yield %r : f32")
        # A finite shift, so that a hidden row sums to 0.
        c.guard = True

    def after(c, e, total):
        c.lines.append("    %tiny = arith.constant 1.0e-6 : f32")
        return c.row([(total, c.kind("bhm"), "d0, d1, d2")],
                     "%r = arith.maximumf %a0, %tiny : f32\nlinalg.yield %r : f32")
    c.begin()
    k, c.key = c.keys(c.kp, c.ks)
    v, c.value = c.keys(c.vp, c.vs)
    c.scores(k)
    change(c)
    c.max = c.reduce(c.s, "maximumf", "ninf")
    c.max = c.row([(c.max, c.kind("bhm"), "d0, d1, d2")],
                  "%c = arith.cmpf oeq, %a0, %cninf : f32\n%r = arith.select %c, %c0, %a0 : f32\n"
                  "linalg.yield %r : f32")
    e = c.map([(c.max, c.kind("bhm"), "d0, d1, d2")],
              "%t = arith.subf %a0, %a1 : f32\n%r = math.exp %t : f32\nlinalg.yield %r : f32")
    total = after(c, e, c.reduce(e, "addf", "0"))
    c.finish(c.product(c.divide(e, total), v))
    c.expect = shared()
    return c


@case
def base_two():
    c = Case()
    c.scale = 0.5
    c.begin()
    k, c.key = c.keys(c.kp, c.ks)
    v, c.value = c.keys(c.vp, c.vs)
    c.lines.append(f"    %l2e = arith.constant {0.5 * math.log2(math.e)!r} : f32")
    c.scores(k, "%l2e")
    e = c.exponentials(exp="math.exp2")
    c.finish(c.product(c.divide(e, c.reduce(e, "addf", "0")), v))
    c.expect = shared()
    return c


@case
def no_shift():
    c = Case()
    c.begin()
    k, c.key = c.keys(c.kp, c.ks)
    v, c.value = c.keys(c.vp, c.vs)
    c.scores(k)
    e = c.exponentials(shift=False)
    c.finish(c.product(c.divide(e, c.reduce(e, "addf", "0")), v))
    c.expect = shared()
    return c


@case
def late_division():
    c = Case()
    c.begin("bps")
    k, c.key = c.keys(c.kp, c.ks)
    v, c.value = c.keys(c.vp, c.vs)
    c.scores(k)
    e = c.exponentials()
    total = c.reduce(e, "addf", "0")
    o = c.product(e, v)
    out, kind = c.empty("bhmd")
    c.finish(c.emit(f"linalg.generic {{indexing_maps = [affine_map<(a, b, c, d) -> (a, b, c, d)>, "
                    f"affine_map<(a, b, c, d) -> (a, b, c)>, affine_map<(a, b, c, d) -> (a, b, c, d)>], "
                    f'iterator_types = ["parallel", "parallel", "parallel", "parallel"]}} ins({o}, {total} : {kind}, '
                    f"{c.kind('bhm')}) outs({out} : {kind}) {{\n    ^bb0(%a0: f32, %a1: f32, %o: f32):\n"
                    f"      %r = arith.divf %a0, %a1 : f32\n      linalg.yield %r : f32\n    }} -> {kind}"))
    c.expect = shared("keys [0, ?) shared over d0 of ?; keys [?, ?) own")
    return c


@case
def uneven_groups():
    """Sequences 0..2 share one prefix, sequence 3 has another."""
    c = Case()
    c.begin()
    other = c.arg([1, H, P, D]), c.arg([1, H, P, D])

    def keys(first, second, suffix):
        name, kind, at = first
        wide = f"tensor<3x{H}x{P}x{D}xf32>"
        out = c.emit(f"tensor.empty() : {wide}")
        group = c.generic(4, [(name, kind, "d1, d2, d3")], "d0, d1, d2, d3", out, wide, "linalg.yield %a0 : f32")
        both = c.emit(f"tensor.concat dim(0) {group}, {second[0]} : ({wide}, {second[1]}) -> tensor<4x{H}x{P}x{D}xf32>")
        all_keys = c.emit(f"tensor.concat dim(2) {both}, {suffix[0]} : (tensor<4x{H}x{P}x{D}xf32>, {suffix[1]}) -> "
                          f"{c.kind('bhnd')}")

        def read(b, h, n, d):
            if n >= P:
                return suffix[2](b, h, n - P, d)
            return at(h, n, d) if b < 3 else second[2](0, h, n, d)
        return all_keys, read
    k, c.key = keys(c.kp, other[0], c.ks)
    v, c.value = keys(c.vp, other[1], c.vs)
    c.scores(k)
    e = c.exponentials()
    c.finish(c.product(c.divide(e, c.reduce(e, "addf", "0")), v))
    c.expect = shared("keys [0, 7) shared over d0 of 3; keys [0, 7) own; keys [7, 12) own")
    return c


@case
def probability_factor():
    c = Case()
    c.begin()
    k, c.key = c.keys(c.kp, c.ks)
    v, c.value = c.keys(c.vp, c.vs)
    c.scores(k)
    gate, kind, at = c.arg([B, H])
    c.factor = lambda b, h, m: at(b, h)
    e = c.exponentials()
    c.s = c.divide(e, c.reduce(e, "addf", "0"))
    p = c.map([(gate, kind, "d0, d1")], "%r = arith.mulf %a0, %a1 : f32\nlinalg.yield %r : f32")
    c.finish(c.product(p, v))
    c.expect = shared()
    return c


@case
def unguarded_clamp():
    """A clamp of the sum behind a bare maximum: a hidden row is NaN all the same."""
    def change(c):
        c.score = lambda s, b, h, m, n: s if m != 1 else -INF
        c.s = c.map([], "%m = linalg.index 2 : index\n%c = arith.cmpi eq, %m, %i1 : index\n"
                        "%r = arith.select %c, %cninf, %a0 : f32\nlinalg.yield %r : f32")

    def after(c, e, total):
        c.lines.append("    %tiny = arith.constant 1.0e-6 : f32")
        return c.row([(total, c.kind("bhm"), "d0, d1, d2")],
                     "%r = arith.maximumf %a0, %tiny : f32\nlinalg.yield %r : f32")
    return Case().standard(change=change, after=after)


@case
def nan_guard():
    """0 where the softmax is NaN."""
    c = Case()
    c.zero_rows = True
    c.begin()
    k, c.key = c.keys(c.kp, c.ks)
    v, c.value = c.keys(c.vp, c.vs)
    c.scores(k)
    c.score = lambda s, b, h, m, n: s if m != 1 else -INF
    c.s = c.map([], "%m = linalg.index 2 : index\n%c = arith.cmpi eq, %m, %i1 : index\n"
                    "%r = arith.select %c, %cninf, %a0 : f32\nlinalg.yield %r : f32")
    e = c.exponentials()
    c.s = c.divide(e, c.reduce(e, "addf", "0"))
    p = c.map([], "%c = arith.cmpf une, %a0, %a0 : f32\n%r = arith.select %c, %c0, %a0 : f32\nlinalg.yield %r : f32")
    c.finish(c.product(p, v))
    c.expect = shared()
    return c


@case
def unsigned_length():
    """n < length as unsigned numbers, the length's sign unknown: -1 hides nothing."""
    c = Case()

    def change(c):
        length, kind, at = c.arg([B], dtype="i4", values=[7, -1, 12, 9])
        c.score = lambda s, b, h, m, n: s if at(b) < 0 or n < at(b) else -INF
        c.s = c.map([(length, kind, "d0")], """%n = linalg.index 3 : index
%i = arith.index_cast %n : index to i32
%v = arith.cmpi ult, %i, %a1 : i32
%r = arith.select %v, %a0, %cninf : f32
linalg.yield %r : f32""")
    return c.standard(change=change)


@case
def rolled_behind_dynamic_prefix():
    """Own keys pool[(b + n) mod S] behind a prefix of unknown length: an index that is no plain load."""
    c = Case()
    c.begin("p")

    def rolled(pool):
        out, wide = c.empty("bhsd")
        return c.generic(4, [], "d0, d1, d2, d3", out, wide, f"""%b = linalg.index 0 : index
%h = linalg.index 1 : index
%n = linalg.index 2 : index
%e = linalg.index 3 : index
%five = arith.constant {S} : index
%x = arith.addi %b, %n : index
%y = arith.remui %x, %five : index
%r = tensor.extract {pool[0]}[%h, %y, %e] : {pool[1]}
linalg.yield %r : f32"""), wide, lambda b, h, n, d: pool[2](h, (b + n) % S, d)
    pools = c.arg([H, S, D]), c.arg([H, S, D])
    k, c.key = c.keys(c.kp, rolled(pools[0]))
    v, c.value = c.keys(c.vp, rolled(pools[1]))
    c.scores(k)
    e = c.exponentials()
    c.finish(c.product(c.divide(e, c.reduce(e, "addf", "0")), v))
    c.expect = shared("keys [0, ?) shared over d0 of 4; keys [?, ?) own")
    return c


@case
def late_division_with_sink():
    c = Case()
    c.begin()
    k, c.key = c.keys(c.kp, c.ks)
    v, c.value = c.keys(c.vp, c.vs)
    c.scores(k)
    sink, kind, at = c.arg([H])
    c.sinks = lambda b, h, m: [at(h)]
    e = c.exponentials()
    total = c.row([(c.reduce(e, "addf", "0"), c.kind("bhm"), "d0, d1, d2"), (c.max, c.kind("bhm"), "d0, d1, d2"),
                   (sink, kind, "d1")],
                  "%x = arith.subf %a2, %a1 : f32\n%y = math.exp %x : f32\n%r = arith.addf %a0, %y : f32\n"
                  "linalg.yield %r : f32")
    o = c.product(e, v)
    out, wide = c.empty("bhmd")
    c.finish(c.generic(4, [(o, wide, "d0, d1, d2, d3"), (total, c.kind("bhm"), "d0, d1, d2")], "d0, d1, d2, d3", out,
                       wide, "%r = arith.divf %a0, %a1 : f32\nlinalg.yield %r : f32"))
    c.expect = shared()
    return c


# ---- refused

def refusal(code, build):
    c = Case()
    c.begin()
    k, c.key = c.keys(c.kp, c.ks)
    v, c.value = c.keys(c.vp, c.vs)
    c.scores(k)
    c.finish(build(c, v))
    c.expect = refused(code)
    c.reference = None
    return c


@case
def refused_weight_per_key():
    def build(c, v):
        weight, kind, _ = c.arg([P + S])
        e = c.exponentials()
        c.s = c.divide(e, c.reduce(e, "addf", "0"))
        p = c.map([(weight, kind, "d3")], "%r = arith.mulf %a0, %a1 : f32\nlinalg.yield %r : f32")
        return c.product(p, v)
    return refusal("not-exp-over-sum", build)


@case
def refused_mask_after_softmax():
    def build(c, v):
        e = c.exponentials()
        c.s = c.divide(e, c.reduce(e, "addf", "0"))
        p = c.map([], "%n = linalg.index 3 : index\n%c = arith.cmpi slt, %n, %i2 : index\n"
                      "%r = arith.select %c, %c0, %a0 : f32\nlinalg.yield %r : f32")
        return c.product(p, v)
    return refusal("masked-after-softmax", build)


@case
def refused_sum_plus_constant():
    def build(c, v):
        e = c.exponentials()
        total = c.reduce(e, "addf", "1")
        return c.product(c.divide(e, total), v)
    return refusal("denominator-extra-term", build)


@case
def refused_other_sum():
    def build(c, v):
        e = c.exponentials()
        s = c.s
        c.s = e
        half = c.map([], "%r = arith.mulf %a0, %cscale : f32\nlinalg.yield %r : f32")
        c.s = s
        return c.product(c.divide(e, c.reduce(half, "addf", "0")), v)
    return refusal("denominator-not-over-keys", build)


@case
def refused_large_clamp():
    def build(c, v):
        c.lines.append("    %two = arith.constant 2.0 : f32")
        e = c.exponentials()
        total = c.row([(c.reduce(e, "addf", "0"), c.kind("bhm"), "d0, d1, d2")],
                      "%r = arith.maximumf %a0, %two : f32\nlinalg.yield %r : f32")
        return c.product(c.divide(e, total), v)
    return refusal("denominator-clamped", build)


@case
def refused_clamp_behind_clipped_shift():
    """With T = max(M, 0) the sum of an ordinary row can be below the clamp."""
    def build(c, v):
        c.lines.append("    %tiny = arith.constant 1.0e-3 : f32")
        row = (c.reduce(c.s, "maximumf", "ninf"), c.kind("bhm"), "d0, d1, d2")
        c.max = c.row([row], "%r = arith.maximumf %a0, %c0 : f32\nlinalg.yield %r : f32")
        e = c.map([(c.max, c.kind("bhm"), "d0, d1, d2")],
                  "%t = arith.subf %a0, %a1 : f32\n%r = math.exp %t : f32\nlinalg.yield %r : f32")
        total = c.row([(c.reduce(e, "addf", "0"), c.kind("bhm"), "d0, d1, d2")],
                      "%r = arith.maximumf %a0, %tiny : f32\nlinalg.yield %r : f32")
        return c.product(c.divide(e, total), v)
    return refusal("denominator-clamped", build)


@case
def refused_unknown_shift():
    def build(c, v):
        shift, kind, _ = c.arg([B])
        e = c.map([(shift, kind, "d0")], "%t = arith.subf %a0, %a1 : f32\n%r = math.exp %t : f32\n"
                                         "linalg.yield %r : f32")
        return c.product(c.divide(e, c.reduce(e, "addf", "0")), v)
    return refusal("unknown-shift", build)


@case
def refused_no_division():
    return refusal("denominator-missing", lambda c, v: c.product(c.exponentials(), v))


if __name__ == "__main__":
    sys.exit(main(CASES))
