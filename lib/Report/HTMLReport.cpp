//===- HTMLReport.cpp - what was found and shared, for people ---*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One page without scripts and external resources. Attentions that are alike
// (the layers of a model) are told once.
//===----------------------------------------------------------------------===//

#include "Page.h"

#include "hydragen/Report/Report.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/JSON.h"
#include <cmath>

using namespace mlir;
using namespace mlir::hydragen;

//===----------------------------------------------------------------------===//
// Text
//===----------------------------------------------------------------------===//

std::string hydragen::escapeHTML(StringRef text) {
  std::string valid =
      llvm::json::isUTF8(text) ? text.str() : llvm::json::fixUTF8(text);
  for (char &c : valid)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
      c = ' ';
  std::string result;
  llvm::raw_string_ostream stream(result);
  llvm::printHTMLEscaped(valid, stream);
  return result;
}

std::string hydragen::formatCount(int64_t number) {
  if (ShapedType::isDynamic(number))
    return "?";
  std::string text = std::to_string(number);
  for (int64_t i = int64_t(text.size()) - 3; i > 0; i -= 3)
    text.insert(i, ",");
  return text;
}

/// Three digits that count, and the first unit in which they are below `next`.
static std::string formatUnits(double value, double next,
                               ArrayRef<const char *> units) {
  size_t unit = 0;
  while (unit + 1 < units.size() && value >= next) {
    value /= next;
    ++unit;
  }
  std::string text;
  llvm::raw_string_ostream(text)
      << llvm::format(value >= 100 || value == int64_t(value) ? "%.0f"
                      : value >= 10                           ? "%.1f"
                                                              : "%.2f",
                      value)
      << " " << units[unit];
  return text;
}

std::string hydragen::formatBytes(int64_t bytes) {
  if (ShapedType::isDynamic(bytes))
    return "unknown";
  return formatUnits(bytes, 1024, {"bytes", "KiB", "MiB", "GiB", "TiB"});
}

std::string hydragen::formatTime(double microseconds) {
  return formatUnits(microseconds, 1000, {"µs", "ms", "s"});
}

std::string hydragen::formatRuns(ArrayRef<int64_t> ascending, unsigned limit) {
  std::string text;
  for (size_t i = 0; i != ascending.size();) {
    size_t end = i + 1;
    while (end != ascending.size() && ascending[end] == ascending[end - 1] + 1)
      ++end;
    if (limit-- == 0)
      return text + ", …";
    text += (text.empty() ? "" : ", ") + formatCount(ascending[i]);
    if (end - i > 1)
      text += (end - i == 2 ? ", " : "–") + formatCount(ascending[end - 1]);
    i = end;
  }
  return text;
}

//===----------------------------------------------------------------------===//
// Groups of attentions
//===----------------------------------------------------------------------===//

namespace {
/// Attentions that differ in their place only.
struct Alike {
  AttentionRecordAttr record;
  SmallVector<unsigned> numbers; // from 1
  SmallVector<Location> locations;
};

/// Sums; unknown numbers make them unknown.
struct Totals {
  unsigned count[3] = {};
  int64_t bytesPlain = 0, bytesShared = 0;
  double timePlain = 0, timeShared = 0;
  bool timed = true;
};

class Page {
public:
  explicit Page(FunctionOpInterface entry);
  std::string write();

private:
  void writeHead();
  void writeOverview();
  void writeAttention(const Alike &alike);
  void writePlaces(const Alike &alike);
  void writeBars(StringRef what, double plain, double shared,
                 StringRef plainText, StringRef sharedText);
  void writeCosts(int64_t bytesPlain, int64_t bytesShared, bool timed,
                  double timePlain, double timeShared);

  FunctionOpInterface entry;
  SmallVector<Alike, 0> attentions;
  Totals totals;
  std::string text;
  llvm::raw_string_ostream os;
};
} // namespace

static void add(int64_t &sum, int64_t value) {
  if (ShapedType::isDynamic(sum) || ShapedType::isDynamic(value) ||
      llvm::AddOverflow(sum, value, sum))
    sum = ShapedType::kDynamic;
}

