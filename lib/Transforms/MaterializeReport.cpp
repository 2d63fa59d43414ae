//===- MaterializeReport.cpp - what --report tells --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "MaterializeReport.h"

using namespace mlir;
using namespace mlir::hydragen;

static constexpr StringLiteral kRecordsAttr = "hydragen.records";
static constexpr StringLiteral kRecordAttr = "hydragen.record";

std::string hydragen::describe(const Refusal &refusal) {
  std::string text = getReasonText(refusal.reason).str();
  if (!refusal.detail.empty())
    text += ": " + refusal.detail;
  return text;
}

/// file:line:col of the first place in a location that has one.
static std::string toText(Location location) {
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

ReportRecords::ReportRecords(FunctionOpInterface function) : function(function) {
  if (auto old = function->getAttrOfType<ArrayAttr>(kRecordsAttr))
    llvm::append_range(records, old);
}

Attribute ReportRecords::toAttribute(const AttentionRecord &record) {
  Builder builder(function.getContext());
  SmallVector<Attribute> segments;
  for (const SegmentRecord &segment : record.segments)
    segments.push_back(builder.getDictionaryAttr({
        builder.getNamedAttr(
            "keys", builder.getDenseI64ArrayAttr({segment.begin, segment.end})),
        builder.getNamedAttr("shared_by", builder.getStringAttr(segment.sharedBy)),
        builder.getNamedAttr("groups", builder.getI64IntegerAttr(segment.groups)),
        builder.getNamedAttr("sequences",
                             builder.getI64IntegerAttr(segment.sequences)),
        builder.getNamedAttr("level", builder.getI64IntegerAttr(segment.level)),
    }));
  return builder.getDictionaryAttr({
      builder.getNamedAttr("location",
                           builder.getStringAttr(toText(record.location))),
      builder.getNamedAttr("entry", builder.getStringAttr(function.getName())),
      builder.getNamedAttr("outcome", builder.getStringAttr(record.outcome)),
      builder.getNamedAttr("reason_code",
                           builder.getStringAttr(record.reasonCode)),
      builder.getNamedAttr("reason", builder.getStringAttr(record.reason)),
      builder.getNamedAttr("segments", builder.getArrayAttr(segments)),
      builder.getNamedAttr("guarded", builder.getBoolAttr(record.guarded)),
      builder.getNamedAttr("bytes_plain",
                           builder.getI64IntegerAttr(record.bytesPlain)),
      builder.getNamedAttr("bytes_shared",
                           builder.getI64IntegerAttr(record.bytesShared)),
  });
}

void ReportRecords::append(const AttentionRecord &record, Operation *op) {
  if (op)
    op->setAttr(kRecordAttr,
                Builder(op->getContext()).getI64IntegerAttr(records.size()));
  records.push_back(toAttribute(record));
}

void ReportRecords::update(const AttentionRecord &record, Operation *op) {
  auto number = op->getAttrOfType<IntegerAttr>(kRecordAttr);
  if (!number || number.getInt() < 0 ||
      number.getInt() >= static_cast<int64_t>(records.size()))
    return append(record, op);
  records[number.getInt()] = toAttribute(record);
}

void ReportRecords::commit() {
  if (!records.empty())
    function->setAttr(kRecordsAttr,
                      ArrayAttr::get(function.getContext(), records));
}
