//===- MaterializeReport.h - what --report tells ----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One record per softmax attention of a function, in program order, refused
// ones included: #hydragen.attention_record in the function's
// `hydragen.records`. An attention op names its record in `hydragen.record`, so
// that later passes can update it. A report, no semantics: hydragen-compile
// strips it.
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_LIB_TRANSFORMS_MATERIALIZEREPORT_H
#define HYDRAGEN_LIB_TRANSFORMS_MATERIALIZEREPORT_H

#include "hydragen/Analysis/CostModel.h"
#include "hydragen/Analysis/Refusal.h"
#include "hydragen/IR/Hydragen.h"

#include "mlir/Interfaces/FunctionInterfaces.h"

namespace mlir::hydragen {
class SegmentAnalysis;
class SizeAnalysis;

/// SegmentRecordAttr under construction.
struct SegmentRecord {
  int64_t begin = 0, end = 0; // absolute keys; ShapedType::kDynamic: unknown
  SharedBy sharedBy = SharedBy::Own;
  /// Copies of the segment, and sequences that read one copy.
  int64_t groups = 1, sequences = 1;
  /// Segments above this one.
  int64_t level = 0;
  /// Triples of the sequences' digits, and those that copies are told apart by.
  SmallVector<int64_t> rows, copiesOver;
};

/// AttentionRecordAttr under construction.
struct AttentionRecord {
  Location location;
  Outcome outcome;
  std::string reasonCode, reason;
  SmallVector<SegmentRecord, 0> segments = {};
  /// Some of the sharing is found when the function runs.
  bool guarded = false;
  int64_t bytesPlain = ShapedType::kDynamic, bytesShared = ShapedType::kDynamic;
  std::optional<Prediction> prediction = std::nullopt;
};

/// Fills in segments and bytes from analyses that came to an end, one per
/// segment of the op, and for a target the prediction when all sizes are known.
/// With `pieces`, plain attention may be over the pieces.
void describeSegments(AttentionOp op, SizeAnalysis &sizes,
                      ArrayRef<std::unique_ptr<SegmentAnalysis>> analyses,
                      Attribute target, bool pieces, AttentionRecord &record);

class ReportRecords {
public:
  explicit ReportRecords(FunctionOpInterface function);
  /// Appends a record, which `op` (if any) names from then on.
  void append(const AttentionRecord &record, Operation *op);
  /// Replaces the record that `op` names, or appends one.
  void update(const AttentionRecord &record, Operation *op);
  /// Writes the attribute; nothing when there are no records.
  void commit();

private:
  AttentionRecordAttr toAttribute(const AttentionRecord &record);
  FunctionOpInterface function;
  SmallVector<AttentionRecordAttr, 0> records;
};

/// The sentence of a refusal with its detail.
std::string describe(const Refusal &refusal);

} // namespace mlir::hydragen

#endif // HYDRAGEN_LIB_TRANSFORMS_MATERIALIZEREPORT_H
