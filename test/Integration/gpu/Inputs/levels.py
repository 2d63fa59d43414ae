"""Prints a tree of ten levels over 512 sequences: level i is shared by 512 / 2^i of them."""

segments, keys, values, types, arguments, maps = [], [], [], [], [], []
LEVELS, BATCH = 10, 512
for i in range(LEVELS):
    group = BATCH >> i
    maps.append(f"#k{i} = affine_map<(b, d, n, e) -> (b floordiv {group}, n, d)>")
    maps.append(f"#v{i} = affine_map<(b, d, n, e) -> (b floordiv {group}, n, e)>")
    shape = f"tensor<{BATCH // group}x2x16xf16>"
    arguments += [f"%k{i}: {shape}", f"%v{i}: {shape}"]
    keys.append(f"%k{i}")
    values.append(f"%v{i}")
    types.append(shape)
    shared = ", shared" if group > 1 else ""
    segments.append(f"#hydragen.segment<begin = {2 * i}, size = 2, keys = [#k{i}], value = #v{i}{shared}>")
print("\n".join(maps))
out = f"tensor<{BATCH}x16xf16>"
print(f"""#q = affine_map<(b, d, n, e) -> (b, d)>
#o = affine_map<(b, d, n, e) -> (b, e)>
func.func @main(%q: {out}, {', '.join(arguments)}) -> {out} {{
  %init = tensor.empty() : {out}
  %o = hydragen.attention queries(%q : {out}) keys({', '.join(keys)} : {', '.join(types)})
    values({', '.join(values)} : {', '.join(types)}) outs(%init : {out}) attributes {{query_maps = [#q], output_map = #o,
    scale = 0.25 : f64, segments = [{', '.join(segments)}]}} -> {out}
  return %o : {out}
}}""")
