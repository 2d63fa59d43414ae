//===- AttentionDims.cpp - roles of an attention's dims ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hydragen/IR/AttentionDims.h"
#include "hydragen/IR/ScoreMods.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace mlir::hydragen;
using llvm::SmallBitVector;

/// Sets the bit of every dim that occurs in `map`. A map of an unverified op
/// may have dims beyond the domain; these are left for the verifier of maps.
static void addUsedDims(AffineMap map, SmallBitVector &used) {
  for (unsigned dim = 0, e = std::min<unsigned>(map.getNumDims(), used.size());
       dim != e; ++dim)
    if (map.isFunctionOfDim(dim))
      used.set(dim);
}

static SmallBitVector getUsedDims(ArrayRef<AffineMap> maps, unsigned numDims) {
  SmallBitVector used(numDims);
  for (AffineMap map : maps)
    addUsedDims(map, used);
  return used;
}

static SmallVector<unsigned> toList(const SmallBitVector &bits) {
  return llvm::to_vector(llvm::map_range(
      bits.set_bits(), [](int bit) { return static_cast<unsigned>(bit); }));
}

//===----------------------------------------------------------------------===//
// Attention
//===----------------------------------------------------------------------===//

FailureOr<AttentionDims>
AttentionDims::get(AttentionOp op,
                   function_ref<InFlightDiagnostic()> emitError) {
  AttentionDims dims;
  dims.numDims = op.getOutputMap().getNumDims();
  unsigned numTerms = op.getNumTerms();

  SmallBitVector inOutput = getUsedDims({op.getOutputMap()}, dims.numDims);
  SmallVector<SmallBitVector> inQuery, inKey;
  SmallBitVector inAnyQuery(dims.numDims), inAnyKey(dims.numDims);
  for (unsigned term = 0; term != numTerms; ++term) {
    auto queryMap = cast<AffineMapAttr>(op.getQueryMaps()[term]).getValue();
    inQuery.push_back(getUsedDims({queryMap}, dims.numDims));
    inAnyQuery |= inQuery.back();
    SmallBitVector used(dims.numDims);
    for (auto segment : op.getSegments().getAsRange<SegmentAttr>())
      addUsedDims(segment.getKeyMap(term), used);
    inAnyKey |= used;
    inKey.push_back(std::move(used));
  }
  SmallBitVector inValue(dims.numDims);
  for (auto segment : op.getSegments().getAsRange<SegmentAttr>())
    addUsedDims(segment.getValueMap().getValue(), inValue);
  SmallBitVector inIndex = getUsedDims(
      llvm::to_vector(op.getIndexMaps().getAsValueRange<AffineMapAttr>()),
      dims.numDims);

  SmallBitVector columns = inOutput;
  columns &= inValue;
  columns.reset(inAnyQuery);
  columns.reset(inAnyKey);
  columns.reset(inIndex);
  SmallBitVector rows = inOutput;
  rows.reset(columns);
  SmallBitVector keys(dims.numDims, true);
  keys.reset(inOutput);
  keys.reset(inAnyQuery);

  // attention_c5
  if (keys.count() != 1)
    return LogicalResult(emitError()
                         << "expected one key dim (in no query or output "
                            "map) but got "
                         << keys.count());
  for (unsigned term = 0; term != numTerms; ++term) {
    SmallBitVector contraction = inQuery[term];
    contraction.reset(inOutput);
    // attention_c6
    for (unsigned dim : contraction.set_bits()) {
      if (inValue.test(dim) || inIndex.test(dim))
        return LogicalResult(
            emitError() << "dim " << dim << " is in a query map and not in the "
                        << "output map, so no value or index map can use it");
      for (unsigned other = 0; other != numTerms; ++other)
        if (other != term &&
            (inQuery[other].test(dim) || inKey[other].test(dim)))
          return LogicalResult(emitError() << "contraction dim " << dim
                                           << " is used by two score terms");
    }
    dims.contraction.push_back(toList(contraction));
  }
  dims.rows = toList(rows);
  dims.keys = toList(keys);
  dims.values = toList(columns);
  return dims;
}

AttentionDims AttentionDims::get(AttentionOp op) {
  FailureOr<AttentionDims> dims =
      get(op, [&]() { return op.emitOpError("unverified: "); });
  assert(succeeded(dims) && "op must verify");
  return *dims;
}

