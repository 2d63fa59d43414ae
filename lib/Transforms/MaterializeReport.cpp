//===- MaterializeReport.cpp - what --report tells --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "MaterializeReport.h"

using namespace mlir;
using namespace mlir::hydragen;

std::string hydragen::describe(const Refusal &refusal) {
  std::string text = getReasonText(refusal.reason).str();
  if (!refusal.detail.empty())
    text += ": " + refusal.detail;
  return text;
}

ReportRecords::ReportRecords(FunctionOpInterface function)
    : function(function), records(AttentionRecordAttr::getList(function)) {}

AttentionRecordAttr ReportRecords::toAttribute(const AttentionRecord &record) {
  MLIRContext *context = function.getContext();
  SmallVector<SegmentRecordAttr> segments;
  for (const SegmentRecord &segment : record.segments)
    segments.push_back(SegmentRecordAttr::get(
        context, segment.begin, segment.end, segment.sharedBy, segment.groups,
        segment.sequences, segment.level, segment.rows, segment.copiesOver));
  FloatAttr plain, shared;
  if (record.prediction) {
    Builder builder(context);
    plain = builder.getF64FloatAttr(record.prediction->plain);
    shared = builder.getF64FloatAttr(record.prediction->shared);
  }
  return AttentionRecordAttr::get(
      context, LocationAttr(record.location), record.outcome, record.reasonCode,
      record.reason, segments, record.bytesPlain, record.bytesShared,
      record.guarded, plain, shared);
}

void ReportRecords::append(const AttentionRecord &record, Operation *op) {
  if (op)
    op->setAttr(AttentionRecordAttr::kNumberName,
                Builder(op->getContext()).getI64IntegerAttr(records.size()));
  records.push_back(toAttribute(record));
}

void ReportRecords::update(const AttentionRecord &record, Operation *op) {
  auto number =
      op->getAttrOfType<IntegerAttr>(AttentionRecordAttr::kNumberName);
  if (!number || number.getInt() < 0 ||
      number.getInt() >= static_cast<int64_t>(records.size()))
    return append(record, op);
  records[number.getInt()] = toAttribute(record);
}

void ReportRecords::commit() {
  if (records.empty())
    return;
  SmallVector<Attribute> list(records.begin(), records.end());
  function->setAttr(AttentionRecordAttr::kListName,
                    ArrayAttr::get(function.getContext(), list));
}