Page::Page(FunctionOpInterface entry) : entry(entry), os(text) {
  llvm::MapVector<Attribute, unsigned> known;
  unsigned number = 0;
  for (AttentionRecordAttr record : AttentionRecordAttr::getList(entry)) {
    MLIRContext *context = record.getContext();
    auto placeless = AttentionRecordAttr::get(
        context, LocationAttr(UnknownLoc::get(context)), record.getOutcome(),
        record.getReasonCode(), record.getReason(), record.getSegments(),
        record.getBytesPlain(), record.getBytesShared(), record.getGuarded(),
        record.getPredictedPlain(), record.getPredictedShared());
    auto [it, isNew] = known.insert({placeless, attentions.size()});
    if (isNew)
      attentions.push_back({record, {}, {}});
    attentions[it->second].numbers.push_back(++number);
    attentions[it->second].locations.push_back(record.getLocation());

    ++totals.count[static_cast<unsigned>(record.getOutcome())];
    if (record.getOutcome() == Outcome::Refused)
      continue;
    add(totals.bytesPlain, record.getBytesPlain());
    // What does not pay is read plainly.
    add(totals.bytesShared, record.getOutcome() == Outcome::Shared
                                ? record.getBytesShared()
                                : record.getBytesPlain());
    if (!record.getPredictedPlain()) {
      totals.timed = false;
      continue;
    }
    double plain = record.getPredictedPlain().getValueAsDouble();
    totals.timePlain += plain;
    totals.timeShared += record.getOutcome() == Outcome::Shared
                             ? record.getPredictedShared().getValueAsDouble()
                             : plain;
  }
}

/// Names that an exporter gave the place ("layers.3.self_attn").
static std::string getName(Location location) {
  std::string name;
  location->walk([&](Location part) {
    auto named = dyn_cast<NameLoc>(part);
    if (!named)
      return WalkResult::advance();
    name = named.getName().str();
    return WalkResult::interrupt();
  });
  return name;
}

//===----------------------------------------------------------------------===//
// Parts of the page
//===----------------------------------------------------------------------===//

void Page::writeHead() {
  std::string name = escapeHTML(entry.getName());
  os << "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta "
        "charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, "
        "initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light "
        "dark\">\n<title>Attention in "
     << name << "</title>\n<style>\n"
     << kStyle
     << "</style>\n</head>\n<body>\n<svg class=\"defs\" width=\"0\" "
        "height=\"0\" "
        "aria-hidden=\"true\"><defs><pattern id=\"stripes\" width=\"8\" "
        "height=\"4\" patternUnits=\"userSpaceOnUse\"><path class=\"stripe\" "
        "d=\"M0 3.5H8\"/></pattern></defs></svg>\n<main>\n<h1>Attention in "
        "<code>"
     << name << "</code></h1>\n";
}

static const char *getBadge(Outcome outcome) {
  switch (outcome) {
  case Outcome::Shared:
    return "<span class=\"badge shared\">shared</span>";
  case Outcome::Plain:
    return "<span class=\"badge plain\">plain</span>";
  case Outcome::Refused:
    return "<span class=\"badge refused\">refused</span>";
  }
  llvm_unreachable("unknown outcome");
}

static std::string formatFactor(double plain, double shared) {
  if (!(shared > 0) || !(plain > 0))
    return "";
  double factor = plain / shared;
  if (factor > 0.995 && factor < 1.005)
    return "the same";
  double times = factor >= 1 ? factor : 1 / factor;
  std::string result;
  if (times >= 10)
    result = formatCount(std::llround(std::min(times, 1e15)));
  else
    llvm::raw_string_ostream(result) << llvm::format("%.1f", times);
  return result + (factor >= 1 ? "× less" : "× more");
}

void Page::writeBars(StringRef what, double plain, double shared,
                     StringRef plainText, StringRef sharedText) {
  double most = std::max({plain, shared, 1e-30});
  std::string factor = formatFactor(plain, shared);
  os << "<div class=\"bars\"><h3>" << what;
  if (!factor.empty())
    os << " <span class=\"factor\">" << factor << "</span>";
  os << "</h3>\n";
  auto row = [&](StringRef name, double value, StringRef label) {
    os << "<div class=\"row\"><span class=\"name\">" << name
       << "</span><span class=\"track\"><span class=\"bar " << name
       << "\" style=\"width:" << llvm::format("%.2f", 100 * value / most)
       << "%\"></span></span><span class=\"value\">" << label
       << "</span></div>\n";
  };
  row("plain", plain, plainText);
  row("shared", shared, sharedText);
  os << "</div>\n";
}

void Page::writeCosts(int64_t bytesPlain, int64_t bytesShared, bool timed,
                      double timePlain, double timeShared) {
  bool known =
      !ShapedType::isDynamic(bytesPlain) && !ShapedType::isDynamic(bytesShared);
  if (!known && !timed)
    return;
  os << "<div class=\"costs\">\n";
  if (known)
    writeBars("Keys and values read", bytesPlain, bytesShared,
              formatBytes(bytesPlain), formatBytes(bytesShared));
  if (timed)
    writeBars("Predicted time", timePlain, timeShared, formatTime(timePlain),
              formatTime(timeShared));
  os << "</div>\n";
}

