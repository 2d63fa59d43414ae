//===- TreeLayout.h - segments as rectangles --------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A tree of sharing as a plane: keys to the right, sequences downwards. What
// several sequences share is one rectangle that spans them.
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_LIB_REPORT_TREELAYOUT_H
#define HYDRAGEN_LIB_REPORT_TREELAYOUT_H

#include "hydragen/IR/Hydragen.h"

namespace mlir::hydragen {

/// One copy of a segment, or a part of it where other sequences lie between.
struct TreeRect {
  unsigned segment;
  int64_t copy;
  int64_t firstRow, numRows; // in drawing order
};

struct TreeLayout {
  explicit TreeLayout(ArrayRef<SegmentRecordAttr> segments);

  /// Sequences in the drawing. `exactRows`: as many as there are; else their
  /// number is unknown (or beyond what can be drawn) and a few stand for them.
  int64_t numRows = 1;
  bool exactRows = true;
  /// The sequence that row r of the drawing stands for: those with the same
  /// copies are neighbours.
  SmallVector<int64_t> sequences;
  /// Borders of key ranges, ascending, with 0 and 1 at the ends of all keys.
  /// `exactKeys`: to scale, but for ranges that would be too thin to see.
  SmallVector<std::pair<int64_t, double>> borders; // (key or kDynamic, place)
  bool exactKeys = true, widened = false;
  /// Place of each segment's keys in [0, 1].
  SmallVector<std::pair<double, double>> keys;
  SmallVector<TreeRect, 0> rects;

  /// Sequences that read a copy of a segment, ascending.
  SmallVector<int64_t> getMembers(unsigned segment, int64_t copy) const;
  int64_t getNumCopies(unsigned segment) const;

private:
  void placeKeys(ArrayRef<SegmentRecordAttr> segments);
  void placeSequences(ArrayRef<SegmentRecordAttr> segments);

  /// [segment][sequence]: the copy it reads, or -1.
  SmallVector<SmallVector<int64_t, 0>, 0> copies;
};

} // namespace mlir::hydragen

#endif // HYDRAGEN_LIB_REPORT_TREELAYOUT_H
