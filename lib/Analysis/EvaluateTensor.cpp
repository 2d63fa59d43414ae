//===- EvaluateTensor.cpp - elements of tensor ops --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "EvaluatorDetail.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/ADT/ScopeExit.h"

using namespace mlir;
using namespace mlir::hydragen;

// Beyond these a value is left a leaf: sound, the failure is a miss.
static constexpr unsigned kMaxSteps = 20000;
static constexpr unsigned kMaxNesting = 600;

bool ElementEvaluator::mentionsInteresting(ArrayRef<IndexExpr> indices) const {
  SmallVector<VarId, 8> free;
  for (const IndexExpr &index : indices)
    exprs.addFreeVars(index, free);
  return llvm::any_of(
      free, [&](VarId v) { return llvm::is_contained(*interesting, v); });
}

FailureOr<ExprId> ElementEvaluator::evalTensor(Value tensor,
                                               ArrayRef<IndexExpr> given) {
  auto type = cast<RankedTensorType>(tensor.getType());
  SmallVector<IndexExpr, 4> indices(given.begin(), given.end());
  // Dims of extent 1 have one index. Done first: else concat(dim 0) of [p, p]
  // would read p at b - 1.
  for (auto [i, index] : llvm::enumerate(indices))
    if (type.getDimSize(i) == 1)
      index = IndexExpr(0);
  ExprId leaf = exprs.getLoad(tensor, indices);
  if (depth == EvalDepth::Leaf)
    return leaf;
  auto it = memo.find(leaf);
  if (it != memo.end())
    return it->second;
  ++nesting;
  auto leave = llvm::make_scope_exit([&]() { --nesting; });
  FailureOr<ExprId> result = evalTensorImpl(tensor, indices);
  if (failed(result))
    return failure();
  memo[leaf] = *result;
  return result;
}

FailureOr<ExprId>
ElementEvaluator::evalTensorImpl(Value tensor, ArrayRef<IndexExpr> indices) {
  ExprId leaf = exprs.getLoad(tensor, indices);
  Operation *def = tensor.getDefiningOp();
  if (!def)
    return leaf;
  if (def->hasTrait<OpTrait::ConstantLike>()) {
    if (auto constant = dyn_cast<arith::ConstantOp>(def))
      return evalConstant(tensor, constant.getValue(), indices);
    return leaf;
  }
  if (interesting && !mentionsInteresting(indices))
    return leaf;
  if (++steps > kMaxSteps || nesting > kMaxNesting) {
    note("an expression is too large to follow");
    return leaf;
  }
  if (auto op = dyn_cast<linalg::LinalgOp>(def))
    return evalLinalg(op, cast<OpResult>(tensor).getResultNumber(), tensor,
                      indices);
  if (isa<linalg::SoftmaxOp>(def))
    return evalSoftmax(def, tensor, indices);
  return evalView(def, tensor, indices);
}

