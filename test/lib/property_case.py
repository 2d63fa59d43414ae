"""Random trees of shared segments, said in ways that must mean the same.

A `Case` is one attention: sequences in an uneven tree, grouped query heads, K and V in random layouts, and a random list of
score modifications. Its shape and its adversary go round with the seed, the rest is drawn. `naive` is the definition
without the dialect: per sequence the keys of its path are concatenated, then products, linalg.softmax, products. The other
functions of `module()` say the op in ways that must give the same: `RELATIONS`.
"""

import random
import zipfile

from make_npz import npy

SHAPES = ["any", "batch 1", "no suffix", "one-token suffix", "empty segments"]
ADVERSARIES = ["none", "mean 30000", "hidden rows", "finite mask", "NaN mask", "NaN key", "infinite query", "ragged"]
RELATIONS = {
    "base": "the op itself",
    "split": "every segment is cut in two",
    "shuffled": "the segments stand in another order",
    "reversed": "the sequences are counted from the end, by the maps",
    "permuted": "the sequences are permuted, by a table",
    "twice": "every sequence is there twice",
    "moved": "a shared node's last token becomes the first token of each child",
}

DOMAIN = "(b, h, m, n, d, e)"
NAN, MINUS_INF, MOST_NEGATIVE = "0x7FC00000", "0xFF800000", "0xFF7FFFFF"


def tensor(shape, element="f32"):
    return "tensor<" + "".join(f"{extent}x" for extent in shape) + element + ">"


class Node:
    """Keys of the sequences [offset, offset + count): shared by them, or `own` with a leading batch dim."""

    def __init__(self, number, offset, count, begin, size, own, order):
        self.number, self.offset, self.count = number, offset, count
        self.begin, self.size, self.own, self.order = begin, size, own, order
        self.children = []

    def axes(self, batch, head, key, column):
        """The four values in the order of this node's dims."""
        values = {"b": batch, "h": head, "n": key, "c": column}
        return [values[axis] for axis in self.order]

    def gaps(self):
        """The runs [offset, count) of sequences that end here: no child has them."""
        result, at = [], self.offset
        for child in self.children + [Node("", self.offset + self.count, 0, 0, 0, True, [])]:
            if child.offset > at and not self.own:
                result.append((at, child.offset - at))
            at = child.offset + child.count
        return result


