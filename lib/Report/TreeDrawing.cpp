//===- TreeDrawing.cpp - a tree of sharing as SVG ---------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Page.h"
#include "TreeLayout.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"

using namespace mlir;
using namespace mlir::hydragen;

// Pixels of the drawing's own coordinates; the page scales it.
static constexpr double kLeft = 76, kWidth = 868, kTop = 26, kRight = 16;
static constexpr double kMinHeight = 56, kMaxHeight = 384, kRowHeight = 26;
/// Copies lower than this are drawn together, as stripes.
static constexpr double kLowest = 4;
/// Width of a character of a label.
static constexpr double kLetter = 6.6;

static std::string formatKeys(SegmentRecordAttr segment) {
  return formatCount(segment.getBegin()) + "–" + formatCount(segment.getEnd());
}

/// "3 sequences"; of an unknown number just "sequences".
static std::string plural(int64_t count, StringRef one) {
  if (ShapedType::isDynamic(count))
    return one.str() + "s";
  return formatCount(count) + " " + one.str() + (count == 1 ? "" : "s");
}

/// Who reads a segment, in a few words.
static std::string describeReaders(SegmentRecordAttr segment) {
  switch (segment.getSharedBy()) {
  case SharedBy::All:
    return "all " + plural(segment.getSequences(), "sequence");
  case SharedBy::Group:
    if (ShapedType::isDynamic(segment.getGroups()))
      return "groups found at run time";
    if (segment.getGroups() == 1)
      return plural(segment.getSequences(), "sequence");
    return formatCount(segment.getGroups()) + " groups of " +
           formatCount(segment.getSequences());
  case SharedBy::Own:
    return "own";
  }
  llvm_unreachable("unknown readers");
}

/// The class that gives a rectangle its colour.
static std::string getStyle(SegmentRecordAttr segment) {
  if (segment.getSharedBy() == SharedBy::Own)
    return "own";
  return "l" + std::to_string(std::min<int64_t>(segment.getLevel(), 3));
}

namespace {
class Drawing {
public:
  Drawing(raw_ostream &os, AttentionRecordAttr record, StringRef id)
      : os(os), segments(record.getSegments()), layout(segments), id(id) {
    height = std::clamp(layout.numRows * kRowHeight, kMinHeight, kMaxHeight);
    rowHeight = height / layout.numRows;
  }
  void draw();
  void list();

private:
  double x(double place) const { return kLeft + place * kWidth; }
  double y(double row) const { return kTop + row * rowHeight; }
  void drawKeys();
  void drawSequences();
  void drawRects();
  void drawRect(unsigned segment, double top, double bottom, StringRef style,
                const Twine &title, ArrayRef<std::string> labels);
  std::string listCopies(unsigned segment);

  raw_ostream &os;
  ArrayRef<SegmentRecordAttr> segments;
  TreeLayout layout;
  StringRef id;
  double height, rowHeight;
};
} // namespace

/// A coordinate with one digit behind the point.
static std::string at(double value) {
  std::string text;
  llvm::raw_string_ostream(text) << llvm::format("%.1f", value);
  return text;
}

/// Borders of the key ranges, with labels where there is room.
void Drawing::drawKeys() {
  size_t count = layout.borders.size();
  if (count == 0)
    return;
  auto getWidth = [&](size_t i) {
    return formatCount(layout.borders[i].first).size() * kLetter;
  };
  os << "<text class=\"seq\" x=\"" << at(kLeft - 8) << "\" y=\""
     << at(kTop - 10) << "\" text-anchor=\"end\">keys</text>\n";
  // The ends of all keys have theirs for sure.
  double free = x(0), end = x(1) - getWidth(count - 1) - 6;
  for (size_t i = 0; i != count; ++i) {
    double place = x(layout.borders[i].second), width = getWidth(i);
    os << "<line class=\"grid\" x1=\"" << at(place) << "\" x2=\"" << at(place)
       << "\" y1=\"" << at(kTop - 6) << "\" y2=\"" << at(kTop + height)
       << "\"/>\n";
    // Centred, or left of its border where the next one has no room otherwise.
    bool first = i == 0, last = i + 1 == count;
    bool centred = place + width / 2 < end;
    double left = first              ? place
                  : last || !centred ? place - width
                                     : place - width / 2;
    if (!first && !last && (left < free || left + width > end))
      continue;
    free = left + width + 6;
    os << "<text class=\"key\" x=\"" << at(place) << "\" y=\"" << at(kTop - 10)
       << "\" text-anchor=\""
       << (first              ? "start"
           : last || !centred ? "end"
                              : "middle")
       << "\">" << formatCount(layout.borders[i].first) << "</text>\n";
  }
}

