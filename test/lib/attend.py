"""Runs attend kernels of hydragen-kernel in the emulator against float64.

    attend.py [options]: makes a problem (a tree of segments over sequences),
    compiles a kernel for it, writes the work list of WorkItem.h, runs the PTX
    and compares the result with attention by its definition.

Rows have the digits (key head, sequence, group head, query position). The
tolerance is twice the error of the naive computation in the same precision
(rounding points: scores and softmax in f32, probabilities in the element type,
products summed in f32, the result in its type) plus two units in the last place
of the largest result.
"""

import argparse
import json
import os
import struct
import subprocess
import sys
import tempfile

import numpy as np

INT_MAX = 2**31 - 1
DIRECT = 0x100
LOG2E = 1.4426950408889634


# ---------------------------------------------------------------------------
# Element types
# ---------------------------------------------------------------------------

def to_bf16(x):
    """f32 to the nearest bf16, as uint16; NaN stays NaN."""
    bits = np.ascontiguousarray(x, np.float32).view(np.uint32)
    rounded = ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)
    return np.where(np.isnan(x), np.uint16(0x7FC0), rounded)


def from_bf16(x):
    return (x.astype(np.uint32) << 16).view(np.float32)


def to_tf32(x):
    bits = np.ascontiguousarray(x, np.float32).view(np.uint32)
    return ((bits + 0x1000) & 0xFFFFE000).astype(np.uint32).view(np.float32)


class Element:
    def __init__(self, name):
        self.name = name
        self.bytes = 4 if name == "f32" else 2
        self.bits = {"f16": 10, "bf16": 7, "f32": 23}[name]
        self.storage = {"f16": np.float16, "bf16": np.uint16, "f32": np.float32}[name]

    def ulp(self, x):
        """Unit in the last place of x > 0."""
        return 2.0 ** (np.floor(np.log2(x)) - self.bits) if x > 0 else 0

    def store(self, x):
        with np.errstate(over="ignore"):
            return to_bf16(x) if self.name == "bf16" else np.asarray(x).astype(self.storage)

    def load(self, x):
        return from_bf16(x) if self.name == "bf16" else x.astype(np.float32)

    def round(self, x):
        return self.load(self.store(np.asarray(x, np.float32)))


# ---------------------------------------------------------------------------
# Problem
# ---------------------------------------------------------------------------

class Segment:
    """Keys [position, position + length) of sequences [first, last)."""

    def __init__(self, text):
        words = dict(w.split("=") for w in text.split(",") if "=" in w)
        flags = [w for w in text.split(",") if "=" not in w]
        self.variant = int(words.get("variant", 0))
        first, last = words.get("seq", "0-1").split("-")
        self.first, self.last = int(first), int(last)
        self.length = int(words["keys"])
        # Keys that exist in memory beyond the length (NaN) and are cut by it.
        self.capacity = int(words.get("capacity", self.length))
        self.splits = [int(x) for x in words.get("splits", "").split("/") if x]
        self.list_rows = "list" in flags
        self.direct = "direct" in flags
        # Number of its numbers: those of a sequence are the same in any company.
        self.data = int(words["data"]) if "data" in words else None


