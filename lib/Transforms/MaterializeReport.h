//===- MaterializeReport.h - what --report tells ----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One record per softmax attention of a function, in program order, refused ones
// included: a dictionary with the keys of the report's schema, in the function's
// attribute `hydragen.records`. An attention op names its record in
// `hydragen.record`, so that later passes can update it. A report, no semantics:
// hydragen-compile strips it.
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_LIB_TRANSFORMS_MATERIALIZEREPORT_H
#define HYDRAGEN_LIB_TRANSFORMS_MATERIALIZEREPORT_H

#include "hydragen/Analysis/Refusal.h"
#include "hydragen/IR/Hydragen.h"

#include "mlir/Interfaces/FunctionInterfaces.h"

namespace mlir::hydragen {

struct SegmentRecord {
  int64_t begin, end; // absolute keys; ShapedType::kDynamic where unknown
  std::string sharedBy; // all, group, own
  /// Copies of the segment, and sequences that read one copy.
  int64_t groups, sequences;
  /// 0 for what all share, more the fewer share it.
  int64_t level;
};

struct AttentionRecord {
  Location location;
  std::string outcome; // shared, plain, refused
  std::string reasonCode, reason;
  SmallVector<SegmentRecord, 0> segments = {};
  bool guarded = false;
  int64_t bytesPlain = ShapedType::kDynamic, bytesShared = ShapedType::kDynamic;
};

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
  Attribute toAttribute(const AttentionRecord &record);
  FunctionOpInterface function;
  SmallVector<Attribute> records;
};

/// The sentence of a refusal with its detail.
std::string describe(const Refusal &refusal);

} // namespace mlir::hydragen

#endif // HYDRAGEN_LIB_TRANSFORMS_MATERIALIZEREPORT_H