/// Numbers of sequences at the left, as many as there is room for.
void Drawing::drawSequences() {
  int64_t step = 1;
  while (step * rowHeight < 13)
    step *= 2;
  for (int64_t row = 0; row < layout.numRows; row += step) {
    std::string text = layout.exactRows
                           ? "seq " + formatCount(layout.sequences[row])
                           : std::string("seq …");
    os << "<text class=\"seq\" x=\"" << at(kLeft - 8) << "\" y=\""
       << at(y(row) + std::min(rowHeight / 2 + 4, 14.0))
       << "\" text-anchor=\"end\">" << text << "</text>\n";
  }
}

void Drawing::drawRect(unsigned segment, double top, double bottom,
                       StringRef style, const Twine &title,
                       ArrayRef<std::string> labels) {
  auto [begin, end] = layout.keys[segment];
  double left = x(begin), width = std::max(x(end) - left, 0.0);
  double gap = bottom - top > 8 ? 1.5 : bottom - top > 4 ? 0.5 : 0;
  os << "<g><title>" << title << "</title><rect class=\"" << style << "\" x=\""
     << at(left + 1) << "\" y=\"" << at(top + gap) << "\" width=\""
     << at(std::max(width - 2, 1.0)) << "\" height=\""
     << at(std::max(bottom - top - 2 * gap, 0.5)) << "\" rx=\""
     << (bottom - top > 12 ? 3 : 0) << "\"/>";
  for (const std::string &label : labels)
    if (bottom - top >= 15 && label.size() * kLetter < width - 8) {
      os << "<text class=\"in\" x=\"" << at(left + width / 2) << "\" y=\""
         << at((top + bottom) / 2 + 4) << "\">" << label << "</text>";
      break;
    }
  os << "</g>\n";
}

void Drawing::drawRects() {
  for (size_t i = 0; i != layout.rects.size();) {
    const TreeRect &rect = layout.rects[i];
    SegmentRecordAttr segment = segments[rect.segment];
    std::string keys = "keys " + formatKeys(segment) + ": ";
    if (rect.numRows * rowHeight >= kLowest) {
      std::string who =
          layout.exactRows
              ? (rect.numRows == 1 ? "sequence " : "sequences ") +
                    formatRuns(layout.getMembers(rect.segment, rect.copy))
              : describeReaders(segment);
      SmallVector<std::string> labels;
      if (segment.getSharedBy() == SharedBy::Own || rect.numRows == 1)
        labels.push_back("own");
      else if (!layout.exactRows || ShapedType::isDynamic(segment.getGroups()))
        labels = {describeReaders(segment)};
      else
        labels = {"1 copy for " + plural(rect.numRows, "sequence"),
                  plural(rect.numRows, "sequence"),
                  formatCount(rect.numRows) + " seq"};
      drawRect(rect.segment, y(rect.firstRow), y(rect.firstRow + rect.numRows),
               getStyle(segment), keys + who, labels);
      ++i;
      continue;
    }
    // Many low ones: one rectangle of stripes.
    size_t end = i + 1;
    while (end != layout.rects.size() &&
           layout.rects[end].segment == rect.segment &&
           layout.rects[end].firstRow ==
               layout.rects[end - 1].firstRow + layout.rects[end - 1].numRows &&
           layout.rects[end].numRows * rowHeight < kLowest)
      ++end;
    const TreeRect &last = layout.rects[end - 1];
    std::string label = formatCount(end - i) + " copies";
    drawRect(rect.segment, y(rect.firstRow), y(last.firstRow + last.numRows),
             getStyle(segment), keys + label, {label});
    if (end - i > 1)
      drawRect(rect.segment, y(rect.firstRow), y(last.firstRow + last.numRows),
               "stripes", keys + label, {});
    i = end;
  }
}