class Case:
    def __init__(self, seed):
        self.rng = rng = random.Random(seed)
        self.shape = SHAPES[seed % len(SHAPES)]
        self.adversary = ADVERSARIES[seed // len(SHAPES) % len(ADVERSARIES)]
        self.batch = 1 if self.shape == "batch 1" else rng.randint(2, 6)
        self.key_heads, self.group = rng.choice([1, 2]), rng.choice([1, 1, 2, 3])
        self.heads = self.key_heads * self.group
        self.rows, self.depth, self.columns = rng.choice([1, 1, 3]), rng.choice([3, 8]), rng.choice([2, 5])
        self.nodes = []
        self.add(0, self.batch, 0, 0)
        self.longest = max(node.begin + node.size for node in self.nodes)
        self.scale = rng.choice([0.25, 0.5, 1.0])
        self.sink = rng.random() < 0.3
        self.zero_rows = rng.random() < 0.5  # masked_rows
        self.mods = self.draw_mods()
        # Largest score, for the rounding of scores in f32: five sigma of the product, and the shift.
        self.score_bound = 50 + (30000 if "shift" in self.mods else 0)
        self.data = self.draw_data()

    def add(self, offset, count, begin, level):
        rng = self.rng
        own = level > 0 and (count == 1 or level == 3 or rng.random() < 0.4)
        size = rng.randint(1, 9) if level == 0 else rng.choice([0, 1, 2, 5, 8])
        if self.shape == "one-token suffix" and own:
            size = 1
        if self.shape == "empty segments" and (level == 1 or rng.random() < 0.3):
            size = 0
        axes = ["h", "n", "c"]
        rng.shuffle(axes)
        if own:
            axes.insert(rng.randint(0, 3), "b")
        node = Node(len(self.nodes), offset, count, begin, size, own, axes)
        self.nodes.append(node)
        at = offset
        while at < offset + count and not own and self.shape != "no suffix":
            step = rng.randint(1, offset + count - at)
            if rng.random() < 0.85:  # else these sequences end here: an uneven tree
                node.children.append(self.add(at, step, begin + size, level + 1))
            at += step
        return node

    def draw_mods(self):
        rng = self.rng
        self.causal, self.ragged = rng.randint(-2, self.longest), rng.choice([-1, -1, 0, 2])
        self.fill, self.mode = rng.choice([(MINUS_INF, "replace"), (MINUS_INF, "add"), (MOST_NEGATIVE, "replace"),
                                           (MOST_NEGATIVE, "add"), ("-9.0", "add")])
        wanted = {"mean 30000": "shift", "hidden rows": "causal", "finite mask": "causal", "NaN mask": "nan", "ragged": "ragged"}
        if self.adversary == "hidden rows":  # the first row of each sequence sees no key
            self.causal, self.fill = -1, MINUS_INF
        if self.adversary == "finite mask":
            self.causal, self.fill = min(self.causal, 2), MOST_NEGATIVE
        kinds = [kind for kind, chance in [("softcap", 0.3), ("bias", 0.4), ("causal", 0.3), ("ragged", 0.3)]
                 if rng.random() < chance and wanted.get(self.adversary) != kind]
        if self.adversary in wanted:
            kinds.append(wanted[self.adversary])
        rng.shuffle(kinds)
        return kinds

    # ---- inputs -------------------------------------------------------------------------------------------------

    def arguments(self):
        result = [("%q", tensor([self.batch, self.heads, self.rows, self.depth]))]
        for node in self.nodes:
            for name, columns in [("k", self.depth), ("v", self.columns)]:
                shape = node.axes(node.count, self.key_heads, node.size, columns)
                result.append((f"%{name}{node.number}", tensor(shape)))
        result += [("%bias", tensor([self.heads, self.longest])), ("%len", tensor([self.batch], "i64")),
                   ("%sink", tensor([self.heads]))]
        return result

    def draw_data(self):
        """(shape, values) per argument."""
        rng, data = self.rng, {}
        for name, text in self.arguments():
            shape = [int(extent) for extent in text[len("tensor<"):-1].split("x")[:-1]]
            count = 1
            for extent in shape:
                count *= extent
            if name == "%len":
                values = [rng.randint(0, self.longest) for _ in range(count)]
            else:
                values = [rng.gauss(0, 1) for _ in range(count)]
            data[name] = (shape, values)
        if self.sink and rng.random() < 0.3:  # of -inf: no sink
            data["%sink"][1][0] = -float("inf")
        if self.adversary == "NaN key":
            for keys in [data[f"%k{node.number}"][1] for node in self.nodes if node.size][:1]:
                keys[rng.randrange(len(keys))] = float("nan")
        if self.adversary == "infinite query":
            queries = data["%q"][1]
            queries[rng.randrange(len(queries))] = rng.choice([-1, 1]) * float("inf")
        return data

    def write_inputs(self, path):
        with zipfile.ZipFile(path, "w") as archive:
            for i, (name, _) in enumerate(self.arguments()):
                shape, values = self.data[name]
                archive.writestr(f"in{i}.npy", npy("i8" if name == "%len" else "f4", shape, values or [0]))

    # ---- the op -------------------------------------------------------------------------------------------------

    def signature(self, name):
        return f"func.func @{name}(" + ", ".join(f"{n}: {t}" for n, t in self.arguments()) + ")"

    def mod_attributes(self, sequence, symbols):
        where = f"(b, h, m, n)[{symbols}]"
        fill = f"fill = {self.fill} : f32, mode = {self.mode}"
        return ", ".join({
            "softcap": "#hydragen.softcap<2.5 : f64>",
            "bias": "#hydragen.bias<extra = 0>",
            "causal": f"#hydragen.visible<where = affine_map<{where} -> (m + {self.causal} - n)>, {fill}>",
            "ragged": f"#hydragen.visible<where = affine_map<{where} -> (len + {self.ragged} - n)>>",
            "shift": f"#hydragen.visible<where = affine_map<{where} -> (-1)>, fill = 3.0e4 : f32, mode = add>",
            "nan": f"#hydragen.visible<where = affine_map<{where} -> ({sequence} - 1)>, fill = {NAN} : f32>",
        }[mod] for mod in self.mods)

    def pieces(self):
        """Every node as one segment: (node, first key, number of keys, first sequence, number of sequences)."""
        return [(node, 0, node.size, node.offset, node.count) for node in self.nodes]

    def attention(self, pieces, sequence="b", batch=None, place=lambda offset, count: (offset, count), types=None,
                  query="%q", lengths="%len", table=None, result="%r"):
        """Text of the op over `pieces`; `sequence` is the sequence of row b, or `p`, an element of `table`."""
        batch = self.batch if batch is None else batch
        types = {**dict(self.arguments()), **(types or {})}
        symbols = "len, p" if table else "len"
        segments = []
        for node, first, size, offset, count in pieces:
            key = f"n + {first}" if first else "n"
            maps = [node.axes(f"{sequence} - {node.offset}", f"h floordiv {self.group}", key, column)
                    for column in "de"]
            offset, count = place(offset, count)
            rows = "" if count == batch else f"rows = [[{offset}, {count}], [0, {self.heads}], [0, {self.rows}]], "
            segments.append(f"#hydragen.segment<begin = {node.begin + first}, size = {size}, {rows}keys = "
                            f"[affine_map<{DOMAIN}[{symbols}] -> ({', '.join(maps[0])})>], "
                            f"value = affine_map<{DOMAIN}[{symbols}] -> ({', '.join(maps[1])})>>")
        output = tensor([batch, self.heads, self.rows, self.columns])
        keys, values = ([f"%{kind}{piece[0].number}" for piece in pieces] for kind in "kv")
        row = "b" if table else sequence
        indices = [lengths, table] if table else [lengths]
        sink = f"sinks(%sink : {types['%sink']})" if self.sink else ""
        sink_map = "sink_maps = [affine_map<(b, h, m) -> (h)>], " if self.sink else ""
        extras, extra_map = "", ""
        if "bias" in self.mods:
            extras = f"extras(%bias : {types['%bias']})"
            extra_map = "extra_maps = [affine_map<(b, h, m, n) -> (h, n)>], "

        def operands(names):
            return ", ".join(names) + " : " + ", ".join(types[name] for name in names)

        return f"""    %empty = tensor.empty() : {output}
    {result} = hydragen.attention queries({operands([query])}) keys({operands(keys)}) values({operands(values)})
      indices({operands(indices)}) {extras} {sink} outs(%empty : {output})
      attributes {{query_maps = [affine_map<{DOMAIN} -> ({row}, h, m, d)>], output_map = affine_map<{DOMAIN} -> (b, h, m, e)>,
        index_maps = [{', '.join([f"affine_map<{DOMAIN} -> ({row})>"] * len(indices))}], {extra_map}{sink_map}scale = {self.scale} : f64,
        masked_rows = #hydragen.masked_rows<{"zero" if self.zero_rows else "nan"}>,
        score_mods = [{self.mod_attributes(sequence, symbols)}],
        segments = [{", ".join(segments)}]}} -> {output}
"""

    def function(self, name, body):
        result = tensor([self.batch, self.heads, self.rows, self.columns])
        return f"  {self.signature(name)} -> {result} {{\n{body}    return %out : {result}\n  }}\n"

    def gather(self, result, source, table, shape, element="f32"):
        """Text of `result`: `source` with its first dim read at the elements of `table`."""
        indices = [f"%i{i}" for i in range(len(shape))]
        return f"""    {result} = tensor.generate {{
    ^bb0({", ".join(i + ": index" for i in indices)}):
      %element = tensor.extract {table}[%i0] : {tensor([self.batch], "i64")}
      %from = arith.index_cast %element : i64 to index
      %x = tensor.extract {source}[{", ".join(["%from"] + indices[1:])}] : {tensor(shape, element)}
      tensor.yield %x : {element}
    }} : {tensor(shape, element)}
"""

    # ---- the same in other words ---------------------------------------------------------------------------------

    def base(self, name="base"):
        return self.function(name, self.attention(self.pieces(), result="%out"))

    def split(self):
        pieces = []
        for node, _, size, offset, count in self.pieces():
            cut = self.rng.randint(0, size)
            pieces += [(node, 0, cut, offset, count), (node, cut, size - cut, offset, count)]
        return self.function("split", self.attention(pieces, result="%out"))

    def shuffled(self):
        pieces = self.pieces()
        self.rng.shuffle(pieces)
        return self.function("shuffled", self.attention(pieces, result="%out"))

    def reversed(self):
        result = tensor([self.batch, self.heads, self.rows, self.columns])
        body = self.attention(self.pieces(), f"{self.batch - 1} - b", place=lambda o, c: (self.batch - o - c, c))
        return self.function("reversed", body + f"""    %out = tensor.generate {{
    ^bb0(%b: index, %h: index, %m: index, %e: index):
      %from = affine.apply affine_map<(b) -> ({self.batch - 1} - b)>(%b)
      %x = tensor.extract %r[%from, %h, %m, %e] : {result}
      tensor.yield %x : f32
    }} : {result}
""")

    def shuffle_sequences(self, node):
        """The node's sequences in an order in which those of each node below are neighbours."""
        if node.own:
            blocks = [[b] for b in range(node.offset, node.offset + node.count)]
        else:
            blocks = [self.shuffle_sequences(child) for child in node.children]
            blocks += [[b] for offset, count in node.gaps() for b in range(offset, offset + count)]
        self.rng.shuffle(blocks)
        return [b for block in blocks for b in block]

    def permuted(self):
        order = self.shuffle_sequences(self.nodes[0])
        inverse = [order.index(b) for b in range(self.batch)]
        index = tensor([self.batch], "i64")
        sizes = [self.batch, self.heads, self.rows]
        body = f"    %table = arith.constant dense<{order}> : {index}\n    %inverse = arith.constant dense<{inverse}> : {index}\n"
        body += self.gather("%pq", "%q", "%table", sizes + [self.depth])
        body += self.gather("%plen", "%len", "%table", [self.batch], "i64")
        body += self.attention(self.pieces(), "p", place=lambda o, c: (min(inverse[o:o + c]), c), query="%pq", lengths="%plen",
                               table="%table", types={"%pq": tensor(sizes + [self.depth]), "%plen": index, "%table": index})
        return self.function("permuted", body + self.gather("%out", "%r", "%inverse", sizes + [self.columns]))

    def twice(self):
        sizes = [self.batch, self.heads, self.rows, self.columns]
        double = tensor([2 * self.batch] + sizes[1:])
        body = self.attention(self.pieces(), "b floordiv 2", 2 * self.batch, lambda o, c: (2 * o, 2 * c))
        which = self.rng.randint(0, 1)
        return self.function("twice", body + f"    %out = tensor.extract_slice %r[{which}, 0, 0, 0] {sizes} [2, 1, 1, 1] : "
                                             f"{double} to {tensor(sizes)}\n")

    def moved(self):
        parents = [node for node in self.nodes if not node.own and node.size]
        if not parents:
            return self.function("moved", self.attention(self.pieces(), result="%out"))
        parent = self.rng.choice([node for node in parents if node.children] or parents)
        pieces = [piece for piece in self.pieces() if piece[0] is not parent and piece[0] not in parent.children]
        pieces.append((parent, 0, parent.size - 1, parent.offset, parent.count))
        pieces += [(parent, parent.size - 1, 1, offset, count) for offset, count in parent.gaps()]
        body, types = "", {}
        for child in parent.children:
            joined = Node(f"j{child.number}", child.offset, child.count, child.begin - 1, child.size + 1, child.own, child.order)
            pieces.append((joined, 0, joined.size, joined.offset, joined.count))
            for kind, width in [("k", self.depth), ("v", self.columns)]:
                result, above, below = (f"%{kind}{node.number}" for node in (joined, parent, child))
                shape = tensor(joined.axes(joined.count, self.key_heads, joined.size, width))
                types[result] = shape
                indices = ", ".join(f"%{axis}: index" for axis in joined.order)
                body += f"""    {result} = tensor.generate {{
    ^bb0({indices}):
      %last = arith.constant {parent.size - 1} : index
      %first = tensor.extract {above}[{", ".join(parent.axes("", "%h", "%last", "%c"))}] : {dict(self.arguments())[above]}
"""
                if child.size:
                    body += f"""      %zero = arith.constant 0 : index
      %is_first = arith.cmpi eq, %n, %zero : index
      %one = arith.constant 1 : index
      %positive = arith.maxsi %n, %one : index
      %before = arith.subi %positive, %one : index
      %other = tensor.extract {below}[{", ".join(child.axes("%b", "%h", "%before", "%c"))}] : {dict(self.arguments())[below]}
      %x = arith.select %is_first, %first, %other : f32
      tensor.yield %x : f32
"""
                else:
                    body += "      tensor.yield %first : f32\n"
                body += f"    }} : {shape}\n"
        return self.function("moved", body + self.attention(pieces, types=types, result="%out"))

    # ---- the definition -----------------------------------------------------------------------------------------

    def naive_mods(self):
        """Scalar code that takes %s0 at (%h, %m, %n) of sequence %cb; gives the name of the last score."""
        lines, score = [], "%s0"
        for i, mod in enumerate(self.mods):
            new = f"%s{i + 1}"
            if mod == "softcap":
                lines += [f"%c{i} = arith.constant 2.5 : f32", f"%x{i} = arith.divf {score}, %c{i} : f32",
                          f"%t{i} = math.tanh %x{i} : f32", f"{new} = arith.mulf %t{i}, %c{i} : f32"]
            elif mod == "bias":
                bias = tensor([self.heads, self.longest])
                lines += [f"%x{i} = tensor.extract %bias[%h, %n] : {bias}", f"{new} = arith.addf {score}, %x{i} : f32"]
            elif mod == "shift":
                lines += [f"%c{i} = arith.constant 3.0e4 : f32", f"{new} = arith.addf {score}, %c{i} : f32"]
            else:
                where, fill, mode = {
                    "causal": (f"(m + {self.causal} - n)", self.fill, self.mode),
                    "ragged": (f"(len + {self.ragged} - n)", MINUS_INF, "replace"),
                    "nan": ("(b - 1)", NAN, "replace")}[mod]
                lines += [f"%w{i} = affine.apply affine_map<(b, h, m, n)[len] -> {where}>(%cb, %h, %m, %n)[%length]",
                          f"%vis{i} = arith.cmpi sge, %w{i}, %zero : index", f"%c{i} = arith.constant {fill} : f32"]
                hidden = f"%c{i}"
                if mode == "add":
                    hidden = f"%x{i}"
                    lines.append(f"%x{i} = arith.addf {score}, %c{i} : f32")
                lines.append(f"{new} = arith.select %vis{i}, {score}, {hidden} : f32")
            score = new
        return "".join(f"      {line}\n" for line in lines), score

    def naive(self):
        types = dict(self.arguments())
        h, rows, columns = self.heads, self.rows, self.columns
        result, row = tensor([self.batch, h, rows, columns]), tensor([h, rows])
        text = f"""    %zero = arith.constant 0 : index
    %f0 = arith.constant 0.0 : f32
    %minus_inf = arith.constant {MINUS_INF} : f32
    %masked = arith.constant {"0.0" if self.zero_rows else NAN} : f32
    %o0 = tensor.empty() : {result}
    %row = tensor.empty() : {row}
    %least = linalg.fill ins(%minus_inf : f32) outs(%row : {row}) -> {row}
"""
        for b in range(self.batch):
            path = [node for node in self.nodes if node.offset <= b < node.offset + node.count]
            path.sort(key=lambda node: node.begin)
            keys = sum(node.size for node in path)
            for kind, width in [("k", self.depth), ("v", columns)]:
                parts = []
                for node in path:
                    part = f"%{kind}{b}_{node.number}"
                    shape = tensor([self.key_heads, node.size, width])
                    source = f"%{kind}{node.number}"
                    text += (f"    {part}_b = arith.constant {b - node.offset} : index\n    {part} = tensor.generate {{\n"
                             f"    ^bb0(%h: index, %n: index, %c: index):\n      %x = tensor.extract {source}"
                             f"[{', '.join(node.axes(part + '_b', '%h', '%n', '%c'))}] : {types[source]}\n"
                             f"      tensor.yield %x : f32\n    }} : {shape}\n")
                    parts.append((part, shape))
                names, shapes = zip(*parts)
                text += (f"    %{kind}all{b} = tensor.concat dim(1) {', '.join(names)} : ({', '.join(shapes)}) -> "
                         f"{tensor([self.key_heads, keys, width])}\n")
            score, out = tensor([h, rows, keys]), tensor([h, rows, columns])
            mods, last = self.naive_mods()
            text += f"""    %cb{b} = arith.constant {b} : index
    %li{b} = tensor.extract %len[%cb{b}] : {types['%len']}
    %length{b} = arith.index_cast %li{b} : i64 to index
    %se{b} = tensor.empty() : {score}
    %sz{b} = linalg.fill ins(%f0 : f32) outs(%se{b} : {score}) -> {score}
    %dot{b} = linalg.generic {{indexing_maps = [affine_map<(h, m, n, d) -> (h floordiv {self.group}, n, d)>, affine_map<(h, m, n, d) -> (h, m, n)>],
        iterator_types = ["parallel", "parallel", "parallel", "reduction"]}}
        ins(%kall{b} : {tensor([self.key_heads, keys, self.depth])}) outs(%sz{b} : {score}) {{
    ^bb0(%key: f32, %acc: f32):
      %h = linalg.index 0 : index
      %m = linalg.index 1 : index
      %d = linalg.index 3 : index
      %query = tensor.extract %q[%cb{b}, %h, %m, %d] : {types['%q']}
      %p = arith.mulf %query, %key : f32
      %sum = arith.addf %acc, %p : f32
      linalg.yield %sum : f32
    }} -> {score}
    %mod{b} = tensor.generate {{
    ^bb0(%h: index, %m: index, %n: index):
      %x = tensor.extract %dot{b}[%h, %m, %n] : {score}
      %scale = arith.constant {self.scale} : f32
      %s0 = arith.mulf %x, %scale : f32
{mods.replace("%cb", f"%cb{b}").replace("%length", f"%length{b}")}      tensor.yield {last} : f32
    }} : {score}
"""
            scores, values = f"%mod{b}", f"%vall{b}"
            if self.sink:  # a key of score sink[h] and value 0
                keys += 1
                column, nothing = tensor([h, rows, 1]), tensor([self.key_heads, 1, columns])
                wide, tall = tensor([h, rows, keys]), tensor([self.key_heads, keys, columns])
                text += f"""    %sk{b} = tensor.generate {{
    ^bb0(%h: index, %m: index, %n: index):
      %x = tensor.extract %sink[%h] : {types['%sink']}
      tensor.yield %x : f32
    }} : {column}
    %swide{b} = tensor.concat dim(2) {scores}, %sk{b} : ({score}, {column}) -> {wide}
    %vz{b} = arith.constant dense<0.0> : {nothing}
    %vtall{b} = tensor.concat dim(1) {values}, %vz{b} : ({tensor([self.key_heads, keys - 1, columns])}, {nothing}) -> {tall}
"""
                scores, values, score = f"%swide{b}", f"%vtall{b}", wide
            text += f"""    %pe{b} = tensor.empty() : {score}
    %p{b} = linalg.softmax dimension(2) ins({scores} : {score}) outs(%pe{b} : {score}) -> {score}
    %oe{b} = tensor.empty() : {out}
    %oz{b} = linalg.fill ins(%f0 : f32) outs(%oe{b} : {out}) -> {out}
    %pv{b} = linalg.generic {{indexing_maps = [affine_map<(h, m, e, n) -> (h, m, n)>, affine_map<(h, m, e, n) -> (h floordiv {self.group}, n, e)>, affine_map<(h, m, e, n) -> (h, m, e)>],
        iterator_types = ["parallel", "parallel", "parallel", "reduction"]}}
        ins(%p{b}, {values} : {score}, {tensor([self.key_heads, keys, columns])}) outs(%oz{b} : {out}) {{
    ^bb0(%w: f32, %x: f32, %acc: f32):
      %y = arith.mulf %w, %x : f32
      %sum = arith.addf %acc, %y : f32
      linalg.yield %sum : f32
    }} -> {out}
    %max{b} = linalg.reduce {{arith.maximumf}} ins({scores} : {score}) outs(%least : {row}) dimensions = [2]
    %res{b} = tensor.generate {{
    ^bb0(%h: index, %m: index, %e: index):
      %max = tensor.extract %max{b}[%h, %m] : {row}
      %hidden = arith.cmpf oeq, %max, %minus_inf : f32
      %x = tensor.extract %pv{b}[%h, %m, %e] : {out}
      %y = arith.select %hidden, %masked, %x : f32
      tensor.yield %y : f32
    }} : {out}
    %o{b + 1} = tensor.insert_slice %res{b} into %o{b}[{b}, 0, 0, 0] [1, {h}, {rows}, {columns}] [1, 1, 1, 1] : {out} into {result}
"""
        return self.function("naive", text.replace(f"%o{self.batch} =", "%out ="))

    def module(self):
        return self.naive() + "".join(getattr(self, relation)() for relation in RELATIONS)