FailureOr<ExprId> ElementEvaluator::evalView(Operation *def, Value tensor,
                                             ArrayRef<IndexExpr> indices) {
  ExprId leaf = exprs.getLoad(tensor, indices);
  if (auto op = dyn_cast<tensor::CastOp>(def))
    return isa<RankedTensorType>(op.getSource().getType())
               ? evalTensor(op.getSource(), indices)
               : leaf;

  if (auto op = dyn_cast<tensor::ExpandShapeOp>(def)) {
    SmallVector<SizeExpr> shape = sizes.getShape(tensor);
    SmallVector<IndexExpr> source;
    for (ArrayRef<int64_t> group : op.getReassociationIndices()) {
      IndexExpr linear;
      SizeExpr stride(1);
      for (int64_t i : llvm::reverse(group)) {
        linear = linear + indices[i] * stride;
        stride = stride * shape[i];
      }
      source.push_back(linear);
    }
    return evalTensor(op.getSrc(), source);
  }

  if (auto op = dyn_cast<tensor::CollapseShapeOp>(def)) {
    SmallVector<SizeExpr> shape = sizes.getShape(op.getSrc());
    SmallVector<IndexExpr> source(shape.size());
    for (auto [i, group] : llvm::enumerate(op.getReassociationIndices())) {
      SmallVector<SizeExpr> extents;
      for (int64_t j : group)
        extents.push_back(shape[j]);
      SmallVector<IndexExpr> part;
      if (failed(delinearize(indices[i], extents, part)))
        return failure();
      for (auto [j, index] : llvm::zip_equal(group, part))
        source[j] = index;
    }
    return evalTensor(op.getSrc(), source);
  }

  if (auto op = dyn_cast<tensor::ReshapeOp>(def)) {
    if (!isa<RankedTensorType>(op.getSource().getType()))
      return leaf;
    SmallVector<SizeExpr> to = sizes.getShape(tensor);
    SmallVector<SizeExpr> from = sizes.getShape(op.getSource());
    SizeExpr toCount(1), fromCount(1);
    IndexExpr linear;
    for (size_t i = to.size(); i-- > 0;) {
      linear = linear + indices[i] * toCount;
      toCount = toCount * to[i];
    }
    for (const SizeExpr &extent : from)
      fromCount = fromCount * extent;
    if (!sizes.getContext().proveEqual(toCount, fromCount))
      return leaf;
    SmallVector<IndexExpr> source;
    if (failed(delinearize(linear, from, source)))
      return failure();
    return evalTensor(op.getSource(), source);
  }

  if (auto op = dyn_cast<tensor::ExtractSliceOp>(def)) {
    llvm::SmallBitVector dropped = op.getDroppedDims();
    SmallVector<IndexExpr> source;
    unsigned next = 0;
    for (auto [i, offset, stride] :
         llvm::enumerate(op.getMixedOffsets(), op.getMixedStrides())) {
      IndexExpr index = dropped.test(i) ? IndexExpr(0) : indices[next++];
      source.push_back(index * sizes.getSize(stride) +
                       IndexExpr(sizes.getSize(offset)));
    }
    return evalTensor(op.getSource(), source);
  }

  if (auto op = dyn_cast<tensor::ConcatOp>(def)) {
    unsigned dim = op.getDim();
    SizeExpr offset(0);
    for (auto [i, input] : llvm::enumerate(op.getInputs())) {
      SizeExpr end = offset + sizes.getDim(input, dim);
      Truth inside = Truth::Yes;
      if (i + 1 != op.getInputs().size()) {
        FailureOr<Truth> truth = less(indices[dim], end);
        if (failed(truth))
          return failure();
        inside = *truth;
      }
      if (inside == Truth::Unknown)
        return leaf;
      if (inside == Truth::Yes) {
        crossedCopy = true;
        SmallVector<IndexExpr> source(indices.begin(), indices.end());
        source[dim] = source[dim] - IndexExpr(offset);
        return evalTensor(input, source);
      }
      offset = end;
    }
    return leaf;
  }
  if (isa<tensor::InsertSliceOp>(def))
    return evalInsertSlice(def, tensor, indices);
  if (isa<tensor::PadOp>(def))
    return evalPad(def, tensor, indices);

  if (auto op = dyn_cast<tensor::FromElementsOp>(def)) {
    int64_t linear = 0;
    for (auto [index, extent] :
         llvm::zip_equal(indices, op.getType().getShape())) {
      std::optional<int64_t> value = index.getInteger();
      if (!value || *value < 0 || *value >= extent)
        return leaf;
      linear = linear * extent + *value;
    }
    Scope scope;
    return evalScalar(op.getElements()[linear], scope);
  }
  if (auto op = dyn_cast<tensor::SplatOp>(def)) {
    Scope scope;
    return evalScalar(op.getInput(), scope);
  }
  if (auto op = dyn_cast<tensor::GenerateOp>(def)) {
    Scope scope;
    for (auto [argument, index] :
         llvm::zip_equal(op.getBody().getArguments(), indices))
      scope.values[argument] = exprs.getLinear(index);
    FailureOr<ExprId> result =
        evalScalar(op.getBody().front().getTerminator()->getOperand(0), scope);
    if (failed(result))
      return failure();
    crossedCopy = true;
    return depth == EvalDepth::View && !isViewLike(*result) ? leaf : *result;
  }
  return leaf;
}

FailureOr<ExprId>
ElementEvaluator::evalInsertSlice(Operation *def, Value tensor,
                                  ArrayRef<IndexExpr> indices) {
  auto op = cast<tensor::InsertSliceOp>(def);
  ExprId leaf = exprs.getLoad(tensor, indices);
  llvm::SmallBitVector dropped = op.getDroppedDims();
  SmallVector<IndexExpr> source;
  for (auto [i, offset, size, stride] : llvm::enumerate(
           op.getMixedOffsets(), op.getMixedSizes(), op.getMixedStrides())) {
    if (!sizes.getSize(stride).isOne())
      return leaf;
    SizeExpr begin = sizes.getSize(offset), count = sizes.getSize(size);
    SizeExpr extent = sizes.getDim(op.getDest(), i);
    if (!begin.isZero()) {
      FailureOr<Truth> before = less(indices[i], begin);
      if (failed(before))
        return failure();
      if (*before == Truth::Unknown)
        return leaf;
      if (*before == Truth::Yes) {
        crossedCopy = true;
        return evalTensor(op.getDest(), indices);
      }
    }
    if (!sizes.getContext().proveEqual(begin + count, extent)) {
      FailureOr<Truth> inside = less(indices[i], begin + count);
      if (failed(inside))
        return failure();
      if (*inside == Truth::Unknown)
        return leaf;
      if (*inside == Truth::No) {
        crossedCopy = true;
        return evalTensor(op.getDest(), indices);
      }
    }
    if (!dropped.test(i))
      source.push_back(indices[i] - IndexExpr(begin));
  }
  crossedCopy = true;
  return evalTensor(op.getSource(), source);
}

