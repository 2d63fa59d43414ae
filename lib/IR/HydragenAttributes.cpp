//===- HydragenAttributes.cpp - segments, score modifications ---*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RecordAttributes.h"

#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::hydragen;

#include "hydragen/IR/HydragenEnums.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "hydragen/IR/HydragenAttributes.cpp.inc"

void HydragenDialect::registerAttributes() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "hydragen/IR/HydragenAttributes.cpp.inc"
      >();
}

//===----------------------------------------------------------------------===//
// SegmentAttr
//===----------------------------------------------------------------------===//

/// An integer, or `?` for a dynamic one, for diagnostics.
static std::string toString(int64_t value) {
  return ShapedType::isDynamic(value) ? "?" : std::to_string(value);
}

/// An integer, or `?` for a dynamic one.
static ParseResult parseStaticOrDynamic(AsmParser &parser, int64_t &value) {
  if (succeeded(parser.parseOptionalQuestion())) {
    value = ShapedType::kDynamic;
    return success();
  }
  return parser.parseInteger(value);
}

static void printStaticOrDynamic(AsmPrinter &printer, int64_t value) {
  if (ShapedType::isDynamic(value))
    printer << "?";
  else
    printer << value;
}

static ParseResult parseRows(AsmParser &parser, SmallVector<int64_t> &offsets,
                             SmallVector<int64_t> &sizes) {
  return parser.parseCommaSeparatedList(
      AsmParser::Delimiter::Square, [&]() -> ParseResult {
        if (parser.parseLSquare() ||
            parser.parseInteger(offsets.emplace_back()) ||
            parser.parseComma() ||
            parseStaticOrDynamic(parser, sizes.emplace_back()) ||
            parser.parseRSquare())
          return failure();
        return success();
      });
}

Attribute SegmentAttr::parse(AsmParser &parser, Type) {
  SMLoc loc = parser.getCurrentLocation();
  int64_t begin = 0, size = 0, keyScale = -1, valueScale = -1;
  SmallVector<int64_t> rowOffsets, rowSizes;
  ArrayAttr keyMaps;
  AffineMapAttr valueMap;
  bool shared = false, grouped = false;
  llvm::SmallDenseSet<StringRef> seen;
  auto parseField = [&]() -> ParseResult {
    StringRef name;
    SMLoc fieldLoc = parser.getCurrentLocation();
    if (parser.parseKeyword(&name))
      return failure();
    if (!seen.insert(name).second)
      return parser.emitError(fieldLoc, "repeated field ") << name;
    if (name == "shared" || name == "grouped") {
      (name == "shared" ? shared : grouped) = true;
      return success();
    }
    if (parser.parseEqual())
      return failure();
    if (name == "begin")
      return parseStaticOrDynamic(parser, begin);
    if (name == "size")
      return parseStaticOrDynamic(parser, size);
    if (name == "rows")
      return parseRows(parser, rowOffsets, rowSizes);
    if (name == "keys")
      return parser.parseAttribute(keyMaps);
    if (name == "value")
      return parser.parseAttribute(valueMap);
    if (name == "key_scale")
      return parser.parseInteger(keyScale);
    if (name == "value_scale")
      return parser.parseInteger(valueScale);
    return parser.emitError(fieldLoc, "unknown field ") << name;
  };
  if (parser.parseCommaSeparatedList(AsmParser::Delimiter::LessGreater,
                                     parseField))
    return {};
  for (StringRef name : {"begin", "size", "keys", "value"})
    if (!seen.contains(name)) {
      parser.emitError(loc, "missing field ") << name;
      return {};
    }
  return parser.getChecked<SegmentAttr>(loc, parser.getContext(), begin, size,
                                        rowOffsets, rowSizes, keyMaps, valueMap,
                                        keyScale, valueScale, shared, grouped);
}

void SegmentAttr::print(AsmPrinter &printer) const {
  printer << "<begin = ";
  printStaticOrDynamic(printer, getBegin());
  printer << ", size = ";
  printStaticOrDynamic(printer, getSize());
  if (!coversAllRows()) {
    printer << ", rows = [";
    llvm::interleaveComma(llvm::zip(getRowOffsets(), getRowSizes()), printer,
                          [&](auto row) {
                            printer << "[" << std::get<0>(row) << ", ";
                            printStaticOrDynamic(printer, std::get<1>(row));
                            printer << "]";
                          });
    printer << "]";
  }
  printer << ", keys = ";
  printer.printAttribute(getKeyMaps());
  printer << ", value = ";
  printer.printAttribute(getValueMap());
  if (getKeyScale() >= 0)
    printer << ", key_scale = " << getKeyScale();
  if (getValueScale() >= 0)
    printer << ", value_scale = " << getValueScale();
  if (getShared())
    printer << ", shared";
  if (getGrouped())
    printer << ", grouped";
  printer << ">";
}

