//===- TensorOps.cpp - the tensor dialect -----------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Interpreter.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace hydragen::interpreter {

FailureOr<Tensor> Interpreter::makeTensor(Operation *op, Type type,
                                          ArrayRef<int64_t> shape) {
  std::optional<Tensor> tensor =
      Tensor::create(cast<RankedTensorType>(type).getElementType(), shape);
  if (tensor)
    return *tensor;
  InFlightDiagnostic diag =
      op->emitError("interpreter: impossible or too large shape [");
  llvm::interleaveComma(shape, diag);
  return diag << "]";
}

static InFlightDiagnostic outside(Operation *op, StringRef what,
                                  ArrayRef<int64_t> index,
                                  ArrayRef<int64_t> shape) {
  InFlightDiagnostic diag = op->emitError("interpreter: ");
  diag << what << " [";
  llvm::interleaveComma(index, diag);
  diag << "] is outside of a tensor of [";
  llvm::interleaveComma(shape, diag);
  diag << "]";
  return diag;
}

/// A rectangle of a tensor: offsets, sizes and strides, one per dim.
namespace {
struct Slice {
  SmallVector<int64_t> offsets, sizes, strides;

  /// First and last element are inside `shape`.
  LogicalResult check(Operation *op, ArrayRef<int64_t> shape) const {
    for (size_t dim = 0; dim != shape.size(); ++dim) {
      int64_t last = offsets[dim] + (sizes[dim] - 1) * strides[dim];
      int64_t low = std::min(offsets[dim], last),
              high = std::max(offsets[dim], last);
      if (sizes[dim] < 0 || (sizes[dim] > 0 && (low < 0 || high >= shape[dim])))
        return op->emitError("interpreter: slice of dim ")
               << dim << " at " << offsets[dim] << " of size " << sizes[dim]
               << " and stride " << strides[dim] << " is outside of the extent "
               << shape[dim];
    }
    return success();
  }

  int64_t getOffset(const Tensor &tensor, ArrayRef<int64_t> index) const {
    int64_t offset = 0;
    for (size_t dim = 0; dim != index.size(); ++dim)
      offset =
          offset * tensor.shape[dim] + offsets[dim] + index[dim] * strides[dim];
    return offset;
  }
};
} // namespace

/// Shape of `reassociation` applied to `shape`: products of groups.
static SmallVector<int64_t>
collapseShape(ArrayRef<int64_t> shape,
              ArrayRef<ReassociationIndices> reassociation) {
  SmallVector<int64_t> result;
  for (const ReassociationIndices &group : reassociation) {
    int64_t extent = 1;
    for (int64_t dim : group)
      extent *= shape[dim];
    result.push_back(extent);
  }
  return result;
}

/// Shape of `type` where dynamic extents are taken from the slice's sizes, in
/// order, without the dims that `dropped` marks.
static SmallVector<int64_t> dropDims(ArrayRef<int64_t> sizes,
                                     const llvm::SmallBitVector &dropped) {
  SmallVector<int64_t> shape;
  for (auto [dim, size] : llvm::enumerate(sizes))
    if (!dropped.test(dim))
      shape.push_back(size);
  return shape;
}

namespace {
/// Copies of one tensor into another.
LogicalResult copyInto(Tensor &target, const Tensor &source,
                       ArrayRef<int64_t> offsets) {
  Scalar *out = target.write();
  const Scalar *in = source.read();
  return forEachIndex(source.shape, [&](ArrayRef<int64_t> index) {
    SmallVector<int64_t> position(index);
    for (auto [dim, offset] : llvm::enumerate(offsets))
      position[dim] += offset;
    out[*target.getOffset(position)] = *in++;
    return success();
  });
}
} // namespace