FailureOr<ExprId> ElementEvaluator::evalPad(Operation *def, Value tensor,
                                            ArrayRef<IndexExpr> indices) {
  auto op = cast<tensor::PadOp>(def);
  ExprId leaf = exprs.getLoad(tensor, indices);
  SmallVector<IndexExpr> source;
  bool padding = false;
  for (auto [i, low, high] :
       llvm::enumerate(op.getMixedLowPad(), op.getMixedHighPad())) {
    IndexExpr index = indices[i] - IndexExpr(sizes.getSize(low));
    if (!sizes.getSize(low).isZero()) {
      FailureOr<Truth> before = less(index, SizeExpr(0));
      if (failed(before))
        return failure();
      if (*before == Truth::Unknown)
        return leaf;
      padding |= *before == Truth::Yes;
    }
    if (!sizes.getSize(high).isZero() && !padding) {
      FailureOr<Truth> inside = less(index, sizes.getDim(op.getSource(), i));
      if (failed(inside))
        return failure();
      if (*inside == Truth::Unknown)
        return leaf;
      padding |= *inside == Truth::No;
    }
    source.push_back(index);
  }
  crossedCopy = true;
  if (!padding)
    return evalTensor(op.getSource(), source);
  Value value = op.getConstantPaddingValue();
  if (!value)
    return leaf;
  Scope scope;
  return evalScalar(value, scope);
}

//===----------------------------------------------------------------------===//
// Constants
//===----------------------------------------------------------------------===//

/// Integers of a constant, booleans as 0 and 1; nullopt for other types.
static std::optional<SmallVector<int64_t>> getIntegers(Attribute value) {
  auto shaped = dyn_cast<ElementsAttr>(value);
  if (!shaped || !shaped.getElementType().isIntOrIndex())
    return std::nullopt;
  unsigned width = shaped.getElementType().isIndex()
                       ? 64
                       : shaped.getElementType().getIntOrFloatBitWidth();
  if (width > 64)
    return std::nullopt;
  SmallVector<int64_t> entries;
  if (auto dense = dyn_cast<DenseIntElementsAttr>(value)) {
    entries.reserve(dense.getNumElements());
    for (const APInt &entry : dense.getValues<APInt>())
      entries.push_back(width == 1 ? entry.getZExtValue()
                                   : entry.getSExtValue());
    return entries;
  }
  auto resource = dyn_cast<DenseResourceElementsAttr>(value);
  if (!resource)
    return std::nullopt;
  AsmResourceBlob *blob = resource.getRawHandle().getBlob();
  if (!blob)
    return std::nullopt;
  ArrayRef<char> data = blob->getData();
  size_t count = resource.getType().getNumElements();
  unsigned bytes = width / 8;
  if (width % 8 != 0 || data.size() != count * bytes)
    return std::nullopt;
  for (size_t i = 0; i != count; ++i) {
    uint64_t raw = 0;
    memcpy(&raw, data.data() + i * bytes, bytes); // x86-64 is little-endian
    entries.push_back(llvm::SignExtend64(raw, width));
  }
  return entries;
}

FailureOr<ExprId> ElementEvaluator::evalConstant(Value tensor, Attribute value,
                                                 ArrayRef<IndexExpr> indices) {
  ExprId leaf = exprs.getLoad(tensor, indices);
  auto elements = dyn_cast<ElementsAttr>(value);
  if (!elements)
    return leaf;
  Type type = elements.getElementType();
  auto linear = [&]() -> std::optional<int64_t> {
    int64_t position = 0;
    for (auto [index, extent] :
         llvm::zip_equal(indices, elements.getShapedType().getShape())) {
      std::optional<int64_t> i = index.getInteger();
      if (!i || *i < 0 || *i >= extent)
        return std::nullopt;
      position = position * extent + *i;
    }
    return position;
  };
  if (isa<FloatType>(type)) {
    auto dense = dyn_cast<DenseFPElementsAttr>(value);
    if (!dense)
      return leaf;
    if (dense.isSplat())
      return exprs.getConstant(dense.getSplatValue<APFloat>().convertToDouble(),
                               type);
    if (std::optional<int64_t> at = linear())
      return exprs.getConstant(
          (*(dense.getValues<APFloat>().begin() + *at)).convertToDouble(),
          type);
    return leaf;
  }
  if (auto dense = dyn_cast<DenseIntElementsAttr>(value);
      dense && dense.isSplat()) {
    APInt entry = dense.getSplatValue<APInt>();
    if (entry.getBitWidth() > 64)
      return leaf;
    return exprs.getInteger(entry.getBitWidth() == 1
                                ? static_cast<int64_t>(entry.getZExtValue())
                                : entry.getSExtValue());
  }
  std::optional<SmallVector<int64_t>> entries = getIntegers(value);
  if (!entries)
    return leaf;
  if (std::optional<int64_t> at = linear())
    return exprs.getInteger((*entries)[*at]);
  return evalTable(tensor, *entries, indices);
}
