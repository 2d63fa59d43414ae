//===- LaunchParameters.cpp - what a launch hands to a kernel ---*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "EntryLowering.h"

#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace mlir::hydragen;
using kernels::KernelParameter;

unsigned hydragen::getWholePart(AttendOp op) {
  unsigned part = 0;
  while (!op.getPart(part).coversAllRows())
    ++part;
  return part;
}

/// Elements that one step of each digit of the row space moves in a part's
/// queries; 0 where the part has but one value of the digit.
SmallVector<Value> EntryLowering::getQueryStrides(AttendOp op,
                                                  const RowSpace &rows,
                                                  unsigned number) {
  IndexBuilder index(b, loc);
  PartAttr part = op.getPart(number);
  unsigned numDigits = rows.digits.size();
  SmallVector<Value> operandStrides = getStrides(op.getQueries()[number]),
                     result(numDigits, index.constant(0));
  for (unsigned own = 0; own != part.getNumDigits(); ++own) {
    std::optional<LinearExpr> linear =
        getLinear(rows.getPartDigit(op, number, own), numDigits, 0);
    for (auto [expr, stride] : llvm::zip_equal(
             part.getQuery().getValue().getResults(), operandStrides))
      if (expr == getAffineDimExpr(own, op.getContext()))
        for (unsigned d = 0; d != numDigits; ++d)
          result[d] = index.add(result[d], index.mul(stride, linear->dims[d]));
  }
  return result;
}

/// One pointer and one list of strides serve all parts: the others' queries
/// must be views of the same rows.
LogicalResult EntryLowering::checkQueries(AttendOp op, const RowSpace &rows) {
  IndexBuilder index(b, loc);
  unsigned whole = getWholePart(op);
  SmallVector<Value> strides = getQueryStrides(op, rows, whole);
  LogicalResult ok = success();
  auto require = [&](Value x, Value y) {
    std::optional<int64_t> left = IndexBuilder::getConstant(x),
                           right = IndexBuilder::getConstant(y);
    if (x == y || (left && left == right))
      return;
    if (left && right)
      ok = op.emitOpError("has parts with different queries");
    Value same = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, x, y);
    cf::AssertOp::create(b, loc, same,
                         "the segments of an attention have different queries");
  };
  for (unsigned i = 0; i != op.getNumParts(); ++i) {
    if (i == whole)
      continue;
    Value query = op.getQueries()[i], first = op.getQueries()[whole];
    PartAttr part = op.getPart(i);
    for (auto [own, stride] :
         llvm::zip_equal(getQueryStrides(op, rows, i), strides))
      if (IndexBuilder::getConstant(own) != 0)
        require(own, stride);
    require(getStrides(query)[part.getQueryColumns()],
            getStrides(first)[op.getPart(whole).getQueryColumns()]);
    if (query == first && part.coversAllRows())
      continue;
    Value offset = index.constant(0);
    for (unsigned d = 0; !part.coversAllRows() && d != rows.digits.size(); ++d)
      if (rows.digits[d].stride == 1)
        offset = index.add(
            offset,
            index.mul(strides[d], part.getRowOffsets()[rows.digits[d].row]));
    Value expected =
        LLVM::AddOp::create(b, loc, getHostAddress(first),
                            toI64(index.mul(offset, getElementBytes(first))));
    require(getHostAddress(query), expected);
  }
  return ok;
}

