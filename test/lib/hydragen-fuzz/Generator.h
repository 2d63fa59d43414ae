//===- Generator.h - random attention graphs --------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_TEST_FUZZ_GENERATOR_H
#define HYDRAGEN_TEST_FUZZ_GENERATOR_H

#include "Emitter.h"

#include <optional>

namespace hydragen::fuzz {

struct Graph {
  std::string text;
  std::vector<Input> inputs;
  /// The choices that were made, for people.
  std::string recipe;
  /// Sharing that the IR shows and that must be found.
  bool mustShare = false;
  /// The type that K and V are stored in; arithmetic on them rounds to it.
  std::string stored;
  /// The type of scores.
  std::string computed;
  /// A row is NaN only by how it was computed: it sees no key and the
  /// denominator has a further term (the limit is 0), or all its exponentials
  /// vanish under a shift that is not the maximum.
  bool mayHideNaN = false;
  /// The largest finite number that is added to scores and leaves part of them:
  /// they are rounded at its magnitude.
  double largestMask = 0;
};

/// The graph of a seed: spelling x sharing x masks x types x layouts.
Graph generate(uint64_t seed);

/// What one key range of K or V depends on, of the sequence b.
enum class Source {
  All,      // nothing
  GroupDiv, // b floordiv R
  GroupMod, // b mod G
  Uneven,   // ranges of b of several sizes
  Table,    // a constant table of b
  Ids,      // a table that is an argument
  Paged,    // pages: a shared table, then own ones
  Own,      // b
  Zero,     // a constant
  Heads,    // b, but not the head
  Rolled,   // b, through (n + b) mod length
  Reversed, // nothing; keys in reverse
  PerBatch, // b, through a factor
  Computed, // nothing; an elementwise function of what is stored
};

/// Builds one graph.
class Generator {
public:
  explicit Generator(uint64_t seed) : rng(seed) {}
  Graph run();

private:
  void tag(const llvm::Twine &text);
  void chooseShapes();
  // Sources.cpp: K and V.
  Source chooseSource();
  std::vector<double> floats(int64_t count, double low = -1.5,
                             double high = 1.5);
  Val floatArgument(const Dims &dims, double low = -1.5, double high = 1.5);
  Val integerTable(llvm::ArrayRef<int64_t> values, bool constant);
  Val gather(const Val &pool, const Val &ids, const Dims &dims);
  Val broadcastAll(const Dims &wide);
  Val makeUneven(const Dims &wide);
  Val makePaged(const Dims &wide);
  /// [b, h, n, c] of one range.
  Val makeRange(Source source, const Dims &wide);
  Val joinRanges(std::vector<Val> parts, unsigned dim);
  Val makeOperand(llvm::ArrayRef<Source> sources, const Dim &heads,
                  int64_t columns);
  // Scores.cpp: everything between the products.
  Val scoreProduct(const Val &query, const Val &key);
  Val repeatHeads(const Val &value);
  Val modify(Val scores);
  Val applyMask(const Val &scores);
  Val onScores(const Val &scores, llvm::ArrayRef<Operand> ins,
               const llvm::Twine &body);
  Val reduceKeys(const Val &value, llvm::StringRef op, double init);
  Val onRows(llvm::ArrayRef<Operand> ins, const llvm::Twine &body);
  Val attend(const Val &scores, const Val &value);
  Val product(const Val &probabilities, const Val &value);

  Random rng;
  Emitter e;
  std::string recipe;

  int64_t groups = 1, repeats = 1, group = 1, columnsK = 4, columnsV = 4;
  Dim batch{1}, keyHeads{1}, heads{1}, queries{1}, total{1};
  Dims ranges;
  std::vector<Source> keySources, valueSources;
  std::string stored, compute;
  bool dynamicBatch = false;
  /// Whether reductions over the keys leave a unit dim.
  bool keepDim = false;
  bool mayHideNaN = false;
  double largestMask = 0;
  /// What may be refused: rows whose exponentials all vanish and that give 0,
  /// pieces that are no rectangles, masks that hide every key of every row,
  /// three or more key ranges of unknown size.
  bool mayRefuse = false;
};

} // namespace hydragen::fuzz

#endif // HYDRAGEN_TEST_FUZZ_GENERATOR_H
