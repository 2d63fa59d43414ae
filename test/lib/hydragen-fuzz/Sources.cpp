//===- Sources.cpp - keys and values of random graphs -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Generator.h"

#include "llvm/ADT/StringExtras.h"

using namespace llvm;

namespace hydragen::fuzz {

Source Generator::chooseSource() {
  if (dynamicBatch)
    return rng.pick({Source::All, Source::All, Source::Own, Source::Own,
                     Source::Heads, Source::Ids, Source::PerBatch,
                     Source::Computed, Source::Rolled, Source::Reversed});
  return rng.pick(
      {Source::All,      Source::All,      Source::All,      Source::GroupDiv,
       Source::GroupDiv, Source::GroupMod, Source::Uneven,   Source::Table,
       Source::Ids,      Source::Paged,    Source::Own,      Source::Own,
       Source::Own,      Source::Own,      Source::Zero,     Source::Heads,
       Source::Rolled,   Source::Reversed, Source::PerBatch, Source::Computed});
}

std::vector<double> Generator::floats(int64_t count, double low, double high) {
  std::vector<double> values(count);
  // Sixteenths: exact in every type.
  for (double &value : values)
    value = rng.integer(static_cast<int64_t>(low * 16),
                        static_cast<int64_t>(high * 16)) /
            16.0;
  return values;
}

Val Generator::floatArgument(const Dims &dims, double low, double high) {
  int64_t count = 1;
  for (const Dim &dim : dims)
    count *= dim.size;
  return e.argument(dims, stored, floats(count, low, high));
}

Val Generator::integerTable(ArrayRef<int64_t> values, bool constant) {
  std::string element = rng.pick({"i32", "i64"});
  Dims dims = {Dim(values.size())};
  if (!constant)
    return e.argument(dims, element,
                      std::vector<double>(values.begin(), values.end()));
  Val value{"", element, dims};
  SmallVector<std::string> entries;
  for (int64_t entry : values)
    entries.push_back(std::to_string(entry));
  value.name = e.emit("arith.constant dense<[" + join(entries, ", ") +
                      "]> : " + value.type());
  return value;
}

/// pool[ids[b], h, n, c]
Val Generator::gather(const Val &pool, const Val &ids, const Dims &dims) {
  return e.map("bhnc", {{ids, "b"}}, dims, pool.element,
               "%i = arith.index_cast %a0 : " + ids.element +
                   " to index\n      %r = tensor.extract " + pool.name +
                   "[%i, #h, #n, #c] : " + pool.type());
}

/// One [h, n, c] for all sequences, in one of many spellings.
Val Generator::broadcastAll(const Dims &wide) {
  const Dim &b = wide[0], &h = wide[1], &n = wide[2], &c = wide[3];
  bool isStatic = !b.isDynamic() && !n.isDynamic();
  switch (rng.integer(0, isStatic ? 7 : 2)) {
  case 0:
    return e.map("bhnc", {{floatArgument({h, n, c}), "hnc"}}, wide, stored,
                 kCopy);
  case 1:
    return e.map("bhnc", {{floatArgument({n, h, c}), "nhc"}}, wide, stored,
                 kCopy);
  case 2:
    return e.map("bhnc", {{floatArgument({Dim(1), h, n, c}), "0hnc"}}, wide,
                 stored, kCopy);
  case 3: {
    tag("linalg.broadcast");
    Val source = floatArgument({h, n, c}), init = e.empty(wide, stored);
    init.name = e.emit("linalg.broadcast ins(" + source.name + " : " +
                       source.type() + ") outs(" + init.name + " : " +
                       init.type() + ") dimensions = [0]");
    return init;
  }
  case 4: {
    tag("concat of one");
    Val source = floatArgument({Dim(1), h, n, c});
    return e.concat(std::vector<Val>(b.size, source), 0);
  }
  case 5: {
    tag("tile");
    Val source = floatArgument({Dim(1), h, n, c});
    Dim one(1);
    Val tiled = e.map("bpqhrnsc", {{source, "phnc"}},
                      {b, one, one, h, one, n, one, c}, stored, kCopy);
    for (unsigned i = 0; i != 4; ++i)
      tiled = e.collapse(tiled, i, 2);
    return tiled;
  }
  case 6: {
    tag("insert slices");
    Val source = floatArgument({h, n, c});
    Val result = e.empty(wide, stored);
    for (int64_t i = 0; i != b.size; ++i)
      result.name = e.emit("tensor.insert_slice " + source.name + " into " +
                           result.name + "[" + Twine(i) + ", 0, 0, 0] [1, " +
                           Twine(h.size) + ", " + Twine(n.size) + ", " +
                           Twine(c.size) + "] [1, 1, 1, 1] : " + source.type() +
                           " into " + result.type());
    return result;
  }
  default: {
    tag("stack and slice");
    // A longer pool, of which a part is used.
    Val pool = floatArgument({Dim(n.size + 3), h, c});
    Val source{"", stored, {n, h, c}};
    source.name =
        e.emit("tensor.extract_slice " + pool.name + "[2, 0, 0] [" +
               Twine(n.size) + ", " + Twine(h.size) + ", " + Twine(c.size) +
               "] [1, 1, 1] : " + pool.type() + " to " + source.type());
    return e.map("bhnc", {{source, "nhc"}}, wide, stored, kCopy);
  }
  }
}

Val Generator::makeUneven(const Dims &wide) {
  std::vector<Val> parts;
  int64_t left = wide[0].size;
  while (left != 0) {
    int64_t count = rng.integer(1, left);
    Dims dims = wide;
    dims[0] = Dim(count);
    if (rng.chance(0.3))
      parts.push_back(floatArgument(dims));
    else
      parts.push_back(
          e.map("bhnc", {{floatArgument({dims[1], dims[2], dims[3]}), "hnc"}},
                dims, stored, kCopy));
    left -= count;
  }
  return parts.size() == 1 ? parts.front() : e.concat(parts, 0);
}

/// Pages of 2 keys: the first ones shared by all, the others own.
Val Generator::makePaged(const Dims &wide) {
  const Dim &b = wide[0], &h = wide[1], &n = wide[2], &c = wide[3];
  int64_t pages = n.size / 2, own = rng.integer(0, pages);
  int64_t pool = pages - own + b.size * own;
  Val memory = floatArgument({Dim(pool), Dim(2), h, c});
  SmallVector<int64_t> table;
  bool constant = rng.chance(0.6);
  Dims dims = {b, Dim(pages)};
  Val ids;
  for (int64_t i = 0; i != b.size; ++i)
    for (int64_t page = 0; page != pages; ++page)
      table.push_back(page < pages - own
                          ? page
                          : pages - own + i * own + (page - (pages - own)));
  if (constant) {
    tag("constant table");
    ids = {"", "i64", dims};
    SmallVector<std::string> rows;
    for (int64_t i = 0; i != b.size; ++i) {
      SmallVector<std::string> row;
      for (int64_t page = 0; page != pages; ++page)
        row.push_back(std::to_string(table[i * pages + page]));
      rows.push_back("[" + join(row, ", ") + "]");
    }
    ids.name = e.emit("arith.constant dense<[" + join(rows, ", ") +
                      "]> : " + ids.type());
  } else {
    ids = e.argument(dims, "i64",
                     std::vector<double>(table.begin(), table.end()));
  }
  Val paged =
      e.map("bprhc", {{ids, "bp"}}, {b, Dim(pages), Dim(2), h, c}, stored,
            "%i = arith.index_cast %a0 : i64 to index\n      %r = "
            "tensor.extract " +
                memory.name + "[%i, #r, #h, #c] : " + memory.type());
  return e.transpose(e.collapse(paged, 1, 2), {0, 2, 1, 3}, rng.chance(0.5));
}

Val Generator::makeRange(Source source, const Dims &wide) {
  const Dim &b = wide[0], &h = wide[1], &n = wide[2], &c = wide[3];
  switch (source) {
  case Source::All:
    return broadcastAll(wide);
  case Source::GroupDiv: {
    Val pool = floatArgument({Dim(groups), h, n, c});
    if (rng.chance(0.3))
      return e.map("bhnc", {}, wide, stored,
                   "%g = arith.divui #b, " + e.index(repeats) +
                       " : index\n      %r = tensor.extract " + pool.name +
                       "[%g, #h, #n, #c] : " + pool.type());
    return e.collapse(e.map("grhnc", {{pool, "ghnc"}},
                            {Dim(groups), Dim(repeats), h, n, c}, stored,
                            kCopy),
                      0, 2);
  }
  case Source::GroupMod: {
    Val pool = floatArgument({Dim(groups), h, n, c});
    if (rng.chance(0.3))
      return e.map("bhnc", {}, wide, stored,
                   "%g = arith.remui #b, " + e.index(groups) +
                       " : index\n      %r = tensor.extract " + pool.name +
                       "[%g, #h, #n, #c] : " + pool.type());
    return e.collapse(e.map("rghnc", {{pool, "ghnc"}},
                            {Dim(repeats), Dim(groups), h, n, c}, stored,
                            kCopy),
                      0, 2);
  }
  case Source::Uneven:
    return makeUneven(wide);
  case Source::Table:
  case Source::Ids: {
    int64_t pool = rng.integer(1, 3);
    SmallVector<int64_t> ids;
    for (int64_t i = 0; i != b.size; ++i)
      ids.push_back(rng.integer(0, pool - 1));
    if (rng.chance(0.5))
      llvm::sort(ids);
    Val memory = floatArgument({Dim(pool), h, n, c});
    if (source == Source::Table)
      return gather(memory, integerTable(ids, true), wide);
    Val table =
        e.argument({b}, "i64", std::vector<double>(ids.begin(), ids.end()));
    return gather(memory, table, wide);
  }
  case Source::Paged:
    return makePaged(wide);
  case Source::Own:
    // An argument of unknown length says nothing of its length: K's and V's
    // could differ.
    if (rng.chance(0.5) && !n.isDynamic())
      return floatArgument(wide);
    return e.transpose(floatArgument({b, n, h, c}), {0, 2, 1, 3},
                       rng.chance(0.5));
  case Source::Zero:
    return e.fill(wide, stored, 0.0);
  case Source::Heads:
    return e.map("bhnc", {{floatArgument({b, n, c}), "bnc"}}, wide, stored,
                 kCopy);
  case Source::Rolled: {
    Val pool = floatArgument({h, n, c});
    std::string extent = n.isDynamic() ? n.value : e.index(n.size);
    return e.map("bhnc", {}, wide, stored,
                 "%s = arith.addi #b, #n : index\n      %m = arith.remui %s, " +
                     extent + " : index\n      %r = tensor.extract " +
                     pool.name + "[#h, %m, #c] : " + pool.type());
  }
  case Source::Reversed: {
    Val pool = floatArgument({h, n, c});
    std::string extent = n.isDynamic() ? n.value : e.index(n.size);
    return e.map("bhnc", {}, wide, stored,
                 "%s = arith.subi " + extent +
                     ", #n : index\n      %m = "
                     "arith.subi %s, " +
                     e.index(1) + " : index\n      %r = tensor.extract " +
                     pool.name + "[#h, %m, #c] : " + pool.type());
  }
  case Source::PerBatch:
    return e.map("bhnc",
                 {{floatArgument({h, n, c}), "hnc"}, {floatArgument({b}), "b"}},
                 wide, stored, "%r = arith.mulf %a0, %a1 : " + stored);
  case Source::Computed:
    if (rng.chance(0.5))
      return e.map("bhnc", {{floatArgument({h, n, c}), "hnc"}}, wide, stored,
                   "%r = arith.mulf %a0, " + e.constant(0.5, stored) + " : " +
                       stored);
    return e.map("bhnc",
                 {{floatArgument({h, n, c}), "hnc"},
                  {floatArgument({n, c}, -1, 1), "nc"}},
                 wide, stored, "%r = arith.addf %a0, %a1 : " + stored);
  }
  return {};
}

/// Ranges side by side along `dim`, in one of many spellings.
Val Generator::joinRanges(std::vector<Val> parts, unsigned dim) {
  if (parts.size() == 1)
    return parts.front();
  bool isStatic = true;
  SmallVector<Dim> extents;
  for (const Val &part : parts) {
    extents.push_back(part.dims[dim]);
    for (const Dim &d : part.dims)
      isStatic &= !d.isDynamic();
  }
  switch (rng.integer(0, 4)) {
  case 0:
    return e.concat(parts, dim);
  case 1: {
    tag("nested concat");
    Val joined = parts.front();
    for (const Val &part : ArrayRef<Val>(parts).drop_front())
      joined = e.concat({joined, part}, dim);
    return joined;
  }
  case 2:
  case 3: {
    bool cache = rng.chance(0.4);
    tag(cache ? "static cache" : "slices");
    Dims dims = parts.front().dims;
    dims[dim] = e.sum(extents);
    Val result = cache ? e.fill(dims, stored, 0.0) : e.empty(dims, stored);
    Dim offset(0);
    for (const Val &part : parts) {
      SmallVector<std::string> offsets, sizes, strides;
      for (unsigned i = 0; i != dims.size(); ++i) {
        const Dim &size = part.dims[i];
        const Dim at = i == dim ? offset : Dim(0);
        offsets.push_back(at.isDynamic() ? at.value : std::to_string(at.size));
        sizes.push_back(size.isDynamic() ? size.value
                                         : std::to_string(size.size));
        strides.push_back("1");
      }
      result.name = e.emit("tensor.insert_slice " + part.name + " into " +
                           result.name + "[" + join(offsets, ", ") + "] [" +
                           join(sizes, ", ") + "] [" + join(strides, ", ") +
                           "] : " + part.type() + " into " + result.type());
      offset = offset.size == 0 && !offset.isDynamic()
                   ? part.dims[dim]
                   : e.sum({offset, part.dims[dim]});
    }
    return result;
  }
  default: {
    if (!isStatic || parts.size() != 2)
      return e.concat(parts, dim);
    tag("conditional");
    Dims dims = parts.front().dims;
    dims[dim] = e.sum(extents);
    std::string letters = "bhnc", picked = std::string(1, letters[dim]);
    auto at = [&](StringRef name) {
      std::string list;
      for (unsigned i = 0; i != 4; ++i)
        list += (i ? ", " : "") +
                (i == dim ? name.str() : "#" + std::string(1, letters[i]));
      return list;
    };
    std::string own = "#" + picked;
    return e.map("bhnc", {}, dims, stored,
                 "%c = arith.cmpi ult, " + own + ", " +
                     e.index(extents[0].size) +
                     " : index\n      %r = scf.if "
                     "%c -> (" +
                     stored + ") {\n        %x = tensor.extract " +
                     parts[0].name + "[" + at(own) + "] : " + parts[0].type() +
                     "\n        scf.yield %x : " + stored +
                     "\n      } else {\n        %k = arith.subi " + own + ", " +
                     e.index(extents[0].size) +
                     " : index\n        %x = tensor.extract " + parts[1].name +
                     "[" + at("%k") + "] : " + parts[1].type() +
                     "\n        scf.yield %x : " + stored + "\n      }");
  }
  }
}

/// All ranges of K or V as [b, h, n, c].
Val Generator::makeOperand(ArrayRef<Source> sources, const Dim &headDim,
                           int64_t columns) {
  std::vector<Val> parts;
  // Joined in another layout than the ranges have.
  bool sequenceFirst = rng.chance(0.3);
  for (auto [source, length] : zip_equal(sources, ranges)) {
    Val part = makeRange(source, {batch, headDim, length, Dim(columns)});
    if (sequenceFirst)
      part = e.transpose(part, {0, 2, 1, 3}, rng.chance(0.5));
    parts.push_back(part);
  }
  Val joined = joinRanges(parts, sequenceFirst ? 1 : 2);
  if (sequenceFirst)
    joined = e.transpose(joined, {0, 2, 1, 3}, rng.chance(0.5));
  total = joined.dims[2];
  return joined;
}

} // namespace hydragen::fuzz