void EntryLowering::fillParameters(AttendOp op, const RowSpace &rows,
                                   const AttendSizes &sizes,
                                   const kernels::KernelConfig &config,
                                   ArrayRef<KernelParameter> parameters) {
  IndexBuilder index(b, loc);
  MLIRContext *context = op.getContext();
  unsigned numDigits = rows.digits.size();
  auto put = [&](const Twine &name, Value value) { known[name.str()] = value; };
  auto bytes = [&](Value elements, Value memref) {
    return toI64(index.mul(elements, getElementBytes(memref)));
  };

  // Element 0 of the queries of a part that covers all rows is row 0's.
  unsigned first = getWholePart(op);
  Value query = op.getQueries()[first];
  put("queries", getAddress(query));
  SmallVector<Value> queryStrides = getQueryStrides(op, rows, first);
  for (unsigned d = 0; d != numDigits; ++d)
    put("q_stride_" + Twine(d), bytes(queryStrides[d], query));
  put("q_column",
      bytes(getStrides(query)[op.getPart(first).getQueryColumns()], query));

  Value output = op.getInit();
  put("output", getAddress(output));
  SmallVector<Value> outputStrides = getStrides(output);
  for (unsigned d = 0; d != numDigits; ++d) {
    // The output's dim with the largest stride that is not above the digit's.
    const SpaceDigit &digit = rows.digits[d];
    int best = -1;
    ArrayRef<int64_t> dims = op.getOutputDims();
    auto type = cast<MemRefType>(output.getType());
    for (unsigned i = 0; i != outputStrides.size(); ++i)
      if (dims[2 * i] == int64_t(digit.row) &&
          dims[2 * i + 1] <= digit.stride && type.getDimSize(i) != 1 &&
          (best < 0 || dims[2 * i + 1] > dims[2 * best + 1]))
        best = i;
    Value stride = index.constant(0);
    if (best >= 0)
      stride =
          index.mul(outputStrides[best], digit.stride / dims[2 * best + 1]);
    put("o_stride_" + Twine(d), bytes(stride, output));
  }

  auto putRows = [&](const Twine &name, Value operand, AffineMap map) {
    SmallVector<Value> strides(numDigits, index.constant(0));
    Value offset = index.constant(0);
    for (auto [result, stride] :
         llvm::zip_equal(map.getResults(), getStrides(operand))) {
      LinearExpr linear = *rows.getLinearOfRows(result);
      offset = index.add(offset, index.mul(stride, linear.constant));
      for (unsigned d = 0; d != numDigits; ++d)
        strides[d] = index.add(strides[d], index.mul(stride, linear.dims[d]));
    }
    put(name, LLVM::AddOp::create(b, loc, getAddress(operand),
                                  bytes(offset, operand)));
    for (unsigned d = 0; d != numDigits; ++d)
      put(name + "_stride_" + Twine(d), bytes(strides[d], operand));
  };
  for (auto [i, sink] : llvm::enumerate(op.getSinks()))
    putRows("sink_" + Twine(i), sink,
            cast<AffineMapAttr>(op.getSinkMaps()[i]).getValue());
  if (op.getFactor())
    putRows("factor", op.getFactor(), *op.getFactorMap());

  for (unsigned d = 1; d < numDigits; ++d)
    put("extent_" + Twine(d), toI32(sizes.digitExtents[d]));
  double scale = op.getPart(0).getScale().getValueAsDouble();
  auto single = [&](double value) -> Value {
    return LLVM::ConstantOp::create(
        b, loc, b.getF32Type(), b.getF32FloatAttr(static_cast<float>(value)));
  };
  put("scale", single(scale));
  put("scale_log2", single(scale * M_LOG2E));

  // Pitches that the types leave open, and the modifiers' operands.
  for (unsigned i = 0; i != op.getNumParts(); ++i) {
    PartAttr attr = op.getPart(i);
    std::string prefix = ("v" + Twine(variants[i]) + "_").str();
    auto pitch = [&](StringRef name, Value operand, AffineMap map,
                     AffineExpr term) {
      Value elements = index.constant(0);
      for (auto [result, stride] :
           llvm::zip_equal(map.getResults(), getStrides(operand)))
        if (result == term)
          elements = index.add(elements, stride);
      put(prefix + name, bytes(elements, operand));
    };
    AffineExpr keyDim = getAffineDimExpr(
        attr.getNumDigits() + (attr.getPage() ? 1 : 0), context);
    Value key = op.getKeys()[i], value = op.getValues()[i];
    pitch("key_pitch", key, attr.getKey().getValue(), keyDim);
    pitch("value_pitch", value, attr.getValue().getValue(), keyDim);
    put(prefix + "key_column",
        bytes(getStrides(key)[attr.getKeyColumns()], key));
    put(prefix + "value_column",
        bytes(getStrides(value)[attr.getValueColumns()], value));
    if (attr.getPage()) {
      AffineExpr page = getAffineSymbolExpr(getTableSymbol(attr), context);
      pitch("key_page", key, attr.getKey().getValue(), page);
      pitch("value_page", value, attr.getValue().getValue(), page);
      // The fewer pages of K and V: table values beyond are clamped.
      Value pages;
      auto note = [&](Value operand, AffineMap map) {
        for (auto [dim, result] : llvm::enumerate(map.getResults()))
          if (result == page) {
            Value extent = b.createOrFold<memref::DimOp>(loc, operand, dim);
            pages = pages ? index.min(pages, extent) : extent;
          }
      };
      note(key, attr.getKey().getValue());
      note(value, attr.getValue().getValue());
      put(prefix + "last_page",
          toI32(index.max(index.sub(pages, index.constant(1)),
                          index.constant(0))));
    }
  }
  for (auto [v, modifier] : llvm::enumerate(modifiers)) {
    if (!modifier)
      continue;
    for (auto [parameter, source] :
         llvm::zip_equal(modifier->getParameters(), modifier->getSources())) {
      SmallVector<Value> operandStrides = getStrides(source.operand);
      Value elements = index.constant(0);
      for (auto [linear, stride] :
           llvm::zip_equal(source.access, operandStrides)) {
        int64_t coefficient = source.kind == ModifierParameter::Address
                                  ? linear.constant
                              : source.kind == ModifierParameter::DigitStride
                                  ? linear.dims[source.digit]
                                  : linear.dims[numDigits];
        elements = index.add(elements, index.mul(stride, coefficient));
      }
      Value number = bytes(elements, source.operand);
      if (source.kind == ModifierParameter::Address)
        number =
            LLVM::AddOp::create(b, loc, getAddress(source.operand), number);
      put("v" + Twine(v) + "_" + parameter.name, number);
    }
  }
}
