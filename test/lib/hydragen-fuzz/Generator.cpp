//===- Generator.cpp - random attention graphs ------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Generator.h"

#include <cmath>

using namespace llvm;

namespace hydragen::fuzz {

Graph generate(uint64_t seed) { return Generator(seed).run(); }

void Generator::tag(const Twine &text) {
  recipe += (recipe.empty() ? "" : ", ") + text.str();
}

static StringRef getName(Source source) {
  static constexpr StringLiteral names[] = {
      "all", "div",  "mod",   "uneven", "table",    "ids",    "paged",
      "own", "zero", "heads", "rolled", "reversed", "factor", "computed"};
  return names[static_cast<unsigned>(source)];
}

void Generator::chooseShapes() {
  groups = rng.integer(1, 3);
  repeats = rng.integer(1, 4);
  group = rng.pick({1, 1, 2});
  int64_t keyHeadCount = rng.integer(1, 3);
  keyHeads = Dim(keyHeadCount);
  heads = Dim(keyHeadCount * group);
  queries = Dim(rng.pick({1, 1, 2, 3}));
  columnsK = rng.pick({2, 4});
  columnsV = rng.chance(0.2) ? 3 : columnsK;
  stored = rng.pick({"f32", "f32", "f32", "f32", "f16", "bf16", "f64"});
  compute = stored == "f16" || stored == "bf16" ? "f32" : stored;
  batch = Dim(groups * repeats);
  dynamicBatch = rng.chance(0.15);

  int64_t count = rng.integer(1, 4);
  bool dynamicKeys = rng.chance(0.2);
  tag("b" + Twine(batch.size) + " h" + Twine(heads.size) + " " + stored);
  if (dynamicBatch) {
    // The first argument, whatever it is for, brings the size.
    tag("dynamic batch");
    Val shape = e.argument({Dim(batch.size, "?")}, "i64",
                           std::vector<double>(batch.size, 0));
    batch = e.dimOf(shape, 0, batch.size);
  }
  unsigned numDynamic = 0;
  for (int64_t i = 0; i != count; ++i) {
    Dim length(rng.integer(1, 6));
    if (dynamicKeys && rng.chance(0.6)) {
      tag("dynamic range " + Twine(i));
      Val shape = e.argument({Dim(length.size, "?")}, "i64",
                             std::vector<double>(length.size, 0));
      length = e.dimOf(shape, 0, length.size);
      mayRefuse |= ++numDynamic > 2;
    }
    ranges.push_back(length);
    Source source = chooseSource();
    // Pages are of two keys.
    if (source == Source::Paged) {
      if (length.isDynamic())
        source = Source::All;
      else
        ranges.back() = Dim(2 * rng.integer(1, 3));
    }
    keySources.push_back(source);
    valueSources.push_back(source);
    if (rng.chance(0.08))
      valueSources.back() = source == Source::Own ? Source::All : Source::Own;
  }
}

/// 0: nothing of b, 1: its group, 2: b; nullopt: not to be counted on.
static std::optional<int> getLevel(Source source) {
  switch (source) {
  case Source::All:
  case Source::Reversed:
  case Source::Computed:
    return 0;
  case Source::GroupDiv:
    return 1;
  case Source::Own:
  case Source::PerBatch:
    return 2;
  default:
    return std::nullopt;
  }
}

Graph Generator::run() {
  chooseShapes();
  std::string kinds;
  int lowest = 3, highest = -1;
  for (auto [key, value] : zip_equal(keySources, valueSources)) {
    kinds += (kinds.empty() ? "" : " ") + getName(key).str();
    if (key != value)
      kinds += "/" + getName(value).str();
    std::optional<int> a = getLevel(key), b = getLevel(value);
    // A rolled range is cut into as many pieces as there are sequences.
    mayRefuse |= key == Source::Rolled || value == Source::Rolled;
    if (!a || !b)
      continue;
    lowest = std::min(lowest, std::max(*a, *b));
    highest = std::max(highest, std::max(*a, *b));
  }
  tag("[" + kinds + "]");
  Graph graph;
  graph.mustShare =
      (lowest == 0 && highest == 2 && batch.size > 1 && !dynamicBatch) ||
      (lowest == 0 && highest == 1 && groups > 1) ||
      (lowest == 1 && highest == 2 && repeats > 1) ||
      (lowest == 0 && highest == 2 && dynamicBatch);

  Val key = makeOperand(keySources, keyHeads, columnsK);
  Val value = makeOperand(valueSources, keyHeads, columnsV);
  bool queriesFirst = rng.chance(0.3);
  Val query =
      queriesFirst
          ? e.transpose(floatArgument({batch, queries, heads, Dim(columnsK)}),
                        {0, 2, 1, 3}, true)
          : floatArgument({batch, heads, queries, Dim(columnsK)});

  // Casts: before the products, or in their bodies.
  if (rng.chance(0.5)) {
    key = e.cast(key, compute);
    query = e.cast(query, compute);
    if (rng.chance(0.5))
      value = e.cast(value, compute);
  }
  double scale = 1 / std::sqrt(static_cast<double>(columnsK));
  auto scaled = [&](const Val &tensor, double factor) {
    bool divides = rng.chance(0.3);
    return e.map("bhnc", {{tensor, "bhnc"}}, tensor.dims, tensor.element,
                 StringRef("%r = arith.") + (divides ? "divf" : "mulf") +
                     " %a0, " +
                     e.constant(divides ? 1 / factor : factor, tensor.element) +
                     " : " + tensor.element);
  };
  int64_t place = rng.integer(0, 4);
  static constexpr StringLiteral places[] = {"scores", "q", "k", "q and k",
                                             "no"};
  tag("scale on " + places[place]);
  if (place == 1 || place == 3)
    query = scaled(query, place == 3 ? std::sqrt(scale) : scale);
  if (place == 2 || place == 3)
    key = scaled(key, place == 3 ? std::sqrt(scale) : scale);
  Val scores = scoreProduct(query, key);
  if (place == 0)
    scores = scaled(scores, scale);
  scores = modify(scores);
  Val result = attend(scores, value);
  if (rng.chance(0.3))
    result = e.cast(result, stored);
  graph.text = e.finish(result);
  graph.inputs = std::move(e.inputs);
  graph.stored = stored;
  graph.computed = compute;
  graph.mayHideNaN = mayHideNaN;
  graph.largestMask = largestMask;
  graph.mustShare &= !mayRefuse;
  graph.recipe = std::move(recipe);
  return graph;
}

} // namespace hydragen::fuzz