class Problem:
    def __init__(self, options):
        o = self.options = options
        self.element = Element(o.type)
        self.result = Element(o.result_type or o.type)
        self.segments = [Segment(t) for t in o.segment]
        self.sequences = max(s.last for s in self.segments)
        rng = np.random.default_rng(o.seed)
        hk, b, g, m = o.key_heads, self.sequences, o.group, o.queries
        dv = o.value_dim or o.head_dim
        self.dv = dv
        value = self.element.round
        self.q = value(rng.standard_normal((hk, b, g, m, o.head_dim)) * o.q_size)
        if o.sequence_data:
            for i, number in enumerate(o.sequence_data):
                own = np.random.default_rng([o.seed, 0, number])
                self.q[:, i] = value(own.standard_normal((hk, g, m, o.head_dim)) * o.q_size)
        position = {}
        for s in self.segments:
            starts = {position.get(i, 0) for i in range(s.first, s.last)}
            assert len(starts) == 1, "segments of a sequence lie one behind the other"
            s.position = starts.pop()
            for i in range(s.first, s.last):
                position[i] = s.position + s.length
            own = rng if s.data is None else np.random.default_rng([o.seed, 1, s.data])
            s.k = value(own.standard_normal((hk, s.length, o.head_dim)) * o.k_size)
            s.v = own.standard_normal((hk, s.length, dv))
            s.v = value(np.abs(s.v) if o.positive_values else s.v)
        self.scale = np.float32(o.scale if o.scale else 1 / np.sqrt(o.head_dim))
        self.total = max(position.values())
        self.slopes = (2.0 ** -(1 + np.arange(g) * 8.0 / g)).astype(np.float32)
        shape = (hk, b, g, m, self.total)
        self.bias = Element(o.bias or "f32")
        self.bias_values = self.bias.round(rng.standard_normal(shape))
        if o.infinite_bias:
            self.bias_values[rng.random(shape) < 0.3] = -np.inf
        if o.finite_mask:
            self.bias_values = np.where(rng.random(shape) < 0.5, np.float32(-3.4028e38), 0).astype(np.float32)
            self.bias_values[:, :, :, -1] = np.float32(-3.4028e38)
        self.mask_values = (rng.random(shape) < 0.6).astype(np.uint8)
        if o.masked_row:
            self.mask_values[:, :, :, 0] = 0
        self.sinks = rng.standard_normal((o.sinks, hk, b, g, m)).astype(np.float32)
        self.factor = rng.standard_normal((hk, b, g, m)).astype(np.float32)
        self.before = self.result.round(rng.standard_normal((hk, b, g, m, dv)))

    def attention(self, precise):
        """float64 by the definition, or the naive computation."""
        o = self.options
        t = np.float64 if precise else np.float32
        hk, b, g, m = o.key_heads, self.sequences, o.group, o.queries
        out = np.zeros((hk, b, g, m, self.dv), np.float64)
        maxima = np.full((hk, b, g, m), -np.inf)
        sums = np.zeros((hk, b, g, m))
        for h in range(hk):
            for i in range(b):
                mine = [s for s in self.segments if s.first <= i < s.last]
                k = np.concatenate([s.k[h] for s in mine]).astype(t)
                v = np.concatenate([s.v[h] for s in mine]).astype(t)
                q = self.q[h, i].reshape(g * m, -1).astype(t)
                if not precise and o.tf32:
                    q, k, v = to_tf32(q), to_tf32(k), to_tf32(v)
                s = ((q @ k.T) * t(self.scale)).astype(t).reshape(g, m, -1)
                at = np.arange(k.shape[0])
                row = np.arange(m)[:, None]
                if o.softcap:
                    s = t(o.softcap) * np.tanh(s / t(o.softcap))
                if o.alibi:
                    s = s + self.slopes[:, None, None].astype(t) * (at - (row + o.position)).astype(t)
                if o.bias:
                    s = s + self.bias_values[h, i, :, :, at].transpose(1, 2, 0).astype(t)
                if o.mask:
                    s = np.where(self.mask_values[h, i, :, :, at].transpose(1, 2, 0) != 0, s, -np.inf)
                visible = np.ones((m, k.shape[0]), bool)
                if o.causal:
                    visible &= at <= row + o.position
                if o.window:
                    visible &= at > row + o.position - o.window
                s = np.where(visible, s, -np.inf)
                top = s.max(-1, keepdims=True) if s.shape[-1] else np.full((g, m, 1), -np.inf)
                for sink in self.sinks:
                    top = np.maximum(top, sink[h, i][..., None].astype(t))
                safe = np.where(np.isinf(top), 0, top)
                p = np.exp(s - safe)
                total = p.sum(-1, keepdims=True)
                maxima[h, i], sums[h, i] = top[..., 0], total[..., 0]
                for sink in self.sinks:
                    total = total + np.exp(sink[h, i][..., None].astype(t) - safe)
                if not precise:
                    p = to_tf32(p) if o.tf32 else self.element.round(p)
                acc = p @ v
                with np.errstate(invalid="ignore", divide="ignore"):
                    r = acc / total
                empty = np.nan if o.nan and not o.sinks else 0
                r = np.where(total > 0, r, empty)
                if o.factor:
                    r = r * self.factor[h, i][..., None].astype(t)
                if o.accumulate:
                    r = r + self.before[h, i].astype(t)
                out[h, i] = r
        return out if precise else self.result.round(out), maxima, sums


    def with_half_partials(self):
        """As kernels do that write partial outputs in f16: o / l of each split rounded, combined through log-sum-exp."""
        o, out = self.options, np.zeros(self.q.shape[:-1] + (self.dv,))
        for h, i in np.ndindex(o.key_heads, self.sequences):
            q = self.q[h, i].reshape(o.group * o.queries, -1).astype(np.float32)
            parts, weights = [], []
            for s in self.segments:
                if not s.first <= i < s.last:
                    continue
                for begin, end in zip([0] + s.splits, s.splits + [s.length]):
                    scores = (q @ s.k[h, begin:end].T.astype(np.float32)) * self.scale
                    top = scores.max(-1, keepdims=True)
                    p = np.exp(scores - top)
                    total = p.sum(-1, keepdims=True)
                    parts.append((self.element.round(p) @ s.v[h, begin:end].astype(np.float32) / total).astype(np.float16))
                    weights.append((top + np.log(total)).astype(np.float64))
            whole = np.logaddexp.reduce(weights)
            r = sum(part.astype(np.float64) * np.exp(w - whole) for part, w in zip(parts, weights))
            out[h, i] = r.reshape(out[h, i].shape)
        return out