std::optional<LogicalResult> Interpreter::runTensorOp(Operation *op,
                                                      Frame &frame) {
  auto finish = [&](Tensor tensor) -> LogicalResult {
    frame.set(op->getResult(0), std::move(tensor));
    return success();
  };
  auto make = [&](ArrayRef<int64_t> shape) {
    return makeTensor(op, op->getResult(0).getType(), shape);
  };
  auto getSlice = [&](OffsetSizeAndStrideOpInterface slice) {
    return Slice{frame.integers(slice.getMixedOffsets()),
                 frame.integers(slice.getMixedSizes()),
                 frame.integers(slice.getMixedStrides())};
  };
  auto generate = [&](Region &region, Tensor tensor) -> LogicalResult {
    FailureOr<Body> body = Body::compile(region.front(), precision, frame);
    if (failed(body))
      return failure();
    Scalar *out = tensor.write();
    LogicalResult done =
        forEachIndex(tensor.shape, [&](ArrayRef<int64_t> index) {
          for (auto [i, value] : llvm::enumerate(index))
            body->getArgument(i) = makeInteger(value);
          if (failed(body->run({})))
            return failure();
          *out++ = body->getYield(0);
          return success();
        });
    return failed(done) ? failure() : finish(tensor);
  };

  return llvm::TypeSwitch<Operation *, std::optional<LogicalResult>>(op)
      .Case([&](tensor::EmptyOp empty) -> LogicalResult {
        FailureOr<Tensor> result = make(frame.integers(empty.getMixedSizes()));
        return failed(result) ? failure() : finish(*result);
      })
      .Case([&](tensor::DimOp dimOp) -> LogicalResult {
        const Tensor &source = frame.tensor(dimOp.getSource());
        int64_t dim = frame.integer(dimOp.getIndex());
        if (dim < 0 || dim >= source.getRank())
          return outside(op, "dim", {dim}, source.shape);
        frame.set(dimOp.getResult(), makeInteger(source.shape[dim]));
        return success();
      })
      .Case([&](tensor::RankOp rank) -> LogicalResult {
        frame.set(rank.getResult(),
                  makeInteger(frame.tensor(rank.getTensor()).getRank()));
        return success();
      })
      .Case([&](tensor::CastOp cast) -> LogicalResult {
        return finish(frame.tensor(cast.getSource()));
      })
      .Case([&](tensor::ExtractOp extract) -> LogicalResult {
        const Tensor &source = frame.tensor(extract.getTensor());
        SmallVector<int64_t> index;
        for (Value value : extract.getIndices())
          index.push_back(frame.integer(value));
        std::optional<int64_t> offset = source.getOffset(index);
        if (!offset)
          return outside(op, "index", index, source.shape);
        frame.set(extract.getResult(), source.read()[*offset]);
        return success();
      })
      .Case([&](tensor::InsertOp insert) -> LogicalResult {
        Tensor result = frame.tensor(insert.getDest());
        SmallVector<int64_t> index;
        for (Value value : insert.getIndices())
          index.push_back(frame.integer(value));
        std::optional<int64_t> offset = result.getOffset(index);
        if (!offset)
          return outside(op, "index", index, result.shape);
        result.write()[*offset] = frame.get(insert.getScalar()).scalar;
        return finish(result);
      })
      .Case([&](tensor::FromElementsOp elements) -> LogicalResult {
        FailureOr<Tensor> result = make(elements.getType().getShape());
        if (failed(result))
          return failure();
        Scalar *out = result->write();
        for (Value element : elements.getElements())
          *out++ = frame.get(element).scalar;
        return finish(*result);
      })
      .Case([&](tensor::SplatOp splat) -> LogicalResult {
        SmallVector<int64_t> shape(splat.getType().getShape());
        size_t next = 0;
        for (int64_t &extent : shape)
          if (ShapedType::isDynamic(extent))
            extent = frame.integer(splat.getDynamicSizes()[next++]);
        FailureOr<Tensor> result = make(shape);
        if (failed(result))
          return failure();
        std::fill_n(result->write(), result->getNumElements(),
                    frame.get(splat.getInput()).scalar);
        return finish(*result);
      })
      .Case([&](tensor::GenerateOp generateOp) -> LogicalResult {
        SmallVector<int64_t> shape(generateOp.getType().getShape());
        size_t next = 0;
        for (int64_t &extent : shape)
          if (ShapedType::isDynamic(extent))
            extent = frame.integer(generateOp.getDynamicExtents()[next++]);
        FailureOr<Tensor> result = make(shape);
        if (failed(result))
          return failure();
        return generate(generateOp.getBody(), *result);
      })
      .Case([&](tensor::PadOp pad) -> LogicalResult {
        const Tensor &source = frame.tensor(pad.getSource());
        SmallVector<int64_t> low = frame.integers(pad.getMixedLowPad());
        SmallVector<int64_t> high = frame.integers(pad.getMixedHighPad());
        SmallVector<int64_t> shape = source.shape;
        for (size_t dim = 0; dim != shape.size(); ++dim) {
          if (low[dim] < 0 || high[dim] < 0)
            return op->emitError("interpreter: negative padding of dim ")
                   << dim;
          shape[dim] += low[dim] + high[dim];
        }
        FailureOr<Tensor> result = make(shape);
        if (failed(result) || failed(generate(pad.getRegion(), *result)))
          return failure();
        Tensor padded = frame.tensor(op->getResult(0));
        return failed(copyInto(padded, source, low)) ? failure()
                                                     : finish(padded);
      })
      .Case([&](tensor::ConcatOp concat) -> LogicalResult {
        int64_t dim = static_cast<int64_t>(concat.getDim());
        SmallVector<int64_t> shape =
            frame.tensor(concat.getInputs().front()).shape;
        int64_t total = 0;
        for (Value input : concat.getInputs()) {
          SmallVector<int64_t> other = frame.tensor(input).shape;
          total += other[dim];
          other[dim] = shape[dim];
          if (other != shape)
            return op->emitError("interpreter: inputs differ outside of dim ")
                   << dim;
        }
        shape[dim] = total;
        FailureOr<Tensor> result = make(shape);
        if (failed(result))
          return failure();
        SmallVector<int64_t> offsets(shape.size(), 0);
        for (Value input : concat.getInputs()) {
          if (failed(copyInto(*result, frame.tensor(input), offsets)))
            return failure();
          offsets[dim] += frame.tensor(input).shape[dim];
        }
        return finish(*result);
      })
      .Case([&](tensor::ExtractSliceOp extract) -> LogicalResult {
        const Tensor &source = frame.tensor(extract.getSource());
        Slice slice = getSlice(extract);
        if (failed(slice.check(op, source.shape)))
          return failure();
        FailureOr<Tensor> result =
            make(dropDims(slice.sizes, extract.getDroppedDims()));
        if (failed(result))
          return failure();
        Scalar *out = result->write();
        (void)forEachIndex(slice.sizes, [&](ArrayRef<int64_t> index) {
          *out++ = source.read()[slice.getOffset(source, index)];
          return success();
        });
        return finish(*result);
      })
      .Case([&](tensor::InsertSliceOp insert) -> LogicalResult {
        const Tensor &source = frame.tensor(insert.getSource());
        Tensor result = frame.tensor(insert.getDest());
        Slice slice = getSlice(insert);
        if (failed(slice.check(op, result.shape)))
          return failure();
        SmallVector<int64_t> inserted =
            dropDims(slice.sizes, insert.getDroppedDims());
        if (inserted != source.shape)
          return outside(op, "slice", inserted, source.shape);
        Scalar *out = result.write();
        const Scalar *in = source.read();
        (void)forEachIndex(slice.sizes, [&](ArrayRef<int64_t> index) {
          out[slice.getOffset(result, index)] = *in++;
          return success();
        });
        return finish(result);
      })
      .Case([&](tensor::CollapseShapeOp collapse) -> LogicalResult {
        const Tensor &source = frame.tensor(collapse.getSrc());
        return finish(source.withShape(
            collapseShape(source.shape, collapse.getReassociationIndices())));
      })
      .Case([&](tensor::ExpandShapeOp expand) -> LogicalResult {
        const Tensor &source = frame.tensor(expand.getSrc());
        SmallVector<int64_t> shape =
            frame.integers(expand.getMixedOutputShape());
        if (collapseShape(shape, expand.getReassociationIndices()) !=
            ArrayRef<int64_t>(source.shape))
          return outside(op, "shape", shape, source.shape);
        return finish(source.withShape(shape));
      })
      .Case([&](tensor::ReshapeOp reshape) -> LogicalResult {
        const Tensor &source = frame.tensor(reshape.getSource());
        const Tensor &wanted = frame.tensor(reshape.getShape());
        SmallVector<int64_t> shape;
        for (int64_t i = 0; i != wanted.getNumElements(); ++i)
          shape.push_back(wanted.read()[i].i);
        if (countElements(shape) != source.getNumElements())
          return outside(op, "shape", shape, source.shape);
        return finish(source.withShape(shape));
      })
      .Default([](Operation *) { return std::nullopt; });
}

} // namespace hydragen::interpreter