//===----------------------------------------------------------------------===//
// Partial attention
//===----------------------------------------------------------------------===//

static int64_t getInitRank(PartialAttentionOpInterface op, unsigned init) {
  return cast<ShapedType>(op.getInits()[init].getType()).getRank();
}

/// Roles where the rows are the first `numRows` dims and the values the last
/// `numValues`.
static FailureOr<AttentionDims>
getPartialDims(PartialAttentionOpInterface op, unsigned numRows,
               unsigned numValues,
               function_ref<InFlightDiagnostic()> emitError) {
  AttentionDims dims;
  dims.numDims = op.getValueMap().getNumDims();
  for (unsigned dim = 0; dim != numRows; ++dim)
    dims.rows.push_back(dim);
  for (unsigned i = 0; i != numValues; ++i)
    dims.values.push_back(dims.numDims - numValues + i);

  SmallBitVector middle(dims.numDims);
  middle.set(numRows, dims.numDims - numValues);
  SmallBitVector inAnyQuery(dims.numDims);
  SmallVector<AffineMap> queryMaps = op.getQueryMapsVector();
  for (auto [term, map] : llvm::enumerate(queryMaps)) {
    SmallBitVector contraction = getUsedDims({map}, dims.numDims);
    contraction &= middle;
    // partial_c4
    if (contraction.anyCommon(inAnyQuery))
      return LogicalResult(emitError()
                           << "a contraction dim of score term " << term
                           << " is used by two score terms");
    inAnyQuery |= contraction;
    dims.contraction.push_back(toList(contraction));
  }
  middle.reset(inAnyQuery);
  dims.keys = toList(middle);
  // partial_c5
  if (dims.keys.empty())
    return LogicalResult(emitError() << "expected a key dim (in no query map)");
  return dims;
}

FailureOr<AttentionDims>
AttentionDims::get(PartialAttentionOpInterface op,
                   function_ref<InFlightDiagnostic()> emitError) {
  int64_t numDims = op.getValueMap().getNumDims();
  int64_t outputRank = getInitRank(op, 0), numRows = getInitRank(op, 1);
  // partial_c3
  if (outputRank < numRows || numDims < outputRank + 1)
    return LogicalResult(
        emitError() << "expected at least " << std::max(outputRank, numRows) + 1
                    << " dims (rows, a key, values) but got " << numDims);
  return getPartialDims(op, numRows, outputRank - numRows, emitError);
}

AttentionDims AttentionDims::get(PartialAttentionOpInterface op) {
  FailureOr<AttentionDims> dims =
      getPartialDims(op, /*numRows=*/op.getStaticOffsets().size() - 1,
                     /*numValues=*/getInitRank(op, 0) - getInitRank(op, 1),
                     [&]() { return op->emitOpError("unverified: "); });
  assert(succeeded(dims) && "op must verify");
  return *dims;
}

//===----------------------------------------------------------------------===//
// Queries
//===----------------------------------------------------------------------===//

std::optional<unsigned> AttentionDims::getRowIndex(unsigned dim) const {
  const auto *it = llvm::find(rows, dim);
  if (it == rows.end())
    return std::nullopt;
  return it - rows.begin();
}

SmallBitVector AttentionDims::getUnusedRows(ArrayRef<AffineMap> maps) const {
  SmallBitVector used = getUsedDims(maps, numDims);
  SmallBitVector unused(rows.size());
  for (auto [i, dim] : llvm::enumerate(rows))
    if (!used.test(dim))
      unused.set(i);
  return unused;
}

/// `maps` and the maps of the index operands behind their symbols.
static SmallVector<AffineMap> withIndexMaps(ArrayRef<AffineMap> maps,
                                            ArrayRef<AffineMap> indexMaps) {
  SmallVector<AffineMap> all(maps);
  SmallBitVector symbols(indexMaps.size());
  for (AffineMap map : maps)
    symbols |= getUsedSymbols(map);
  for (unsigned symbol : symbols.set_bits())
    all.push_back(indexMaps[symbol]);
  return all;
}

SmallBitVector hydragen::getUnusedRows(AttentionOp op, unsigned segment) {
  SegmentAttr attr = op.getSegment(segment);
  SmallVector<AffineMap> maps =
      llvm::to_vector(attr.getKeyMaps().getAsValueRange<AffineMapAttr>());
  maps.push_back(attr.getValueMap().getValue());
  SmallVector<AffineMap> indexMaps =
      llvm::to_vector(op.getIndexMaps().getAsValueRange<AffineMapAttr>());
  return AttentionDims::get(op).getUnusedRows(withIndexMaps(maps, indexMaps));
}

