//===- RecordAttributes.cpp - what a report tells ---------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RecordAttributes.h"

#include "mlir/IR/DialectImplementation.h"

using namespace mlir;
using namespace mlir::hydragen;

//===----------------------------------------------------------------------===//
// Text
//===----------------------------------------------------------------------===//

ParseResult hydragen::parseExtent(AsmParser &parser, int64_t &value) {
  if (succeeded(parser.parseOptionalQuestion())) {
    value = ShapedType::kDynamic;
    return success();
  }
  return parser.parseInteger(value);
}

void hydragen::printExtent(AsmPrinter &printer, int64_t value) {
  if (ShapedType::isDynamic(value))
    printer << "?";
  else
    printer << value;
}

ParseResult hydragen::parseTriples(AsmParser &parser,
                                   SmallVector<int64_t> &values) {
  return parser.parseCommaSeparatedList(
      AsmParser::Delimiter::Square, [&]() -> ParseResult {
        if (parser.parseLSquare())
          return failure();
        for (unsigned i = 0; i != 3; ++i)
          if ((i && parser.parseComma()) ||
              parseExtent(parser, values.emplace_back()))
            return failure();
        return parser.parseRSquare();
      });
}

void hydragen::printTriples(AsmPrinter &printer, ArrayRef<int64_t> values) {
  printer << "[";
  for (size_t i = 0; i < values.size(); ++i) {
    printer << (i % 3 ? ", " : i ? ", [" : "[");
    printExtent(printer, values[i]);
    if (i % 3 == 2)
      printer << "]";
  }
  printer << "]";
}

ParseResult hydragen::parseIntegers(AsmParser &parser,
                                    SmallVector<int64_t> &values) {
  int64_t value;
  OptionalParseResult first = parser.parseOptionalInteger(value);
  if (!first.has_value())
    return success();
  if (failed(*first))
    return failure();
  values.push_back(value);
  while (succeeded(parser.parseOptionalComma()))
    if (parser.parseInteger(values.emplace_back()))
      return failure();
  return success();
}

void hydragen::printIntegers(AsmPrinter &printer, ArrayRef<int64_t> values) {
  llvm::interleaveComma(values, printer);
}

ParseResult hydragen::parseSegments(AsmParser &parser,
                                    SmallVector<SegmentRecordAttr> &values) {
  Attribute value;
  OptionalParseResult first = parser.parseOptionalAttribute(value);
  if (!first.has_value())
    return success();
  auto take = [&](SMLoc loc) -> ParseResult {
    auto segment = dyn_cast<SegmentRecordAttr>(value);
    if (!segment)
      return parser.emitError(loc, "expected a segment_record");
    values.push_back(segment);
    return success();
  };
  SMLoc loc = parser.getCurrentLocation();
  if (failed(*first) || take(loc))
    return failure();
  while (succeeded(parser.parseOptionalComma())) {
    loc = parser.getCurrentLocation();
    if (parser.parseAttribute(value) || take(loc))
      return failure();
  }
  return success();
}

void hydragen::printSegments(AsmPrinter &printer,
                             ArrayRef<SegmentRecordAttr> values) {
  llvm::interleaveComma(values, printer, [&](SegmentRecordAttr segment) {
    printer.printAttribute(segment);
  });
}

//===----------------------------------------------------------------------===//
// Verifiers
//===----------------------------------------------------------------------===//

/// Whether a <= b, as far as both are known.
static bool inOrder(int64_t a, int64_t b) {
  return ShapedType::isDynamic(a) || ShapedType::isDynamic(b) || a <= b;
}

LogicalResult SegmentRecordAttr::verify(
    function_ref<InFlightDiagnostic()> emitError, int64_t begin, int64_t end,
    SharedBy, int64_t groups, int64_t sequences, int64_t level,
    ArrayRef<int64_t> rows, ArrayRef<int64_t> copiesOver) {
  // segment_record_c1
  if (!inOrder(0, begin) || !inOrder(begin, end) || !inOrder(0, groups) ||
      !inOrder(0, sequences) || level < 0)
    return emitError() << "expected keys in order and numbers that are not "
                          "negative";
  // segment_record_c2
  for (size_t i = 0; i + 2 < rows.size(); i += 3)
    if (!inOrder(0, rows[i]) || !inOrder(rows[i], rows[i + 1]) ||
        !inOrder(rows[i + 1], rows[i + 2]))
      return emitError() << "expected rows within their extent";
  // segment_record_c3
  int64_t last = -1;
  for (int64_t digit : copiesOver) {
    if (digit <= last || digit >= int64_t(rows.size() / 3))
      return emitError() << "expected ascending numbers of rows but got "
                         << digit << " of " << rows.size() / 3;
    last = digit;
  }
  return success();
}

LogicalResult AttentionRecordAttr::verify(
    function_ref<InFlightDiagnostic()> emitError, LocationAttr, Outcome outcome,
    StringRef reasonCode, StringRef, ArrayRef<SegmentRecordAttr>,
    int64_t bytesPlain, int64_t bytesShared, bool, FloatAttr predictedPlain,
    FloatAttr predictedShared) {
  // attention_record_c1
  if (reasonCode.empty() != (outcome == Outcome::Shared))
    return emitError() << "expected a reason code for an attention that is not "
                          "shared, and for no other";
  // attention_record_c2
  if (!inOrder(0, bytesPlain) || !inOrder(0, bytesShared) ||
      !predictedPlain != !predictedShared)
    return emitError() << "expected numbers of bytes and two predictions or "
                          "none";
  return success();
}

SmallVector<AttentionRecordAttr, 0>
AttentionRecordAttr::getList(Operation *function) {
  SmallVector<AttentionRecordAttr, 0> result;
  if (auto list = function->getAttrOfType<ArrayAttr>(kListName))
    for (auto record : list.getAsRange<AttentionRecordAttr>())
      result.push_back(record);
  return result;
}