# ---------------------------------------------------------------------------
# Launch
# ---------------------------------------------------------------------------

class Bytes:
    """A buffer under construction; unwritten bytes are 0xff (NaN)."""

    def __init__(self):
        self.parts, self.size = [], 0

    def add(self, array, alignment=16, misplace=0):
        pad = -self.size % max(alignment, 16) + misplace
        self.parts.append(b"\xff" * pad)
        self.size += pad
        at = self.size
        data = np.ascontiguousarray(array).tobytes()
        self.parts.append(data)
        self.size += len(data)
        return at

    def array(self):
        return np.frombuffer(b"".join(self.parts) + b"\xff" * 16, np.uint8)


class Launch:
    """Work list, operands and parameters of one launch."""

    def __init__(self, problem, account):
        self.p, self.o, self.account = problem, problem.options, account
        self.items, self.groups, self.entries, self.rows = [], [], [], []
        self.keys, self.values, self.table = Bytes(), Bytes(), []
        self.state_rows = 0
        self.rng = np.random.default_rng(1)
        self.variants = [self.parse(i, v) for i, v in enumerate(self.o.variant)]
        self.place_keys()
        self.make_list()

    def parse(self, number, text):
        words = text.split(",")
        v = dict(w.split("=") for w in words if "=" in w)
        return {"rows": self.account["tiles"][number]["rows"],
                "keys": self.account["tiles"][number]["keys"],
                "page": int(v.get("page", 0)), "pitch": int(v.get("pitch", 0)),
                "align": int(v.get("align", 16)), "wide": "wide" in words,
                "masked": any(w.split("=")[0] in ("causal", "window") for w in words),
                "window": "window" in v, "head": "head" in words,
                "columns": ("kcolumns" in words, "vcolumns" in words)}

    def place_keys(self):
        """K and V of each segment [key head][key][pitch], or in pages; where
        columns are not adjacent [key head][column][key], misplaced by an element."""
        p, o = self.p, self.o
        size = p.element.bytes
        for s in p.segments:
            v = self.variants[s.variant]
            kp = v["pitch"] or -(-o.head_dim * size // v["align"]) * v["align"]
            vp = v["pitch"] or -(-p.dv * size // v["align"]) * v["align"]
            misplace = [size if c else v["align"] if v["align"] < 16 else 0 for c in v["columns"]]

            def rows(x, pitch, capacity):
                out = np.full((o.key_heads, capacity, pitch // size), np.nan, np.float32)
                out[:, :x.shape[1], :x.shape[2]] = x
                return p.element.store(out)

            def turned(blocks, turn):
                return np.ascontiguousarray(np.swapaxes(blocks, -1, -2)) if turn else blocks

            page = v["page"]
            per_block = page or max(s.capacity, 1)
            s.pitches = tuple(size if c else x for c, x in zip(v["columns"], (kp, vp)))
            s.columns = tuple(per_block * size if c else size for c in v["columns"])
            if not page:
                capacity = per_block
                s.k_at = self.keys.add(turned(rows(s.k, kp, capacity), v["columns"][0]), misplace=misplace[0])
                s.v_at = self.values.add(turned(rows(s.v, vp, capacity), v["columns"][1]), misplace=misplace[1])
                s.head_step = capacity * kp, capacity * vp
                s.table_at = 0
                continue
            pages = max(1, -(-s.length // page))
            order = self.rng.permutation(pages + 2)[:pages]
            pool = []
            for x, pitch in ((s.k, kp), (s.v, vp)):
                padded = rows(x, pitch, pages * page)
                store = p.element.store(np.full((pages + 2, o.key_heads, page, padded.shape[2]), np.nan, np.float32))
                for i, where in enumerate(order):
                    store[where] = padded[:, i * page:(i + 1) * page]
                pool.append(store)
            s.k_at = self.keys.add(turned(pool[0], v["columns"][0]), misplace=misplace[0])
            s.v_at = self.values.add(turned(pool[1], v["columns"][1]), misplace=misplace[1])
            s.head_step = page * kp, page * vp
            s.page_step = o.key_heads * page * kp, o.key_heads * page * vp
            entry = 8 if v["wide"] else 4
            blob = np.asarray(order, np.int64 if v["wide"] else np.int32).tobytes()
            while sum(map(len, self.table)) % entry:
                self.table.append(b"\0" * 4)
            s.table_at = sum(map(len, self.table))
            self.table.append(blob)

    def tile_ranges(self, s, v, rows, begin, end):
        """Head and full tiles of the rows (query positions) of an item."""
        o, keys = self.o, v["keys"]
        if not v["masked"]:
            return 0, INT_MAX
        lowest = min(r % o.queries for r in rows) + o.position
        highest = max(r % o.queries for r in rows) + o.position
        first, last = begin, end
        if o.causal:
            last = min(last, lowest + 1 - s.position)
        if o.window:
            first = max(first, highest - o.window + 1 - s.position)
        head = max(0, -(-(first - begin) // keys))
        full = max(0, (last - begin) // keys - head)
        if head and not v["head"]:
            return 0, 0
        return (head, full) if v["head"] else (0, full)

    def make_list(self):
        p, o = self.p, self.o
        per = o.group * o.queries
        b = p.sequences
        arrivals = {}
        self.lengths = [s.length for s in p.segments]
        for number, s in enumerate(p.segments):
            v = self.variants[s.variant]
            count = (s.last - s.first) * per
            cuts = [0] + s.splits + [s.capacity]
            for h in range(o.key_heads):
                rows = (h * b + s.first) * per + np.arange(count)
                for begin, end in zip(cuts, cuts[1:]):
                    base = self.state_rows
                    for first in range(0, count, v["rows"]):
                        mine = rows[first:first + v["rows"]]
                        row_list = -1
                        if s.list_rows:
                            row_list = len(self.rows)
                            self.rows.extend(mine)
                        groups = sorted({int(r) // per for r in mine})
                        head, full = self.tile_ranges(s, v, mine, begin, min(end, s.length))
                        direct = s.direct
                        if not direct:
                            for group in groups:
                                arrivals[group] = arrivals.get(group, 0) + 1
                        self.items.append(struct.pack(
                            "<I7i3Q6i", s.variant | (DIRECT if direct else 0), begin, end, s.position,
                            0 if s.list_rows else int(mine[0]), 1, len(mine), row_list,
                            s.k_at + h * s.head_step[0], s.v_at + h * s.head_step[1], s.table_at,
                            number if s.capacity != s.length else -1, self.state_rows,
                            groups[0], 0 if direct else len(groups), head, full))
                        if not direct:
                            self.state_rows += v["rows"]
                    if not s.direct:
                        for i in range(s.first, s.last):
                            self.entries.append(((h, i), base + (i - s.first) * per))
        order = []
        for h in range(o.key_heads):
            for i in range(b):
                mine = [e for key, e in self.entries if key == (h, i)]
                self.groups.append(struct.pack("<8i", len(order), len(mine), arrivals.get(h * b + i, 0), 0,
                                               (h * b + i) * per, 1, -1, per))
                order.extend(mine)
        self.entries = order
        if o.shuffle:
            self.rng.shuffle(self.items)

    def strides(self, widths):
        """Byte strides of (key head, sequence, group head, query)."""
        hk, b, g, m = self.o.key_heads, self.p.sequences, self.o.group, self.o.queries
        return [b * g * m * widths, g * m * widths, m * widths, widths]

    def parameters(self, folder):
        p, o = self.p, self.o
        size, e = p.element.bytes, p.element
        query_pitch = -(-o.head_dim * size // o.query_align) * o.query_align
        q = np.full(p.q.shape[:-1] + (query_pitch // size,), np.nan, np.float32)
        q[..., :o.head_dim] = p.q
        if o.query_columns:
            q = np.ascontiguousarray(np.swapaxes(q, -1, -2))
        state = "state" in o.result
        result = Element("f32") if state else p.result
        align = o.result_align
        out_pitch = -(-p.dv * result.bytes // align) * align
        shape = p.q.shape[:-1]
        out_shape = shape + (out_pitch // result.bytes,)
        blank = np.full(out_shape, np.nan, np.float32)
        if o.accumulate:
            blank[..., :p.dv] = p.before
        columns = self.account["state_columns"]
        arrays = {
            "items": np.frombuffer(b"".join(self.items), np.uint8),
            "item_count": np.array([len(self.items)], np.int32),
            "ticket": np.zeros(1, np.int32),
            "rows": np.array(self.rows, np.int32), "lengths": np.array(self.lengths, np.int32),
            "groups": np.frombuffer(b"".join(self.groups), np.uint8),
            "entries": np.array(self.entries, np.int32),
            "key_base": self.keys.array(), "value_base": self.values.array(),
            "table_base": np.frombuffer(b"".join(self.table), np.uint8),
            "queries": e.store(q).reshape(-1).view(np.uint8),
            "output": result.store(blank).reshape(-1).view(np.uint8),
            "slopes": p.slopes, "bias": p.bias.store(p.bias_values).reshape(-1).view(np.uint8),
            "mask_bias": p.mask_values.reshape(-1), "factor": p.factor.reshape(-1),
        }
        for i in range(o.sinks):
            arrays["sink_%d" % i] = p.sinks[i].reshape(-1)
        outs = {"state_o": (self.state_rows, columns), "state_ml": (self.state_rows, 2),
                "result_m": (int(np.prod(shape)),), "result_l": (int(np.prod(shape)),)}
        inout = {"groups", "ticket"} | ({"output"} if o.accumulate else set())
        strides = {"q": query_pitch, "o": out_pitch, "m": 4, "l": 4, "factor": 4,
                   "bias": p.total * p.bias.bytes, "mask_bias": p.total}
        numbers = {"scale": float(p.scale), "scale_log2": float(np.float32(float(p.scale) * LOG2E)),
                   "position": o.position, "window_position": o.position, "window": o.window,
                   "alibi_position": o.position, "cap": o.softcap or 0,
                   "bias_key_stride": p.bias.bytes, "mask_bias_key_stride": 1,
                   "q_column": o.queries * size, "extent_1": p.sequences, "extent_2": o.group, "extent_3": o.queries}
        for i in range(o.sinks):
            strides["sink_%d" % i] = 4
        arguments = []
        self.files = {}
        for parameter in self.account["parameters"]:
            full, kind = parameter["name"], parameter["kind"]
            name, number = full, None
            if full[0] == "v" and full[1].isdigit():
                head, name = full.split("_", 1)
                number = int(head[1:])
            path = os.path.join(folder, full + ".npy")
            if kind == "pointer":
                self.files[full] = path
                if name in outs and 0 not in outs[name]:
                    arguments.append("out:%s:f32:%s" % (path, "x".join(map(str, outs[name]))))
                elif name == "output" and not o.accumulate:
                    arguments.append("out:%s:u8:%d" % (path, arrays[name].size))
                elif name in arrays and arrays[name].size:
                    np.save(path, arrays[name])
                    arguments.append("%s:%s" % ("inout" if name in inout else "in", path))
                else:
                    arguments.append("null")
                continue
            if number is not None and name in ("key_pitch", "value_pitch", "key_page", "value_page"):
                s = next(s for s in p.segments if s.variant == number)
                which = 1 if name.startswith("value") else 0
                x = s.pitches[which] if name.endswith("pitch") else s.page_step[which]
            elif number is not None and name in ("key_column", "value_column"):
                s = next(s for s in p.segments if s.variant == number)
                x = s.columns[name.startswith("value")]
            elif name == "last_page":
                page = self.variants[number]["page"]
                x = max(max(1, -(-s.length // page)) for s in p.segments if s.variant == number) + 1
            elif "_stride_" in name and name.rsplit("_", 1)[1].isdigit():
                what, dim = name.rsplit("_stride_", 1)
                x = self.strides(strides[what])[int(dim)]
                if what == "q" and o.query_columns and int(dim) == 3:
                    x = size
            else:
                x = numbers[name]
            arguments.append({"i64": "s64:%d", "i32": "s32:%d", "f32": "f32:%r"}[kind] % x)
        self.output_type, self.output_shape = result, out_shape
        return arguments

    def run(self, ptx, folder, extra):
        arguments = self.parameters(folder)
        stats = os.path.join(folder, "stats.json")
        command = [os.environ.get("HYDRAGEN_EMULATE", "hydragen-emulate"), ptx,
                   "--kernel=" + self.account["kernel"], "--grid=%d,1,1" % self.o.blocks,
                   "--block=%d,1,1" % self.account["threads"],
                   "--shared=%d" % self.account["shared_bytes"], "--stats=" + stats]
        command += extra + ["--arg=" + a for a in arguments]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            sys.exit("hydragen-emulate: exit %d\n%s%s" % (done.returncode, done.stdout[-4000:], done.stderr[-4000:]))
        with open(stats) as f:
            self.stats = json.load(f)["kernels"][0]
        raw = np.load(self.files["output"]).view(self.output_type.storage).reshape(self.output_shape)
        groups = np.load(self.files["groups"]).view(np.int32).reshape(-1, 8)
        if groups[:, 3].any():
            sys.exit("counters are not back at 0: %s" % groups[:, 3])
        return self.output_type.load(raw[..., :self.p.dv]).astype(np.float64)


# ---------------------------------------------------------------------------
# Command line
# ---------------------------------------------------------------------------

def parse_options():
    a = argparse.ArgumentParser()
    a.add_argument("--type", default="f16")
    a.add_argument("--result-type")
    a.add_argument("--head-dim", type=int, default=128)
    a.add_argument("--value-dim", type=int, default=0)
    a.add_argument("--variant", action="append", required=True)
    a.add_argument("--segment", action="append", required=True,
                   help="keys=N,seq=A-B,variant=N,capacity=N,splits=A/B,data=N,list,direct")
    a.add_argument("--result", default="", help="state, sinks=N, ... as hydragen-kernel takes them")
    a.add_argument("--key-heads", type=int, default=1)
    a.add_argument("--group", type=int, default=4)
    a.add_argument("--queries", type=int, default=1)
    for name in ("causal", "alibi", "mask", "masked-row", "infinite-bias", "finite-mask", "shuffle", "no-shuffle",
                 "positive-values", "tf32"):
        a.add_argument("--" + name, action="store_true")
    a.add_argument("--window", type=int, default=0)
    a.add_argument("--position", type=int, default=0, help="position of query 0")
    a.add_argument("--softcap", type=float, default=0)
    a.add_argument("--bias", default="")
    a.add_argument("--scale", type=float, default=0)
    a.add_argument("--q-size", type=float, default=1)
    a.add_argument("--k-size", type=float, default=1)
    a.add_argument("--query-align", type=int, default=16)
    a.add_argument("--result-align", type=int, default=16)
    a.add_argument("--query-columns", action="store_true", help="Q is [..., column, query position]")
    a.add_argument("--seed", type=int, default=0)
    a.add_argument("--blocks", type=int, default=2)
    a.add_argument("--kernel-flag", action="append", default=[], help="passed to hydragen-kernel")
    a.add_argument("--emulate-flag", action="append", default=[])
    a.add_argument("--tolerance-factor", type=float, default=2)
    a.add_argument("--sequence-data", type=lambda text: [int(x) for x in text.split(",")], default=[],
                   help="numbers of the sequences' queries: A,B,... (a segment's: data=N)")
    a.add_argument("--save-result", help=".npy of the result's bits")
    a.add_argument("--save-sequence", type=int, help="of this sequence alone")
    a.add_argument("--better-than-half-partials", action="store_true",
                   help="the error must be below that of partial results rounded to f16 (no masks)")
    a.add_argument("--no-conflicts", action="store_true", help="shared-memory accesses must be free of conflicts")
    o = a.parse_args()
    o.sinks = next((int(w[6:]) for w in o.result.split(",") if w.startswith("sinks=")), 0)
    words = o.result.split(",")
    o.factor, o.accumulate, o.nan = "factor" in words, "accumulate" in words, "nan" in words
    o.shuffle = not o.no_shuffle
    return o


def main():
    o = parse_options()
    with tempfile.TemporaryDirectory() as folder:
        ptx, info = os.path.join(folder, "k.ptx"), os.path.join(folder, "k.json")
        command = [os.environ.get("HYDRAGEN_KERNEL", "hydragen-kernel"), "--rank=4", "--type=" + o.type,
                   "--head-dim=%d" % o.head_dim, "--value-dim=%d" % (o.value_dim or o.head_dim),
                   "--query-align=%d" % o.query_align, "--info=" + info, "-o", ptx]
        command += ["--f32=tf32"] if o.tf32 else []
        command += ["--query-columns"] if o.query_columns else []
        words = [w for w in o.result.split(",") if w]
        words += [o.result_type or o.type, "align=%d" % o.result_align]
        command += ["--result=" + ",".join(words)] + ["--variant=" + v for v in o.variant] + o.kernel_flag
        subprocess.run(command, check=True)
        with open(info) as f:
            account = json.load(f)
        problem = Problem(o)
        launch = Launch(problem, account)
        got = launch.run(ptx, folder, o.emulate_flag)
        want, maxima, sums = problem.attention(precise=True)
        if "state" in words:
            shape = maxima.shape
            m = np.load(launch.files["result_m"]).astype(np.float64).reshape(shape)
            l = np.load(launch.files["result_l"]).astype(np.float64).reshape(shape)
            if not np.allclose(m, maxima * LOG2E, rtol=1e-5, atol=1e-4, equal_nan=True):
                sys.exit("m differs: %s, expected %s" % (m, maxima * LOG2E))
            if not np.allclose(l, sums, rtol=2e-3 if o.type != "f32" else 1e-5):
                sys.exit("l differs: %s, expected %s" % (l, sums))
            got = np.where(l[..., None] > 0, got / np.where(l > 0, l, 1)[..., None], 0)
    naive = problem.attention(precise=False)[0]
    result = Element("f32") if "state" in words else problem.result
    finite = np.isfinite(want)
    largest = np.abs(want[finite]).max(initial=0)
    naive_error = np.abs(naive - want)[finite].max(initial=0)
    # The element type's rounding of probabilities is allowed once.
    tolerance = o.tolerance_factor * naive_error + 2 * result.ulp(largest)
    if o.save_result:
        np.save(o.save_result, got if o.save_sequence is None else got[:, o.save_sequence])
    if (np.isnan(got) != np.isnan(want)).any():
        sys.exit("NaN at %s, expected at %s" % (np.argwhere(np.isnan(got))[:4].tolist(),
                                                np.argwhere(np.isnan(want))[:4].tolist()))
    error = np.abs(got - want)[finite].max(initial=0)
    print("max error %.2e, naive %.2e, tolerance %.2e, largest %.2e" % (error, naive_error, tolerance, largest))
    if not error <= tolerance:
        where = np.unravel_index(np.argmax(np.abs(got - want)), want.shape)
        sys.exit("result differs: %g, expected %g at %s" % (got[where], want[where], where))
    if o.better_than_half_partials:
        half = np.abs(problem.with_half_partials() - want).max()
        print("f16 partials: %.2e, %.1f times as much" % (half, half / error))
        if not error < half:
            sys.exit("no better than partials in f16")
    if o.no_conflicts:
        actual, ideal = launch.stats["counters"]["shared_wavefronts"], launch.stats["counters"]["shared_wavefronts_ideal"]
        if actual != ideal:
            sys.exit("%d shared-memory wavefronts, %d without conflicts" % (actual, ideal))


if __name__ == "__main__":
    main()
