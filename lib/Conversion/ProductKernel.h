//===- ProductKernel.h - what kernels of contractions share -----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_LIB_CONVERSION_PRODUCTKERNEL_H
#define HYDRAGEN_LIB_CONVERSION_PRODUCTKERNEL_H

#include "HydragenToCPU/Emitter.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace mlir::hydragen {

/// Operands that use a loop of out += left * right: all, left and out, right
/// and out, left and right.
enum class LoopKind : uint8_t { Batch, Left, Right, Sum };

/// The kind of each loop of `op` if it multiplies and sums f32, f16 or bf16
/// elements of two operands, out += left * right, with maps of plain dims.
std::optional<SmallVector<LoopKind>> getProductLoops(linalg::LinalgOp op);

/// An operand of a product: its buffer, map, and memory strides.
struct ProductSide {
  ProductSide() = default;
  ProductSide(linalg::LinalgOp op, OpOperand &operand);

  Value buffer;
  AffineMap map;
  SmallVector<int64_t> strides;

  FloatType element() const {
    return cast<FloatType>(getElementTypeOrSelf(buffer.getType()));
  }
  int64_t elementBytes() const { return element().getWidth() / 8; }
  /// Whether elements of successive `loop` are neighbours.
  bool isContiguous(unsigned loop) const {
    return !strides.empty() && strides.back() == 1 &&
           map.getResults().back().isFunctionOfDim(loop);
  }
  /// Whether it may not fit into a second-level cache: it is asked for ahead.
  bool isLarge() const;
};

/// Extent for a comparison; a dynamic one counts as large.
int64_t getProductExtent(int64_t extent);

/// Code of a product on buffers as work items: (outer indices) x (block of
/// rows) x (block of lanes). The lanes' operand is read by vectors along
/// `lane`.
class ProductKernel {
public:
  virtual ~ProductKernel() = default;
  /// Emits the op's work, as an `scf.parallel` when it is large.
  void emit();

protected:
  ProductKernel(OpBuilder &builder, linalg::LinalgOp op, unsigned vectorBits)
      : e(builder, op.getLoc(), builder.getF32Type()), op(op),
        vectorBits(vectorBits), width(vectorBits / 32),
        staticExtents(op.getStaticLoopRanges()) {}

  static constexpr int64_t kLineBytes = 64;
  /// Indices of all loops.
  using Point = SmallVector<Value>;

  virtual void makeScratch() = 0;
  virtual void emitItem(Value item) = 0;
  /// The first point of an item; sets its numbers of rows and lanes.
  Point getItemPoint(Value item);
  /// `body` with `point` at all indices of `sums`.
  void forSums(Point &point, function_ref<void()> body);
  /// Adds the sums of an item to the output.
  void storeOutput(Point point);

  SmallVector<Value> getIndices(const ProductSide &side, const Point &point);
  /// An element as f32.
  Value load(const ProductSide &side, const Point &point) {
    return e.cast(e.load(side.buffer, getIndices(side, point)), e.type);
  }
  /// `width` elements along the last index, as f32.
  Value loadVector(const ProductSide &side, const Point &point) {
    auto type = VectorType::get({width}, side.element());
    return e.cast(e.loadVector(type, side.buffer, getIndices(side, point)),
                  e.type);
  }
  /// Asks for the line of an element.
  void ask(const ProductSide &side, const Point &point);
  /// x * y + z. Processors with vectors of 128 bits have no such instruction,
  /// and its exact meaning would be a call.
  Value multiplyAdd(Value x, Value y, Value z) {
    return vectorBits == 128 ? e.fadd(e.fmul(x, y), z) : e.fma(x, y, z);
  }
  Value clamp(Value index, Value extent) {
    return e.min(index, e.sub(extent, e.index(1)));
  }

  cpu::Emitter e;
  linalg::LinalgOp op;
  unsigned vectorBits;
  int64_t width; ///< lanes of a vector

  ProductSide rows, lanes, out;
  /// Loops of the tile; `outer` are parallel ones, `sums` other summed ones.
  /// Without a loop of the rows' operand alone `row` is null: one row.
  std::optional<unsigned> row;
  unsigned lane = 0, depth = 0;
  SmallVector<unsigned> outer, sums;
  SmallVector<int64_t> staticExtents;
  SmallVector<Value> extents;
  int64_t blockRows = 0, blockLanes = 0; ///< of a work item

  Value laneCount, rowCount; ///< of this item, at most a block
  Value sum;                 ///< [blockRows][blockLanes]
};

} // namespace mlir::hydragen

#endif // HYDRAGEN_LIB_CONVERSION_PRODUCTKERNEL_H
