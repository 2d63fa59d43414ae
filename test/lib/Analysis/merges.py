"""merges.py CASE|--list|--check OPT RUN DIR: parts of the keys attended to apart and merged by the model itself
(spelling_case.py)."""

import math
import sys

from spelling_case import B, Case, D, H, P, S, main, shared

CASES = {}


def case(function):
    CASES[function.__name__] = function
    return function


def refused(code):
    return ("merge-refused", code)


class Merge(Case):
    """Attention over the prefix, and over one or more suffixes."""

    def start(self, suffixes=1, base="e"):
        self.begin()
        self.base = base
        self.sources = [(self.kp, self.vp, P)] + [(self.ks, self.vs, S)]
        for _ in range(1, suffixes):
            self.sources.append((self.arg([B, H, S, D]), self.arg([B, H, S, D]), S))
        self.lines.append(f"    %log2e = arith.constant {1 / math.log(2)!r} : f32")

        def element(which):
            def at(b, h, n, d):
                for source in self.sources:
                    if n < source[2]:
                        return source[which][2](*([h, n, d] if source is self.sources[0] else [b, h, n, d]))
                    n -= source[2]
            return at
        self.key, self.value = element(0), element(1)
        self.prefix, self.suffix = P, S * suffixes
        return [self.part(*source) for source in self.sources]

    def wide(self, name, kind, rank):
        if rank == 4:
            return name
        out, wide = self.empty("bhnd")
        return self.generic(4, [(name, kind, "d1, d2, d3")], "d0, d1, d2, d3", out, wide, "linalg.yield %a0 : f32")

    def part(self, key, value, count):
        """The result, its log-sum-exp in the case's base, the maximum and the sum."""
        self.extent["n"] = count
        rank = 3 if count == P else 4
        self.scores(self.wide(*key[:2], rank))
        if self.base == "2":
            self.s = self.map([], "%r = arith.mulf %a0, %log2e : f32\nlinalg.yield %r : f32")
        exp, log = ("math.exp2", "math.log2") if self.base == "2" else ("math.exp", "math.log")
        e = self.exponentials(exp=exp)
        total = self.reduce(e, "addf", "0")
        result = self.product(self.divide(e, total), self.wide(*value[:2], rank))
        kind = self.kind("bhm")
        lse = self.row([(total, kind, "d0, d1, d2"), (self.max, kind, "d0, d1, d2")],
                       f"%t = {log} %a0 : f32\n%r = arith.addf %t, %a1 : f32\nlinalg.yield %r : f32")
        return result, lse, self.max, total

    def columns(self, ins, body):
        """Elementwise over bhmd: results of the parts have columns, numbers of a row have not."""
        out, kind = self.empty("bhmd")
        wide, narrow = (kind, "d0, d1, d2, d3"), (self.kind("bhm"), "d0, d1, d2")
        return self.generic(4, [(name, *(wide if full else narrow)) for name, full in ins], "d0, d1, d2, d3", out, kind,
                            body + "\nlinalg.yield %r : f32")

    def end(self, result, expect=None):
        self.expect = expect or shared(f"keys [0, {P}) shared over d0 of 4; keys [{P}, {P + S}) own")
        self.finish(result)
        return self


def weighted(c, parts, exp="math.exp", more=""):
    """sum w A / sum w with w = exp(X - max X)."""
    body = "%m = arith.maximumf %a2, %a3 : f32\n"
    for i in range(2):
        body += f"%d{i} = arith.subf %a{i + 2}, %m : f32\n%w{i} = {exp} %d{i} : f32\n%p{i} = arith.mulf %a{i}, %w{i} : f32\n"
    body += f"%s = arith.addf %p0, %p1 : f32\n%t0 = arith.addf %w0, %w1 : f32\n{more or '%t = arith.addf %t0, %c0 : f32'}\n"
    return c.columns([(parts[0][0], True), (parts[1][0], True), (parts[0][1], False), (parts[1][1], False)],
                     body + "%r = arith.divf %s, %t : f32")


@case
def maximum():
    c = Merge()
    return c.end(weighted(c, c.start()))


@case
def base_two():
    c = Merge()
    return c.end(weighted(c, c.start(base="2"), "math.exp2"))


@case
def base_two_as_natural():
    """Weights of base e, the log-sum-exp turned back to it."""
    c = Merge()
    parts = [list(part) for part in c.start(base="2")]
    c.lines.append(f"    %ln2 = arith.constant {math.log(2)!r} : f32")
    for part in parts:
        part[1] = c.row([(part[1], c.kind("bhm"), "d0, d1, d2")], "%r = arith.mulf %a0, %ln2 : f32\nlinalg.yield %r : f32")
    return c.end(weighted(c, parts))


@case
def sigmoid():
    c = Merge()
    (a, x, *_), (b, y, *_) = c.start()
    return c.end(c.columns([(a, True), (b, True), (x, False), (y, False)], """%d = arith.subf %a3, %a2 : f32
%e = math.exp %d : f32
%t = arith.addf %e, %c1 : f32
%w = arith.divf %c1, %t : f32
%v = arith.subf %c1, %w : f32
%p = arith.mulf %a0, %w : f32
%q = arith.mulf %a1, %v : f32
%r = arith.addf %p, %q : f32"""))


