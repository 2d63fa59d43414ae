//===- JSONReport.cpp - what was found and shared, for programs -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hydragen/Report/Report.h"

#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace mlir::hydragen;
namespace json = llvm::json;

std::string hydragen::getPlace(Location location) {
  std::string text = "unknown";
  location->walk([&](Location part) {
    auto file = dyn_cast<FileLineColLoc>(part);
    if (!file)
      return WalkResult::advance();
    text = (file.getFilename().getValue() + ":" + Twine(file.getLine()) + ":" +
            Twine(file.getColumn()))
               .str();
    return WalkResult::interrupt();
  });
  return text;
}

void hydragen::removeRecords(FunctionOpInterface entry) {
  entry->removeAttr(AttentionRecordAttr::kListName);
}

static json::Value toJSON(int64_t value) {
  if (ShapedType::isDynamic(value))
    return nullptr;
  return value;
}

static json::Value toJSON(FloatAttr value) {
  if (!value)
    return nullptr;
  return value.getValueAsDouble();
}

/// Names come from the input, which may be no UTF-8.
static json::Value toJSON(StringRef text) { return json::fixUTF8(text); }

static json::Value toJSON(SegmentRecordAttr segment) {
  return json::Object{{"keys", json::Array{toJSON(segment.getBegin()),
                                           toJSON(segment.getEnd())}},
                      {"shared_by", stringifyEnum(segment.getSharedBy())},
                      {"groups", toJSON(segment.getGroups())},
                      {"sequences", toJSON(segment.getSequences())},
                      {"level", segment.getLevel()}};
}

std::string hydragen::makeJSONReport(FunctionOpInterface entry) {
  json::Array attentions;
  for (AttentionRecordAttr record : AttentionRecordAttr::getList(entry)) {
    json::Array segments;
    for (SegmentRecordAttr segment : record.getSegments())
      segments.push_back(toJSON(segment));
    attentions.push_back(json::Object{
        {"location", toJSON(getPlace(record.getLocation()))},
        {"entry", toJSON(entry.getName())},
        {"outcome", stringifyEnum(record.getOutcome())},
        {"reason_code", toJSON(record.getReasonCode())},
        {"reason", toJSON(record.getReason())},
        {"segments", std::move(segments)},
        {"guarded", record.getGuarded()},
        {"bytes_plain", toJSON(record.getBytesPlain())},
        {"bytes_shared", toJSON(record.getBytesShared())},
        {"predicted_us_plain", toJSON(record.getPredictedPlain())},
        {"predicted_us_shared", toJSON(record.getPredictedShared())}});
  }
  std::string text;
  llvm::raw_string_ostream(text)
      << llvm::formatv("{0:2}", json::Value(json::Object{
                                    {"version", 1},
                                    {"attentions", std::move(attentions)}}))
      << "\n";
  return text;
}