void Drawing::draw() {
  double total = kTop + height + 8;
  os << "<svg viewBox=\"0 0 " << at(kLeft + kWidth + kRight) << " " << at(total)
     << "\" role=\"img\" aria-labelledby=\"" << id << "-t " << id << "-d\">\n"
     << "<title id=\"" << id << "-t\">Who reads which keys</title><desc id=\""
     << id
     << "-d\">Keys run to the right, sequences downwards. One rectangle is "
     << "one copy of keys and values; it spans the sequences that share it. "
        "The "
     << "list below says the same in words.</desc>\n";
  drawKeys();
  drawSequences();
  drawRects();
  os << "</svg>\n";
}

/// The sequences of the first copies.
std::string Drawing::listCopies(unsigned segment) {
  static constexpr int64_t kMaxCopies = 6;
  std::string text;
  int64_t listed = 0, left = 0;
  for (int64_t copy = 0, e = layout.getNumCopies(segment); copy != e; ++copy) {
    SmallVector<int64_t> members = layout.getMembers(segment, copy);
    if (members.empty())
      continue;
    if (listed == kMaxCopies) {
      ++left;
      continue;
    }
    text += (listed++ ? "; " : "") + formatRuns(members);
  }
  if (left)
    text += "; and " + formatCount(left) + " more";
  return text;
}

/// The same in words.
void Drawing::list() {
  bool nothingShared = llvm::all_of(segments, [](SegmentRecordAttr segment) {
    return segment.getSharedBy() == SharedBy::Own;
  });
  os << "<ul class=\"who\">\n";
  for (auto [i, segment] : llvm::enumerate(segments)) {
    os << "<li><span class=\"chip " << getStyle(segment) << "\"></span><b>"
       << "keys " << formatKeys(segment) << "</b> ";
    bool exact = layout.exactRows;
    switch (segment.getSharedBy()) {
    case SharedBy::All:
      os << "one copy, read by all "
         << plural(segment.getSequences(), "sequence");
      break;
    case SharedBy::Group:
      if (ShapedType::isDynamic(segment.getGroups())) {
        os << "one copy for each group of sequences, found at run time";
        break;
      }
      os << (segment.getGroups() == 1
                 ? std::string("one copy, read by ")
                 : formatCount(segment.getGroups()) + " copies, each read by ")
         << plural(segment.getSequences(), "sequence");
      if (exact)
        os << ": " << listCopies(i);
      break;
    case SharedBy::Own:
      if (segment.getGroups() == 1)
        os << "read by one sequence";
      else if (ShapedType::isDynamic(segment.getGroups()))
        os << "one copy for each sequence";
      else if (nothingShared)
        // Without sharing no one can tell heads from sequences.
        os << "one copy for each of " << formatCount(segment.getGroups())
           << " sequences (or heads)";
      else
        os << "one copy for each of "
           << plural(segment.getGroups(), "sequence");
      if (exact && segment.getGroups() < layout.numRows)
        os << ": " << listCopies(i);
      break;
    }
    os << " <span class=\"dim\">(level " << segment.getLevel()
       << ")</span></li>\n";
  }
  os << "</ul>\n";
  if (!layout.exactRows || !layout.exactKeys || layout.widened) {
    os << "<p class=\"dim\">";
    if (!layout.exactRows)
      os << "The number of sequences is not known (or very large): a few are "
            "drawn for all. ";
    if (!layout.exactKeys)
      os << "Some lengths are not known at compile time: keys are not to "
            "scale.";
    else if (layout.widened)
      os << "Very short ranges of keys are drawn wider than they are.";
    os << "</p>\n";
  }
}

void hydragen::drawTree(raw_ostream &os, AttentionRecordAttr record,
                        StringRef id) {
  if (record.getSegments().empty())
    return;
  Drawing drawing(os, record, id);
  os << "<figure>\n";
  drawing.draw();
  os << "</figure>\n";
  drawing.list();
}