@case
def log_add_exp():
    """Weights exp(X - L) with L the log-sum-exp of all keys."""
    c = Merge()
    (a, x, *_), (b, y, *_) = c.start()
    kind = c.kind("bhm")
    whole = c.row([(x, kind, "d0, d1, d2"), (y, kind, "d0, d1, d2")], """%m = arith.maximumf %a0, %a1 : f32
%d = arith.subf %a0, %m : f32
%e = arith.subf %a1, %m : f32
%f = math.exp %d : f32
%g = math.exp %e : f32
%s = arith.addf %f, %g : f32
%l = math.log %s : f32
%r = arith.addf %l, %m : f32
linalg.yield %r : f32""")
    return c.end(c.columns([(a, True), (b, True), (x, False), (y, False), (whole, False)], """%d = arith.subf %a2, %a4 : f32
%e = arith.subf %a3, %a4 : f32
%f = math.exp %d : f32
%g = math.exp %e : f32
%p = arith.mulf %a0, %f : f32
%q = arith.mulf %g, %a1 : f32
%r = arith.addf %q, %p : f32"""))


@case
def maxima_and_sums():
    """Weights from maximum and sum of each part, without a logarithm."""
    c = Merge()
    (a, _, m, l), (b, _, n, k) = c.start()
    return c.end(c.columns([(a, True), (b, True), (m, False), (n, False), (l, False), (k, False)],
                           """%m = arith.maximumf %a2, %a3 : f32
%d = arith.subf %a2, %m : f32
%e = arith.subf %a3, %m : f32
%f = math.exp %d : f32
%g = math.exp %e : f32
%v = arith.mulf %f, %a4 : f32
%w = arith.mulf %g, %a5 : f32
%p = arith.mulf %a0, %v : f32
%q = arith.mulf %a1, %w : f32
%s = arith.addf %p, %q : f32
%t = arith.addf %v, %w : f32
%r = arith.divf %s, %t : f32"""))


@case
def three_parts():
    c = Merge()
    (a, x, *_), (b, y, *_), (d, z, *_) = c.start(suffixes=2)
    body = "%m0 = arith.maximumf %a3, %a4 : f32\n%m = arith.maximumf %m0, %a5 : f32\n"
    for i in range(3):
        body += f"%d{i} = arith.subf %a{i + 3}, %m : f32\n%w{i} = math.exp %d{i} : f32\n%p{i} = arith.mulf %a{i}, %w{i} : f32\n"
    body += "%s0 = arith.addf %p0, %p1 : f32\n%s = arith.addf %s0, %p2 : f32\n%t0 = arith.addf %w0, %w1 : f32\n"
    body += "%t = arith.addf %t0, %w2 : f32\n%r = arith.divf %s, %t : f32"
    ins = [(name, True) for name in (a, b, d)] + [(name, False) for name in (x, y, z)]
    return c.end(c.columns(ins, body),
                 shared(f"keys [0, {P}) shared over d0 of 4; keys [{P}, {P + S}) own; keys [{P + S}, {P + 2 * S}) own"))


@case
def refused_wrong_base():
    """The log-sum-exp is natural, the weights are powers of two."""
    c = Merge()
    result = c.end(weighted(c, c.start(), "math.exp2"), refused("merge-base"))
    result.reference = None
    return result


@case
def refused_extra_weight():
    c = Merge()
    parts = c.start()
    c.lines.append("    %tiny = arith.constant 1.0e-7 : f32")
    result = c.end(weighted(c, parts, more="%t = arith.addf %t0, %tiny : f32"), refused("merge-weights"))
    result.reference = None
    return result


@case
def refused_other_scale():
    """The log-sum-exp is of scores with a scale that is a little different."""
    c = Merge()
    c.start()
    parts = [list(c.part(*c.sources[0]))]
    c.extent["n"] = S
    c.lines.append("    %other = arith.constant 0.50001 : f32")
    second = list(c.part(*c.sources[1]))
    c.scores(c.sources[1][0][0], "%other")
    e = c.exponentials()
    kind = c.kind("bhm")
    second[1] = c.row([(c.reduce(e, "addf", "0"), kind, "d0, d1, d2"), (c.max, kind, "d0, d1, d2")],
                      "%t = math.log %a0 : f32\n%r = arith.addf %t, %a1 : f32\nlinalg.yield %r : f32")
    result = c.end(weighted(c, parts + [second]), refused("merge-weights"))
    result.reference = None
    return result


@case
def refused_same_weights():
    """Both parts get the weight of the first."""
    c = Merge()
    first, second = c.start()
    result = c.end(weighted(c, [first, (second[0], first[1])]), refused("merge-weights"))
    result.reference = None
    return result


@case
def refused_part_of_the_keys():
    """The weight of the second part is that of the first one's keys."""
    c = Merge()
    first, second = c.start()
    kind = c.kind("bhm")
    other = c.row([(second[1], kind, "d0, d1, d2")], "%r = arith.mulf %a0, %cscale : f32\nlinalg.yield %r : f32")
    result = c.end(weighted(c, [first, (second[0], other)]), refused("merge-weights"))
    result.reference = None
    return result


@case
def refused_other_queries():
    c = Merge()
    c.begin()
    parts = []
    for key, value, count in [(c.kp, c.vp, P), (c.ks, c.vs, S)]:
        c.base = "e"
        parts.append(c.part(key, value, count))
        c.q = c.arg([B, H, c.extent["m"], D])
    result = c.end(weighted(c, parts), refused("not-representable"))
    result.reference = None
    return result


if __name__ == "__main__":
    sys.exit(main(CASES))
