//===- Scores.cpp - scores and softmax of random graphs ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Generator.h"

#include "llvm/ADT/StringExtras.h"

#include <cmath>
#include <limits>

using namespace llvm;

namespace hydragen::fuzz {

static constexpr double kInf = std::numeric_limits<double>::infinity();

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

/// [b, hk, n, c] to [b, h, n, c] for grouped queries.
Val Generator::repeatHeads(const Val &value) {
  if (group == 1)
    return value;
  return e.collapse(e.map("bkgnc", {{value, "bknc"}},
                          {value.dims[0], value.dims[1], Dim(group),
                           value.dims[2], value.dims[3]},
                          value.element, kCopy),
                    1, 2);
}

/// A sum of products, cast in the body where the types differ.
static std::string multiply(const Val &a, const Val &b, StringRef out) {
  std::string text;
  auto widen = [&](StringRef name, const Val &value) {
    if (value.element == out)
      return name.str();
    text += "%w" + name.drop_front().str() + " = arith." +
            (getBits(value.element) < getBits(out) ? "extf " : "truncf ") +
            name.str() + " : " + value.element + " to " + out.str() +
            "\n      ";
    return "%w" + name.drop_front().str();
  };
  std::string x = widen("%a0", a), y = widen("%a1", b);
  return text + "%p = arith.mulf " + x + ", " + y + " : " + out.str() +
         "\n      %r = arith.addf %o, %p : " + out.str();
}

/// [b, h, m, n]
Val Generator::scoreProduct(const Val &query, const Val &key) {
  Dims dims = {batch, heads, queries, total};
  int64_t form = rng.integer(0, 3);
  if (group != 1 && form == 0) {
    tag("grouped product");
    Val q = e.expand(query, 1, {keyHeads, Dim(group)});
    Val init =
        e.fill({batch, keyHeads, Dim(group), queries, total}, compute, 0);
    Val scores = e.generic("bkgmnC", {{q, "bkgmC"}, {key, "bknC"}}, init,
                           "bkgmn", multiply(q, key, compute));
    return e.collapse(scores, 1, 2);
  }
  Val k = repeatHeads(key);
  if (form == 1 && query.element == compute && k.element == compute) {
    tag("batch_matmul");
    Val a = e.collapse(query, 0, 2);
    Val b = e.collapse(e.transpose(k, {0, 1, 3, 2}, rng.chance(0.5)), 0, 2);
    Val init = e.fill({a.dims[0], queries, total}, compute, 0);
    init.name = e.emit("linalg.batch_matmul ins(" + a.name + ", " + b.name +
                       " : " + a.type() + ", " + b.type() + ") outs(" +
                       init.name + " : " + init.type() + ") -> " + init.type());
    return e.expand(init, 0, {batch, heads});
  }
  if (rng.chance(0.3)) {
    tag("transposed keys");
    Val t = e.transpose(k, {0, 1, 3, 2}, true);
    return e.generic("bhmnC", {{query, "bhmC"}, {t, "bhCn"}},
                     e.fill(dims, compute, 0), "bhmn",
                     multiply(query, t, compute));
  }
  if (rng.chance(0.5))
    return e.generic("bhmnC", {{k, "bhnC"}, {query, "bhmC"}},
                     e.fill(dims, compute, 0), "bhmn",
                     multiply(k, query, compute));
  return e.generic("bhmnC", {{query, "bhmC"}, {k, "bhnC"}},
                   e.fill(dims, compute, 0), "bhmn",
                   multiply(query, k, compute));
}

//===----------------------------------------------------------------------===//
// Score modifications
//===----------------------------------------------------------------------===//

Val Generator::onScores(const Val &scores, ArrayRef<Operand> ins,
                        const Twine &body) {
  SmallVector<Operand> all = {{scores, "bhmn"}};
  all.append(ins.begin(), ins.end());
  return e.map("bhmn", all, scores.dims, compute, body);
}

/// A random subset of the score's dims that has keys or rows in it.
static std::string chooseLetters(Random &rng, bool dynamic) {
  if (dynamic) // arguments over a dynamic range would need its size
    return rng.pick({"h", "m", "hm", "b", "bm"});
  return rng.pick(
      {"n", "bn", "mn", "bmn", "hmn", "bhmn", "hn", "m", "bm", "bh"});
}

Val Generator::applyMask(const Val &scores) {
  bool dynamic = total.isDynamic();
  double fill = rng.pick({-kInf, -kInf, -1e30, -1e4});
  if (compute == "f16" && fill < -6e4)
    fill = -kInf;
  auto markAdded = [&] {
    if (fill == -1e4)
      largestMask = -fill;
  };
  std::string hidden = e.constant(fill, compute), offset;
  std::string select =
      "\n      %r = arith.select %c, %a0, " + hidden + " : " + compute;
  // Keys that the first query sees at least: total - queries.
  auto lastKey = [&](int64_t shift) {
    if (!dynamic)
      return e.index(total.size - queries.size + shift);
    return e.emit("arith.addi " + total.value + ", " +
                  e.index(shift - queries.size) + " : index");
  };
  switch (rng.integer(0, 6)) {
  case 0: {
    tag("causal");
    int64_t shift = rng.integer(-3, 1);
    offset = lastKey(shift);
    mayRefuse |= !dynamic && total.size + shift <= 0;
    return onScores(scores, {},
                    "%l = arith.addi #m, " + offset +
                        " : index\n      %c = "
                        "arith.cmpi sle, #n, %l : index" +
                        select);
  }
  case 1: {
    tag("window");
    offset = lastKey(0);
    int64_t width = rng.integer(1, total.size);
    return onScores(
        scores, {},
        "%l = arith.addi #m, " + offset +
            " : index\n      %f = "
            "arith.subi %l, " +
            e.index(width) +
            " : index\n      %c0 = arith.cmpi sle, #n, %l : index\n"
            "      %c1 = arith.cmpi sgt, #n, %f : index\n      %c = "
            "arith.andi %c0, %c1 : i1" +
            select);
  }
  case 2: {
    tag("lengths");
    std::string element = rng.pick({"i32", "i64"});
    std::vector<double> lengths;
    for (int64_t i = 0; i != batch.size; ++i)
      lengths.push_back(rng.integer(0, total.size));
    Val length = e.argument({batch}, element, lengths);
    std::string predicate = rng.pick({"slt", "sle", "ult"});
    return onScores(scores, {{length, "b"}},
                    "%l = arith.index_cast %a1 : " + element +
                        " to index\n      %c = arith.cmpi " + predicate +
                        ", #n, %l : index" + select);
  }
  case 3: {
    tag("boolean mask");
    std::string letters = chooseLetters(rng, dynamic);
    Dims dims;
    int64_t count = 1;
    for (char letter : letters) {
      dims.push_back(letter == 'b'   ? batch
                     : letter == 'h' ? heads
                     : letter == 'm' ? queries
                                     : total);
      count *= dims.back().size;
    }
    std::vector<double> bits(count);
    for (double &bit : bits)
      bit = rng.chance(0.7);
    Val mask = e.argument(dims, "i1", bits);
    return onScores(scores, {{mask, letters}},
                    "%c = arith.xori %a1, " + e.constant(0, "i1") + " : i1" +
                        select);
  }
  case 4: {
    tag("additive mask");
    std::string letters = chooseLetters(rng, dynamic);
    Dims dims;
    int64_t count = 1;
    for (char letter : letters) {
      dims.push_back(letter == 'b'   ? batch
                     : letter == 'h' ? heads
                     : letter == 'm' ? queries
                                     : total);
      count *= dims.back().size;
    }
    bool infinite = rng.chance(0.5);
    std::vector<double> values = floats(count);
    if (infinite) {
      markAdded();
      for (double &value : values)
        value = rng.chance(0.7) ? 0 : fill;
    }
    Val mask = e.argument(dims, compute, values);
    return onScores(scores, {{mask, letters}},
                    "%r = arith.addf %a0, %a1 : " + compute);
  }
  case 5: {
    tag("added condition");
    markAdded();
    offset = lastKey(rng.integer(-2, 0));
    return onScores(
        scores, {},
        "%l = arith.addi #m, " + offset +
            " : index\n      %c = "
            "arith.cmpi sgt, #n, %l : index\n      %x = arith.select "
            "%c, " +
            hidden + ", " + e.constant(0, compute) + " : " + compute +
            "\n      %r = arith.addf %a0, %x : " + compute);
  }
  default: {
    if (dynamic)
      return scores;
    tag("constant mask");
    mayRefuse |= total.size == 1;
    Dims dims = {queries, total};
    SmallVector<std::string> rows;
    for (int64_t m = 0; m != queries.size; ++m) {
      SmallVector<std::string> row;
      for (int64_t n = 0; n != total.size; ++n)
        row.push_back(n <= m + total.size - queries.size - 1 ? "true"
                                                             : "false");
      rows.push_back("[" + join(row, ", ") + "]");
    }
    Val mask{"", "i1", dims};
    mask.name = e.emit("arith.constant dense<[" + join(rows, ", ") +
                       "]> : " + mask.type());
    return onScores(scores, {{mask, "mn"}},
                    "%c = arith.andi %a1, " + e.constant(1, "i1") + " : i1" +
                        select);
  }
  }
}

Val Generator::modify(Val scores) {
  for (int64_t count = rng.integer(0, 2); count != 0; --count) {
    switch (rng.integer(0, 9)) {
    case 0: {
      tag("soft-cap");
      double cap = rng.pick({0.5, 2.0, 30.0});
      scores =
          onScores(scores, {},
                   "%x = arith.divf %a0, " + e.constant(cap, compute) + " : " +
                       compute + "\n      %t = math.tanh %x : " + compute +
                       "\n      %r = arith.mulf %t, " +
                       e.constant(cap, compute) + " : " + compute);
      break;
    }
    case 1: {
      tag("alibi");
      Val slope = e.argument({heads}, compute, floats(heads.size, 0, 1));
      scores = onScores(scores, {{slope, "h"}},
                        "%x = arith.subi #n, #m : index\n      %y = "
                        "arith.index_cast %x : index to i64\n      %z = "
                        "arith.sitofp %y : i64 to " +
                            compute +
                            "\n      %b = arith.mulf %z, %a1 : " + compute +
                            "\n      %r = arith.addf %a0, %b : " + compute);
      break;
    }
    case 2: {
      tag("temperature");
      Val t = e.argument({heads}, compute, floats(heads.size, 0.5, 2));
      scores =
          onScores(scores, {{t, "h"}}, "%r = arith.mulf %a0, %a1 : " + compute);
      break;
    }
    case 3: {
      tag("gate");
      scores = onScores(scores, {},
                        "%x = arith.negf %a0 : " + compute +
                            "\n      %y = math.exp %x : " + compute +
                            "\n      %z = arith.addf %y, " +
                            e.constant(1, compute) + " : " + compute +
                            "\n      %r = arith.divf %a0, %z : " + compute);
      break;
    }
    default:
      scores = applyMask(scores);
    }
  }
  return scores;
}

//===----------------------------------------------------------------------===//
// Softmax
//===----------------------------------------------------------------------===//

/// [b, h, m] or [b, h, m, 1].
Val Generator::reduceKeys(const Val &value, StringRef op, double init) {
  bool keep = keepDim;
  Dims dims = {batch, heads, queries};
  if (keep)
    dims.push_back(Dim(1));
  std::string order = rng.pick({"%a0, %o", "%o, %a0"});
  return e.generic("bhmN", {{value, "bhmN"}}, e.fill(dims, compute, init),
                   keep ? "bhm0" : "bhm",
                   "%r = arith." + op + " " + order + " : " + compute);
}

Val Generator::onRows(ArrayRef<Operand> ins, const Twine &body) {
  Dims dims = {batch, heads, queries};
  if (keepDim)
    dims.push_back(Dim(1));
  return e.map(keepDim ? "bhmu" : "bhm", ins, dims, compute, body);
}

Val Generator::product(const Val &probabilities, const Val &value) {
  Val p = probabilities;
  if (stored != compute && rng.chance(0.4)) {
    tag("probabilities rounded");
    p = e.cast(p, stored);
  }
  Dims dims = {batch, heads, queries, Dim(columnsV)};
  int64_t form = rng.integer(0, 3);
  if (group != 1 && form == 0) {
    Val wide = e.expand(p, 1, {keyHeads, Dim(group)});
    Val init = e.fill({batch, keyHeads, Dim(group), queries, Dim(columnsV)},
                      compute, 0);
    return e.collapse(e.generic("bkgmeN", {{wide, "bkgmN"}, {value, "bkNe"}},
                                init, "bkgme", multiply(wide, value, compute)),
                      1, 2);
  }
  Val v = repeatHeads(value);
  if (form == 1 && p.element == compute && v.element == compute) {
    Val a = e.collapse(p, 0, 2), b = e.collapse(v, 0, 2);
    Val init = e.fill({a.dims[0], queries, Dim(columnsV)}, compute, 0);
    init.name = e.emit("linalg.batch_matmul ins(" + a.name + ", " + b.name +
                       " : " + a.type() + ", " + b.type() + ") outs(" +
                       init.name + " : " + init.type() + ") -> " + init.type());
    return e.expand(init, 0, {batch, heads});
  }
  if (form == 2) {
    // The result transposed, V first.
    Dims flipped = {batch, queries, heads, Dim(columnsV)};
    return e.transpose(e.generic("bmheN", {{v, "bhNe"}, {p, "bhmN"}},
                                 e.fill(flipped, compute, 0), "bmhe",
                                 multiply(v, p, compute)),
                       {0, 2, 1, 3}, rng.chance(0.5));
  }
  return e.generic("bhmeN", {{p, "bhmN"}, {v, "bhNe"}},
                   e.fill(dims, compute, 0), "bhme", multiply(p, v, compute));
}

Val Generator::attend(const Val &scores, const Val &value) {
  keepDim = rng.chance(0.4);
  std::string rowLetters = keepDim ? "bhm0" : "bhm";
  std::string own = keepDim ? "bhmu" : "bhm";
  if (rng.chance(0.1)) {
    tag("linalg.softmax");
    Val p = e.empty(scores.dims, compute);
    p.name = e.emit("linalg.softmax dimension(3) ins(" + scores.name + " : " +
                    scores.type() + ") outs(" + p.name + " : " + p.type() +
                    ") -> " + p.type());
    return product(p, value);
  }
  // The shift.
  double lowest = compute == "f64"    ? -1.7976931348623157e308
                  : compute == "f16"  ? -65504
                  : compute == "bf16" ? -3.3895313892515355e38
                                      : -3.4028234663852886e38;
  double start = rng.pick({-kInf, -kInf, lowest});
  Val max = reduceKeys(scores, rng.pick({"maximumf", "maxnumf"}), start);
  Val shift = max;
  bool finite = std::isfinite(start); // in rows without a visible key
  bool aboveZero = false;
  switch (rng.integer(0, 6)) {
  case 0:
    tag("guarded shift");
    finite = true;
    shift = onRows({{max, own}},
                   "%c = arith.cmpf oeq, %a0, " + e.constant(-kInf, compute) +
                       " : " + compute + "\n      %r = arith.select %c, " +
                       e.constant(0, compute) + ", %a0 : " + compute);
    break;
  case 1:
    tag("shift above zero");
    aboveZero = mayRefuse = true;
    finite = true;
    shift = onRows({{max, own}}, "%r = arith.maximumf %a0, " +
                                     e.constant(0, compute) + " : " + compute);
    break;
  default:
    break;
  }
  bool base2 = rng.chance(0.1);
  std::string exp = base2 ? "math.exp2" : "math.exp";
  Val shifted = onScores(scores, {{shift, rowLetters}},
                         "%r = arith.subf %a0, %a1 : " + compute);
  Val powers = onScores(shifted, {}, "%r = " + exp + " %a0 : " + compute);
  Val sum = reduceKeys(powers, "addf", 0);
  int64_t denominator = rng.integer(0, 9);
  bool hasSink = denominator < 2 && !base2;
  mayHideNaN = hasSink ? !finite : aboveZero;
  if (denominator == 0 && !base2) {
    tag("softmax plus one");
    sum = onRows({{sum, own}, {shift, own}},
                 "%x = arith.negf %a1 : " + compute +
                     "\n      %y = math.exp "
                     "%x : " +
                     compute + "\n      %r = arith.addf %a0, %y : " + compute);
  } else if (denominator == 1 && !base2) {
    tag("sink");
    Val sink = e.argument({heads}, compute, floats(heads.size));
    sum = onRows({{sum, own}, {shift, own}, {sink, "h"}},
                 "%x = arith.subf %a2, %a1 : " + compute +
                     "\n      %y = "
                     "math.exp %x : " +
                     compute +
                     "\n      %r = arith.addf %a0, %y "
                     ": " +
                     compute);
  } else if (denominator == 2) {
    tag("clamped sum");
    sum = onRows({{sum, own}}, "%r = arith.maximumf %a0, " +
                                   e.constant(0x1p-10, compute) + " : " +
                                   compute);
  } else if (denominator == 3) {
    tag("guarded sum");
    sum = onRows({{sum, own}},
                 "%c = arith.cmpf oeq, %a0, " + e.constant(0, compute) + " : " +
                     compute + "\n      %r = arith.select %c, " +
                     e.constant(1, compute) + ", %a0 : " + compute);
  }
  if (rng.chance(0.15)) {
    tag("late division");
    Val result = product(powers, value);
    return e.map("bhme", {{result, "bhme"}, {sum, rowLetters}}, result.dims,
                 compute, "%r = arith.divf %a0, %a1 : " + compute);
  }
  Val p;
  if (rng.chance(0.3)) {
    tag("reciprocal");
    Val inverse =
        onRows({{sum, own}}, "%r = arith.divf " + e.constant(1, compute) +
                                 ", %a0 : " + compute);
    p = onScores(powers, {{inverse, rowLetters}},
                 "%r = arith.mulf %a0, %a1 : " + compute);
  } else {
    p = onScores(powers, {{sum, rowLetters}},
                 "%r = arith.divf %a0, %a1 : " + compute);
  }
  if (rng.chance(0.1)) {
    tag("NaN guard");
    mayRefuse = true;
    p = onScores(p, {},
                 "%c = arith.cmpf uno, %a0, %a0 : " + compute +
                     "\n      %r = arith.select %c, " + e.constant(0, compute) +
                     ", %a0 : " + compute);
  } else if (rng.chance(0.15)) {
    tag("safe softmax");
    Dims dims = {batch, heads, queries};
    Val hidden =
        e.generic("bhmN", {{scores, "bhmN"}}, e.fill(dims, "i1", 1), "bhm",
                  "%c = arith.cmpf oeq, %a0, " + e.constant(-kInf, compute) +
                      " : " + compute + "\n      %r = arith.andi %c, %o : i1");
    p = onScores(p, {{hidden, "bhm"}},
                 "%r = arith.select %a1, " + e.constant(0, compute) +
                     ", %a0 : " + compute);
  }
  return product(p, value);
}

} // namespace hydragen::fuzz