void Page::writeOverview() {
  unsigned total = totals.count[0] + totals.count[1] + totals.count[2];
  if (total == 0) {
    os << "<p class=\"lead\">No softmax attention was found.</p>\n<p>An "
          "attention "
          "is found by what it computes: a product with V of exponentials over "
          "their sum along the keys. <code>hydragen-compile --remarks</code> "
          "tells what came close.</p>\n";
    return;
  }
  os << "<p class=\"lead\">" << total << " softmax attention"
     << (total == 1 ? "" : "s") << ": ";
  bool first = true;
  for (Outcome outcome : {Outcome::Shared, Outcome::Plain, Outcome::Refused})
    if (unsigned count = totals.count[static_cast<unsigned>(outcome)]) {
      os << (first ? "" : ", ") << count << " " << stringifyEnum(outcome);
      first = false;
    }
  os << ".</p>\n";
  if (total == 1)
    return;
  if (totals.count[static_cast<unsigned>(Outcome::Refused)] &&
      totals.bytesPlain != 0)
    os << "<p class=\"dim\">Sums of those that were not refused:</p>\n";
  if (totals.bytesPlain != 0)
    writeCosts(totals.bytesPlain, totals.bytesShared,
               totals.timed && totals.timePlain > 0, totals.timePlain,
               totals.timeShared);
  if (attentions.size() == 1)
    return;
  os << "<nav aria-label=\"Attentions\"><table>\n<thead><tr><th>Attention</th>"
        "<th>Outcome</th><th>Keys and values, plain</th><th>shared</th>"
        "<th>Where</th></tr></thead>\n<tbody>\n";
  for (const Alike &alike : attentions) {
    auto getBytes = [&](int64_t bytes) {
      return alike.record.getOutcome() == Outcome::Refused ? std::string("–")
                                                           : formatBytes(bytes);
    };
    os << "<tr><td><a href=\"#a" << alike.numbers.front() << "\">"
       << formatRuns(
              SmallVector<int64_t>(alike.numbers.begin(), alike.numbers.end()))
       << "</a></td><td>" << getBadge(alike.record.getOutcome())
       << "</td><td class=\"num\">" << getBytes(alike.record.getBytesPlain())
       << "</td><td class=\"num\">" << getBytes(alike.record.getBytesShared())
       << "</td><td><code>" << escapeHTML(getPlace(alike.locations.front()))
       << "</code></td></tr>\n";
  }
  os << "</tbody></table></nav>\n";
}

void Page::writePlaces(const Alike &alike) {
  auto write = [&](Location location) {
    if (std::string name = getName(location); !name.empty())
      os << "<b>" << escapeHTML(name) << "</b> ";
    os << "<code>" << escapeHTML(getPlace(location)) << "</code>";
  };
  os << "<p class=\"place\">at ";
  write(alike.locations.front());
  os << "</p>\n";
  if (alike.locations.size() == 1)
    return;
  os << "<details><summary>and at " << alike.locations.size() - 1
     << " more place" << (alike.locations.size() == 2 ? "" : "s")
     << "</summary><ol start=\"2\">\n";
  for (Location location : ArrayRef(alike.locations).drop_front()) {
    os << "<li>";
    write(location);
    os << "</li>\n";
  }
  os << "</ol></details>\n";
}

void Page::writeAttention(const Alike &alike) {
  AttentionRecordAttr record = alike.record;
  unsigned number = alike.numbers.front();
  os << "<section id=\"a" << number << "\" aria-labelledby=\"h" << number
     << "\">\n<h2 id=\"h" << number << "\">Attention"
     << (alike.numbers.size() > 1 ? "s " : " ")
     << formatRuns(
            SmallVector<int64_t>(alike.numbers.begin(), alike.numbers.end()))
     << " " << getBadge(record.getOutcome());
  if (record.getGuarded())
    os << " <span class=\"badge plain\">decided at run time</span>";
  os << "</h2>\n";
  writePlaces(alike);
  if (record.getOutcome() != Outcome::Shared)
    os << "<p class=\"reason " << stringifyEnum(record.getOutcome())
       << "\"><code>" << escapeHTML(record.getReasonCode()) << "</code> "
       << escapeHTML(record.getReason()) << "</p>\n";
  drawTree(os, record, "tree" + std::to_string(number));
  FloatAttr plain = record.getPredictedPlain(),
            shared = record.getPredictedShared();
  if (record.getOutcome() != Outcome::Refused)
    writeCosts(record.getBytesPlain(), record.getBytesShared(),
               static_cast<bool>(plain), plain ? plain.getValueAsDouble() : 0,
               shared ? shared.getValueAsDouble() : 0);
  os << "</section>\n";
}

std::string Page::write() {
  writeHead();
  writeOverview();
  for (const Alike &alike : attentions)
    writeAttention(alike);
  os << "<footer>hydragen-compile "
        "--report</footer>\n</main>\n</body>\n</html>\n";
  return text;
}

std::string hydragen::makeHTMLReport(FunctionOpInterface entry) {
  return Page(entry).write();
}
