"""Workloads of the benchmarks, and their model IR.

A tree is a list of levels (nodes, tokens of each node), root first; the sequences
are its leaves, as many as the last level has nodes, and sequence b is below node
b // (sequences / nodes) of each level. Inputs are the queries [sequences, query
heads, queries, head dim], then keys and values of each level [nodes, key heads,
tokens, head dim].
"""

import math

# Hydragen, Fig. 4 (arXiv 2402.05099; scripts/microbenchmark.py): 8 query heads, 1
# key head, head dim 128, bf16; suffixes 0 ... 512 in steps of 16, of which these.
FIG4 = [(512, 1024), (1024, 2048), (2048, 4096), (4096, 8192)]
FIG4_SUFFIXES = (0, 16, 64, 128, 256, 512)
FIG4_ALL_SUFFIXES = tuple(range(0, 513, 16))

# FastTree (MLSys 2025; kernel_bench/run_benchmark.sh): nodes per level | tokens of a node.
FASTTREE = """1,10|4000,400
1,256|256,32
1,1024|2048,32
1,2,64|8,256,32
1,4,256|8,256,32
1,16,64|1024,256,32
1,4,8,256|8,256,256,32
1,4,16,512|1024,256,128,32
1,4,16,64,256,1024|256,8,256,64,32,256
1,2,4,8,16,32,64,128,1024|16,16,16,16,16,16,16,16,16
1,2,4,8,16,32,64,128,1024|256,128,64,16,16,16,16,16,16
1,8,16,32,64,128,1024|256,128,64,16,16,16,16
1,8,16,32,64,256,1024|256,128,64,16,16,16,16
1,16,32,64,128,1024|256,128,64,16,16,16
1,16,32,64,256,1024|256,128,64,16,16,16""".split()
FASTTREE_HEADS = [(16, 1), (32, 8), (32, 32)]

# PAT (ASPLOS 2026; benchmark/run_kernel_bench.sh): several roots, and no sharing, too.
PAT = """1,10|4096,416
1,256|256,32
1,1024|2048,32
1,2,64|1024,256,256
1,4,256|32,256,32
1,8,512|32,512,256
1,8,512|32,2048,256
1,8,512|512,512,256
1,4,8,256|32,256,256,32
1,4,16,512|1024,256,128,32
1,4,16,64,256,1024|256,32,256,64,32,256
1,16,32,64,128,1024|256,128,64,32,32,32
1,16,32,64,256,1024|256,128,64,32,32,32
1,8,16,32,64,128,1024|256,128,64,32,32,32,32
1,8,16,32,64,256,1024|256,128,64,32,32,32,32
2,8,16,256|256,256,32,32
4,16,256,512|512,32,128,32
8,16,32,256|512,512,256,32
256|1024
256|4096""".split()
PAT_HEADS = [(32, 32), (16, 8), (32, 8), (64, 8)]

# Corpus files whose suffix is causal: query m sees the last keys up to its own.
CORPUS_CAUSAL = {"bench_causal_b16_p2048_q64_f32"}

SUITES = ("fig4", "fasttree", "pat", "corpus", "smoke")


def parse_tree(text):
    nodes, tokens = ([int(number) for number in part.split(",")] for part in text.split("|"))
    if len(nodes) != len(tokens):
        raise ValueError(f"tree {text}: {len(nodes)} levels of nodes but {len(tokens)} of tokens")
    return list(zip(nodes, tokens))


def workload(suite, name, levels, heads, dim, dtype):
    return {"suite": suite, "name": name, "sequences": levels[-1][0], "levels": levels, "query_heads": heads[0],
            "key_heads": heads[1], "queries": 1, "head_dim": dim, "dtype": dtype, "causal": False}


def inexpressible(tree):
    """Why a tree has no IR here, or None."""
    for nodes, _ in tree:
        if tree[-1][0] % nodes:
            return f"{tree[-1][0]} sequences are not spread evenly over the {nodes} nodes of a level"
    return None


def workloads(suites, all_suffixes=False):
    """All workloads of the suites but those of the corpus, and (name, reason) of what cannot be had."""
    result, missing = [], []

    def add(suite, name, levels, heads, dim, dtype):
        reason = inexpressible(levels)
        if reason:
            missing.append((f"{suite}/{name}", reason))
        else:
            result.append(workload(suite, name, levels, heads, dim, dtype))

    if "smoke" in suites:
        add("smoke", "tree", [(2, 32), (8, 16)], (4, 2), 64, "f16")
    if "fig4" in suites:
        for batch, prefix in FIG4:
            for suffix in FIG4_ALL_SUFFIXES if all_suffixes else FIG4_SUFFIXES:
                # Without a suffix the batch still has all sequences: a level of no tokens.
                add("fig4", f"b{batch}-p{prefix}-s{suffix}", [(1, prefix), (batch, suffix)], (8, 1), 128, "bf16")
    for suite, trees, all_heads in (("fasttree", FASTTREE, FASTTREE_HEADS), ("pat", PAT, PAT_HEADS)):
        if suite in suites:
            for text in trees:
                for heads in all_heads:
                    name = f"{text.replace('|', '-t').replace(',', '.')}-h{heads[0]}.{heads[1]}"
                    add(suite, name, parse_tree(text), heads, 128, "f16")
    return result, missing


