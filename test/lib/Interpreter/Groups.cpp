//===- Groups.cpp - group_rows, ungroup_rows --------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Interpreter.h"

#include <map>

using namespace mlir;
using namespace mlir::hydragen;

namespace hydragen::interpreter {

static FailureOr<Tensor> makeList(Operation *op, ArrayRef<int64_t> shape,
                                  ArrayRef<int64_t> numbers) {
  std::optional<Tensor> tensor =
      Tensor::create(IntegerType::get(op->getContext(), 64), shape);
  if (!tensor)
    return op->emitError("interpreter: too many elements");
  Scalar *elements = tensor->write();
  for (int64_t number : numbers)
    *elements++ = makeInteger(number);
  return *tensor;
}

LogicalResult Interpreter::run(GroupRowsOp op, Frame &frame) {
  int64_t width = op.getWidth(), least = op.getLeast();
  int64_t numRows = frame.tensor(op.getIds().front()).getNumElements();
  // Groups by their numbers, in the order of their first rows.
  std::map<std::vector<int64_t>, size_t> known;
  std::vector<std::vector<int64_t>> groups;
  for (int64_t row = 0; row != numRows; ++row) {
    std::vector<int64_t> numbers;
    for (Value ids : op.getIds()) {
      const Tensor &list = frame.tensor(ids);
      if (list.getNumElements() != numRows)
        return op.emitError("interpreter: lists of different lengths");
      numbers.push_back(list.read()[row].i);
    }
    auto [it, isNew] = known.try_emplace(numbers, groups.size());
    if (isNew)
      groups.emplace_back();
    groups[it->second].push_back(row);
  }
  SmallVector<int64_t> tiles, singles, slots(numRows, -1);
  for (const std::vector<int64_t> &group : groups) {
    size_t tiled = group.size() / width * width;
    if (static_cast<int64_t>(group.size() - tiled) >= least)
      tiled = group.size();
    for (size_t i = 0; i != tiled; ++i) {
      slots[group[i]] = tiles.size();
      tiles.push_back(group[i]);
    }
    while (tiles.size() % width)
      tiles.push_back(group.front());
  }
  for (const std::vector<int64_t> &group : groups)
    for (int64_t row : group)
      if (slots[row] < 0) {
        slots[row] = tiles.size() + singles.size();
        singles.push_back(row);
      }
  int64_t numTiles = tiles.size() / width, numSingles = singles.size();
  auto a = makeList(op, {numTiles, width}, tiles);
  auto b = makeList(op, {numSingles}, singles);
  auto c = makeList(op, {numRows}, slots);
  if (failed(a) || failed(b) || failed(c))
    return failure();
  frame.set(op.getTiles(), *a);
  frame.set(op.getSingles(), *b);
  frame.set(op.getSlots(), *c);
  return success();
}

LogicalResult Interpreter::run(UngroupRowsOp op, Frame &frame) {
  const Tensor &slots = frame.tensor(op.getSlots());
  const Tensor &tiles = frame.tensor(op.getTiles());
  const Tensor &singles = frame.tensor(op.getSingles());
  int64_t dim = op.getDim(), inTiles = tiles.shape[0] * tiles.shape[1];
  SmallVector<int64_t> shape(ArrayRef<int64_t>(singles.shape).drop_front());
  if (ArrayRef<int64_t>(tiles.shape).drop_front(2) != ArrayRef<int64_t>(shape))
    return op.emitError("interpreter: tiles and singles do not fit");
  shape.insert(shape.begin() + dim, slots.getNumElements());
  std::optional<Tensor> result = Tensor::create(tiles.elementType, shape);
  if (!result)
    return op.emitError("interpreter: too many elements");
  Scalar *out = result->write();
  LogicalResult done = forEachIndex(shape, [&](ArrayRef<int64_t> at) {
    int64_t slot = slots.read()[at[dim]].i;
    bool isTiled = slot < inTiles;
    SmallVector<int64_t> from;
    if (isTiled)
      from = {slot / tiles.shape[1], slot % tiles.shape[1]};
    else
      from = {slot - inTiles};
    for (auto [i, index] : llvm::enumerate(at))
      if (static_cast<int64_t>(i) != dim)
        from.push_back(index);
    const Tensor &source = isTiled ? tiles : singles;
    std::optional<int64_t> offset = source.getOffset(from);
    if (slot < 0 || !offset)
      return failure();
    *out++ = source.read()[*offset];
    return success();
  });
  if (failed(done))
    return op.emitError("interpreter: a slot is outside of tiles and singles");
  frame.set(op.getResult(), *result);
  return success();
}

} // namespace hydragen::interpreter