SmallBitVector hydragen::getUnusedRows(PartialAttentionOpInterface op) {
  SmallVector<AffineMap> maps = op.getKeyMapsVector();
  maps.push_back(op.getValueMap());
  return AttentionDims::get(op).getUnusedRows(
      withIndexMaps(maps, op.getIndexMapsVector()));
}

SmallBitVector hydragen::getSharedRows(AttentionOp op, unsigned segment) {
  SmallBitVector unused = getUnusedRows(op, segment);
  if (op.getSegment(segment).getShared())
    return unused;
  SmallBitVector always = unused;
  for (unsigned i = 0; i != op.getNumSegments(); ++i)
    always &= getUnusedRows(op, i);
  unused.reset(always);
  ArrayRef<int64_t> rowSizes = op.getSegment(segment).getRowSizes();
  for (unsigned row = 0; row != rowSizes.size(); ++row)
    if (rowSizes[row] == 1)
      unused.reset(row);
  return unused;
}

SmallBitVector hydragen::getFoldedRows(PartialAttentionOpInterface op) {
  SmallBitVector rows = getUnusedRows(op);
  if (auto separate = op->getAttrOfType<DenseI64ArrayAttr>(kSeparateRowsAttr))
    for (int64_t row : separate.asArrayRef())
      if (row >= 0 && row < static_cast<int64_t>(rows.size()))
        rows.reset(row);
  return rows;
}

SmallVector<OpFoldResult> hydragen::getRowSizes(OpBuilder &builder,
                                                AttentionOp op) {
  AttentionDims dims = AttentionDims::get(op);
  AffineMap outputMap = op.getOutputMap();
  Value init = op.getInits().front();
  SmallVector<OpFoldResult> sizes;
  for (unsigned dim : dims.rows) {
    std::optional<unsigned> position =
        outputMap.getResultPosition(builder.getAffineDimExpr(dim));
    assert(position && "a row is a dim of the output");
    sizes.push_back(
        tensor::getMixedSize(builder, op.getLoc(), init, *position));
  }
  return sizes;
}

OpFoldResult hydragen::getExtent(OpBuilder &builder,
                                 PartialAttentionOpInterface op, unsigned dim) {
  SmallVector<std::pair<Value, AffineMap>> operands;
  auto append = [&](OperandRange values, ArrayRef<AffineMap> maps) {
    for (auto [value, map] : llvm::zip_equal(values, maps))
      operands.emplace_back(value, map);
  };
  append(op.getQueries(), op.getQueryMapsVector());
  append(op.getKeys(), op.getKeyMapsVector());
  operands.emplace_back(op.getValue(), op.getValueMap());
  append(op.getIndices(), op.getIndexMapsVector());
  // o has the rows and the values behind its leading dims, if it has such.
  AttentionDims dims = AttentionDims::get(op);
  SmallVector<AffineExpr> outputDims(getInitRank(op, 0) - dims.rows.size() -
                                         dims.values.size(),
                                     builder.getAffineConstantExpr(0));
  for (ArrayRef<unsigned> list : {ArrayRef(dims.rows), ArrayRef(dims.values)})
    for (unsigned outputDim : list)
      outputDims.push_back(builder.getAffineDimExpr(outputDim));
  operands.emplace_back(
      op.getInits().front(),
      AffineMap::get(dims.numDims, 0, outputDims, builder.getContext()));

  std::optional<std::pair<Value, int64_t>> dynamic;
  AffineExpr expr = builder.getAffineDimExpr(dim);
  for (auto [value, map] : operands)
    for (auto [i, result] : llvm::enumerate(map.getResults())) {
      if (result != expr)
        continue;
      auto type = cast<ShapedType>(value.getType());
      if (!type.isDynamicDim(i))
        return builder.getIndexAttr(type.getDimSize(i));
      if (!dynamic)
        dynamic.emplace(value, i);
    }
  assert(dynamic && "the verifier wants an operand that gives the extent");
  auto [value, i] = *dynamic;
  if (isa<MemRefType>(value.getType()))
    return memref::getMixedSize(builder, op->getLoc(), value, i);
  return tensor::getMixedSize(builder, op->getLoc(), value, i);
}