def corpus_workload(stem, inputs):
    """The workload of a corpus benchmark, from the shapes of its inputs; or a reason."""
    shapes = [tuple(argument["shape"]) for argument in inputs]
    query, levels = shapes[0], []
    if len(shapes) % 2 == 0 or any(len(shape) != 4 for shape in shapes):
        return None, "its inputs are not queries, and keys and values of each level"
    for key, value in zip(shapes[1::2], shapes[2::2]):
        if key != value or key[1] != shapes[1][1] or key[3] != query[3] or query[0] % key[0]:
            return None, "its inputs are not queries, and keys and values of each level"
        levels.append((key[0], key[2]))
    result = workload("corpus", stem, levels, (query[1], shapes[1][1]), query[3], inputs[0]["dtype"])
    result.update(sequences=query[0], queries=query[2], causal=stem in CORPUS_CAUSAL)
    return result, None


def model_ir(work):
    """Model IR as a framework would write it: each level repeated over the sequences, all joined, one attention."""
    batch, dim, element = work["sequences"], work["head_dim"], work["dtype"]
    levels = [level for level in work["levels"] if level[1]]
    heads = work["key_heads"]

    def tensor(*shape):
        return f"tensor<{'x'.join(map(str, shape))}x{element}>"

    query = tensor(batch, work["query_heads"], work["queries"], dim)
    arguments, lines, joined = [f"%q: {query}"], [], {"k": [], "v": []}
    for i, (nodes, tokens) in enumerate(levels):
        own, repeated = tensor(nodes, heads, tokens, dim), tensor(batch, heads, tokens, dim)
        apart = tensor(nodes, batch // nodes, heads, tokens, dim)
        for which in "kv":
            arguments.append(f"%{which}{i}: {own}")
            if nodes == batch or len(levels) == 1:
                joined[which].append((f"%{which}{i}", own))
                continue
            lines += [f"%empty_{which}{i} = tensor.empty() : {apart}",
                      f"%apart_{which}{i} = linalg.broadcast ins(%{which}{i} : {own}) outs(%empty_{which}{i} : {apart}) "
                      "dimensions = [1]",
                      f"%all_{which}{i} = tensor.collapse_shape %apart_{which}{i} [[0, 1], [2], [3], [4]] : "
                      f"{apart} into {repeated}"]
            joined[which].append((f"%all_{which}{i}", repeated))
    keys = sum(tokens for _, tokens in levels)
    whole = tensor(batch, heads, keys, dim)
    names = {}
    for which in "kv":
        names[which] = joined[which][0][0]
        if len(levels) > 1:
            names[which] = f"%{which}"
            lines.append(f"%{which} = tensor.concat dim(2) {', '.join(name for name, _ in joined[which])} : "
                         f"({', '.join(kind for _, kind in joined[which])}) -> {whole}")
    group = work["query_heads"] // heads
    position = "(b, h, m, n, d, e)"
    head = f"h floordiv {group}" if group > 1 else "h"
    # Without a suffix nothing is joined: the attention reads the one level itself, as a product that
    # broadcasts would, and is marked, as detection looks at parts of the keys only.
    sequence, mark, nodes = "b", "", levels[0][0]
    if len(levels) == 1 and nodes != batch:
        whole, mark = tensor(nodes, heads, keys, dim), ", shared"
        sequence = f"b floordiv {batch // nodes}" if nodes > 1 else "0"
    lines += [
        f"%init = tensor.empty() : {query}",
        f"%o = hydragen.attention queries(%q : {query}) keys({names['k']} : {whole}) values({names['v']} : {whole}) "
        f"outs(%init : {query}) attributes {{query_maps = [affine_map<{position} -> (b, h, m, d)>], "
        f"output_map = affine_map<{position} -> (b, h, m, e)>, scale = {1 / math.sqrt(dim)!r} : f64, "
        f"segments = [#hydragen.segment<begin = 0, size = {keys}, keys = [affine_map<{position} -> ({sequence}, {head}, n, d)>], "
        f"value = affine_map<{position} -> ({sequence}, {head}, n, e)>{mark}>]}} -> {query}",
        f"return %o : {query}"]
    body = "\n".join("  " + line for line in lines)
    return f"func.func @main({', '.join(arguments)}) -> {query} {{\n{body}\n}}\n"


def unique_bytes(work):
    """Bytes of queries, result, and keys and values of every node, each once."""
    size = {"f32": 4}.get(work["dtype"], 2)
    tokens = sum(nodes * count for nodes, count in work["levels"])
    rows = work["sequences"] * work["query_heads"] * work["queries"]
    return size * work["head_dim"] * (2 * rows + 2 * work["key_heads"] * tokens)


def plain_bytes(work):
    """Bytes of keys and values with every sequence's own copy."""
    size = {"f32": 4}.get(work["dtype"], 2)
    keys = sum(count for _, count in work["levels"])
    return 2 * size * work["head_dim"] * work["sequences"] * work["key_heads"] * keys
