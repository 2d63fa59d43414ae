//===- RecordAttributes.h - text of report attributes -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The `custom` directives of the records' assembly formats.
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_LIB_IR_RECORDATTRIBUTES_H
#define HYDRAGEN_LIB_IR_RECORDATTRIBUTES_H

#include "hydragen/IR/Hydragen.h"

namespace mlir::hydragen {

/// An integer, or `?` for an unknown one.
ParseResult parseExtent(AsmParser &parser, int64_t &value);
void printExtent(AsmPrinter &printer, int64_t value);
/// `[[0, 2, 4], ...]`, each an extent.
ParseResult parseTriples(AsmParser &parser, SmallVector<int64_t> &values);
void printTriples(AsmPrinter &printer, ArrayRef<int64_t> values);
/// Lists without brackets that may be empty.
ParseResult parseIntegers(AsmParser &parser, SmallVector<int64_t> &values);
void printIntegers(AsmPrinter &printer, ArrayRef<int64_t> values);
ParseResult parseSegments(AsmParser &parser,
                          SmallVector<SegmentRecordAttr> &values);
void printSegments(AsmPrinter &printer, ArrayRef<SegmentRecordAttr> values);

} // namespace mlir::hydragen

#endif // HYDRAGEN_LIB_IR_RECORDATTRIBUTES_H
