//===- TreeLayout.cpp - segments as rectangles ------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TreeLayout.h"

#include <numeric>

using namespace mlir;
using namespace mlir::hydragen;

/// Sequences that are told apart in a drawing.
static constexpr int64_t kMaxRows = 16384;
/// Values that stand for an unknown number of sequences.
static constexpr int64_t kSampleRows = 4;
/// The thinnest range of keys, as a part of all.
static constexpr double kThinnest = 0.012;

TreeLayout::TreeLayout(ArrayRef<SegmentRecordAttr> segments) {
  placeKeys(segments);
  placeSequences(segments);
}

//===----------------------------------------------------------------------===//
// Keys
//===----------------------------------------------------------------------===//

void TreeLayout::placeKeys(ArrayRef<SegmentRecordAttr> segments) {
  SmallVector<int64_t> ends;
  for (SegmentRecordAttr segment : segments)
    for (int64_t end : {segment.getBegin(), segment.getEnd()}) {
      exactKeys &= !ShapedType::isDynamic(end);
      ends.push_back(end);
    }
  if (!exactKeys) {
    // Ranges of the same name share a place, in the order of the list.
    SmallVector<std::pair<int64_t, int64_t>> ranges;
    for (SegmentRecordAttr segment : segments) {
      std::pair range(segment.getBegin(), segment.getEnd());
      if (!llvm::is_contained(ranges, range) ||
          ShapedType::isDynamic(range.first))
        ranges.push_back(range);
      keys.emplace_back(ranges.size() - 1, ranges.size());
    }
    for (auto [segment, place] : llvm::zip_equal(segments, keys)) {
      std::pair range(segment.getBegin(), segment.getEnd());
      if (!ShapedType::isDynamic(range.first))
        place.first = llvm::find(ranges, range) - ranges.begin();
      place.second = (place.first + 1) / ranges.size();
      place.first /= ranges.size();
    }
    for (auto [i, range] : llvm::enumerate(ranges))
      borders.emplace_back(range.first, double(i) / ranges.size());
    borders.emplace_back(ranges.back().second, 1.0);
    return;
  }
  llvm::sort(ends);
  ends.erase(llvm::unique(ends), ends.end());
  if (ends.empty())
    return;
  // Thin ranges take their width from the others.
  double total = std::max<int64_t>(ends.back() - ends.front(), 1);
  SmallVector<double> widths;
  for (size_t i = 1; i < ends.size(); ++i) {
    double width = double(ends[i] - ends[i - 1]) / total;
    widened |= width < kThinnest;
    widths.push_back(std::max(width, kThinnest));
  }
  double sum = std::accumulate(widths.begin(), widths.end(), 0.0), place = 0;
  borders.emplace_back(ends.front(), 0.0);
  for (size_t i = 1; i < ends.size(); ++i) {
    place += widths[i - 1] / sum;
    borders.emplace_back(ends[i], i + 1 == ends.size() ? 1.0 : place);
  }
  auto getPlace = [&](int64_t key) {
    return llvm::find_if(borders, [&](auto &b) { return b.first == key; })
        ->second;
  };
  for (SegmentRecordAttr segment : segments)
    keys.emplace_back(getPlace(segment.getBegin()), getPlace(segment.getEnd()));
}

//===----------------------------------------------------------------------===//
// Sequences
//===----------------------------------------------------------------------===//

/// The extents of a segment's digits as drawn.
static SmallVector<int64_t> getExtents(SegmentRecordAttr segment, bool exact) {
  SmallVector<int64_t> extents;
  for (unsigned i = 0; i != segment.getNumDigits(); ++i) {
    int64_t extent = segment.getExtent(i);
    extents.push_back(exact ? extent
                      : ShapedType::isDynamic(extent)
                          ? kSampleRows
                          : std::clamp<int64_t>(extent, 1, kSampleRows));
  }
  return extents;
}

void TreeLayout::placeSequences(ArrayRef<SegmentRecordAttr> segments) {
  auto count = [&](bool exact) {
    int64_t most = 1;
    for (SegmentRecordAttr segment : segments) {
      int64_t product = 1;
      for (int64_t extent : getExtents(segment, exact))
        if (ShapedType::isDynamic(extent) || extent == 0 ||
            product > kMaxRows / extent)
          return kMaxRows + 1;
        else
          product *= extent;
      most = std::max(most, product);
    }
    return most;
  };
  numRows = count(true);
  exactRows = numRows <= kMaxRows;
  if (!exactRows)
    numRows = count(false);
  if (numRows > kMaxRows)
    numRows = 1; // more digits than can be drawn

  for (SegmentRecordAttr segment : segments) {
    SmallVector<int64_t, 0> &copyOf = copies.emplace_back(numRows, -1);
    SmallVector<int64_t> extents = getExtents(segment, exactRows);
    for (int64_t sequence = 0; sequence != numRows; ++sequence) {
      int64_t rest = sequence, copy = 0, weight = 1;
      bool inside = true;
      for (unsigned i = segment.getNumDigits(); i-- > 0;) {
        int64_t value = rest % extents[i];
        rest /= extents[i];
        int64_t low = segment.getLow(i), high = segment.getHigh(i);
        if (exactRows && !ShapedType::isDynamic(low) &&
            !ShapedType::isDynamic(high))
          inside &= low <= value && value < high;
        if (segment.hasCopiesOver(i)) {
          copy += weight * value;
          weight *= extents[i];
        }
      }
      if (inside && rest == 0)
        copyOf[sequence] = copy;
    }
  }

  // Neighbours by the coarsest segments first.
  SmallVector<unsigned> byLevel(segments.size());
  std::iota(byLevel.begin(), byLevel.end(), 0);
  llvm::stable_sort(byLevel, [&](unsigned a, unsigned b) {
    return segments[a].getLevel() < segments[b].getLevel();
  });
  sequences.resize(numRows);
  std::iota(sequences.begin(), sequences.end(), 0);
  llvm::stable_sort(sequences, [&](int64_t a, int64_t b) {
    for (unsigned segment : byLevel) {
      // Those that read it before those that do not.
      uint64_t x = copies[segment][a], y = copies[segment][b];
      if (x != y)
        return x < y;
    }
    return false;
  });
  for (unsigned segment = 0; segment != segments.size(); ++segment)
    for (int64_t row = 0; row != numRows; ++row) {
      int64_t copy = copies[segment][sequences[row]];
      if (copy < 0)
        continue;
      if (!rects.empty() && rects.back().segment == segment &&
          rects.back().copy == copy &&
          rects.back().firstRow + rects.back().numRows == row)
        ++rects.back().numRows;
      else
        rects.push_back({segment, copy, row, 1});
    }
}

SmallVector<int64_t> TreeLayout::getMembers(unsigned segment,
                                            int64_t copy) const {
  SmallVector<int64_t> members;
  for (auto [sequence, of] : llvm::enumerate(copies[segment]))
    if (of == copy)
      members.push_back(sequence);
  return members;
}

int64_t TreeLayout::getNumCopies(unsigned segment) const {
  int64_t last = -1;
  for (int64_t copy : copies[segment])
    last = std::max(last, copy);
  return last + 1;
}