/// Whether offset + size is beyond int64_t.
static bool overflows(int64_t offset, int64_t size) {
  int64_t end;
  return !ShapedType::isDynamic(offset) && !ShapedType::isDynamic(size) &&
         llvm::AddOverflow(offset, size, end);
}

LogicalResult
SegmentAttr::verify(llvm::function_ref<InFlightDiagnostic()> emitError,
                    int64_t begin, int64_t size, ArrayRef<int64_t> rowOffsets,
                    ArrayRef<int64_t> rowSizes, ArrayAttr keyMaps,
                    AffineMapAttr valueMap, int64_t keyScale,
                    int64_t valueScale, bool shared, bool grouped) {
  // segment_c1
  if ((!ShapedType::isDynamic(begin) && begin < 0) ||
      (!ShapedType::isDynamic(size) && size < 0))
    return emitError() << "expected a key range that is not negative but got "
                       << toString(begin) << " and " << toString(size);
  if (overflows(begin, size))
    return emitError() << "expected a key range within 64 bits but got "
                       << begin << " and " << size;
  // segment_c2
  for (auto [offset, rowSize] : llvm::zip_equal(rowOffsets, rowSizes))
    if (offset < 0 || (!ShapedType::isDynamic(rowSize) && rowSize < 0))
      return emitError() << "expected rows that are not negative but got "
                         << offset << " and " << toString(rowSize);
  for (auto [offset, rowSize] : llvm::zip_equal(rowOffsets, rowSizes))
    if (overflows(offset, rowSize))
      return emitError() << "expected rows within 64 bits but got " << offset
                         << " and " << rowSize;
  // segment_c3
  if (!keyMaps || !valueMap ||
      !llvm::all_of(keyMaps, llvm::IsaPred<AffineMapAttr>))
    return emitError() << "expected an affine map per score term and one for "
                          "the value";
  return success();
}

//===----------------------------------------------------------------------===//
// CoverAttr
//===----------------------------------------------------------------------===//

Attribute CoverAttr::parse(AsmParser &parser, Type) {
  SMLoc loc = parser.getCurrentLocation();
  SmallVector<int64_t> rows, pieces;
  int64_t keys = 0;
  auto parseNumber = [&](SmallVector<int64_t> &list) {
    return parseStaticOrDynamic(parser, list.emplace_back());
  };
  auto parsePair = [&]() -> ParseResult {
    if (parser.parseLSquare() || parseNumber(pieces) || parser.parseComma() ||
        parseNumber(pieces) || parser.parseRSquare())
      return failure();
    return success();
  };
  auto parsePiece = [&]() {
    return parser.parseCommaSeparatedList(AsmParser::Delimiter::Square,
                                          parsePair);
  };
  if (parser.parseLess() || parser.parseKeyword("rows") ||
      parser.parseEqual() ||
      parser.parseCommaSeparatedList(AsmParser::Delimiter::Square,
                                     [&]() { return parseNumber(rows); }) ||
      parser.parseComma() || parser.parseKeyword("keys") ||
      parser.parseEqual() || parseStaticOrDynamic(parser, keys) ||
      parser.parseComma() || parser.parseKeyword("pieces") ||
      parser.parseEqual() ||
      parser.parseCommaSeparatedList(AsmParser::Delimiter::Square,
                                     parsePiece) ||
      parser.parseGreater())
    return {};
  return parser.getChecked<CoverAttr>(loc, parser.getContext(), rows, keys,
                                      pieces);
}

void CoverAttr::print(AsmPrinter &printer) const {
  printer << "<rows = [";
  llvm::interleaveComma(getRows(), printer, [&](int64_t row) {
    printStaticOrDynamic(printer, row);
  });
  printer << "], keys = ";
  printStaticOrDynamic(printer, getKeys());
  printer << ", pieces = [";
  for (unsigned i = 0; i != getNumPieces(); ++i) {
    printer << (i ? ", [" : "[");
    ArrayRef<int64_t> piece = getPiece(i);
    for (unsigned j = 0; j != piece.size(); j += 2) {
      printer << (j ? ", [" : "[");
      printStaticOrDynamic(printer, piece[j]);
      printer << ", ";
      printStaticOrDynamic(printer, piece[j + 1]);
      printer << "]";
    }
    printer << "]";
  }
  printer << "]>";
}

LogicalResult
CoverAttr::verify(llvm::function_ref<InFlightDiagnostic()> emitError,
                  ArrayRef<int64_t> rows, int64_t, ArrayRef<int64_t> pieces) {
  // cover_c1
  if (pieces.size() % (2 * (rows.size() + 1)) != 0)
    return emitError() << "expected " << rows.size() + 1
                       << " [offset, size] pairs in each piece";
  return success();
}

LogicalResult
SoftcapAttr::verify(llvm::function_ref<InFlightDiagnostic()> emitError,
                    FloatAttr cap) {
  // softcap_c1
  if (!cap || !(cap.getValueAsDouble() > 0))
    return emitError() << "expected a positive cap but got " << cap;
  return success();
}
