//===- CostModel.cpp - what plain and shared attention cost -----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hydragen/Analysis/CostModel.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Interfaces/ViewLikeInterface.h"

using namespace mlir;
using namespace mlir::hydragen;

Attribute hydragen::getCostTarget(MLIRContext *context, StringRef name) {
  if (CPUTargetAttr cpu = CPUTargetAttr::getNamed(context, name))
    return cpu;
  return GPUTargetAttr::getNamed(context, name);
}

//===----------------------------------------------------------------------===//
// CPU
//===----------------------------------------------------------------------===//

/// Microseconds of one partial attention; the state's rows not counted.
static double predictPart(const PartCost &part, CPUTargetAttr cpu) {
  double products =
      2 * part.copies * part.keys * (part.contraction + part.values);
  // As convert-hydragen-to-cpu chooses: up to 8 rows load keys once and take
  // longer for the first; more fill blocks of rows in the lanes.
  double compute;
  if (part.rows <= 8) {
    compute = products * (1.0 / cpu.getDot() + (part.rows - 1) / cpu.getFew());
  } else {
    int64_t block = cpu.getVectorBits() == 512 ? 16 : cpu.getVectorBits() / 16;
    compute =
        products * llvm::alignTo(int64_t(part.rows), block) / cpu.getProduct();
  }
  compute += part.copies * part.rows * part.keys / cpu.getExponentials();
  double memory =
      part.copies * part.keys * part.bytesPerKey / cpu.getBandwidth();
  return std::max(compute, memory);
}

static double predictForm(ArrayRef<PartCost> parts, CPUTargetAttr cpu) {
  double launch = cpu.getLaunch() * 1e-3, row = cpu.getRow() * 1e-3;
  // The end of all: states to outputs. Merging is one more loop.
  double time = launch + (parts.size() > 1 ? launch : 0), rows = 0;
  for (const PartCost &part : parts) {
    time += launch + predictPart(part, cpu);
    rows += part.copies * part.rows;
  }
  return time + rows * row;
}

//===----------------------------------------------------------------------===//
// GPU
//===----------------------------------------------------------------------===//

// A launch that finds the device idle: CUDA C++ Best Practices Guide and the
// usual measurements say 3 to 10 us. Not measured here.
static constexpr double kGPULaunch = 5;
/// Part of the peak that attention kernels reach: FlashAttention-2 (arXiv
/// 2307.08691, section 4) has 50 to 73 %; kernel-bound reads 80 % of bandwidth.
static constexpr double kGPUProducts = 0.5, kGPUReads = 0.8;

static double predictForm(ArrayRef<PartCost> parts, GPUTargetAttr gpu) {
  // FLOP/us and bytes/us.
  double products = gpu.getFlops() * 1e6 * kGPUProducts;
  double reads = gpu.getBandwidth() * 1e3 * kGPUReads;
  double time = kGPULaunch;
  for (const PartCost &part : parts) {
    // Fragments of 16 rows are computed whole.
    double rows = llvm::alignTo(int64_t(part.rows), 16);
    double flops =
        2 * part.copies * rows * part.keys * (part.contraction + part.values);
    double bytes = part.copies * part.keys * part.bytesPerKey;
    time += std::max(flops / products, bytes / reads);
    // States of f32, written and read once.
    if (parts.size() > 1)
      time += 2 * 4 * part.copies * part.rows * (part.values + 2) / reads;
  }
  return time;
}

Prediction hydragen::predict(const AttentionCost &attention, Attribute target) {
  auto predictOn = [&](auto device, double copies) {
    Prediction result;
    result.shared = predictForm(attention.shared, device);
    result.plain = predictForm(attention.written, device) + copies;
    if (attention.pieces.empty())
      return result;
    double pieces = predictForm(attention.pieces, device);
    result.plainReadsPieces = pieces < result.plain;
    result.plain = std::min(result.plain, pieces);
    return result;
  };
  if (auto cpu = dyn_cast<CPUTargetAttr>(target))
    return predictOn(cpu, attention.copiedBytes / cpu.getCopy() +
                              attention.numCopies * cpu.getLaunch() * 1e-3);
  auto gpu = cast<GPUTargetAttr>(target);
  // Read and written.
  return predictOn(gpu, 2 * attention.copiedBytes /
                                (gpu.getBandwidth() * 1e3 * kGPUReads) +
                            attention.numCopies * kGPULaunch);
}

//===----------------------------------------------------------------------===//
// Copies
//===----------------------------------------------------------------------===//

/// Whether the op only moves elements.
static bool isCopy(Operation *op) {
  if (isa<tensor::ConcatOp, tensor::PadOp, tensor::InsertSliceOp,
          linalg::BroadcastOp, linalg::TransposeOp, linalg::CopyOp>(op))
    return true;
  auto generic = dyn_cast<linalg::GenericOp>(op);
  if (!generic)
    return false;
  // Gathers compute indices.
  return llvm::all_of(generic.getBody()->getOperations(), [](Operation &inner) {
    return isa<linalg::YieldOp, linalg::IndexOp, tensor::ExtractOp>(inner) ||
           llvm::all_of(inner.getResultTypes(),
                        [](Type type) { return type.isIntOrIndex(); });
  });
}

static bool isView(Operation *op) {
  return isa<tensor::ExpandShapeOp, tensor::CollapseShapeOp, tensor::CastOp,
             tensor::ExtractSliceOp, tensor::ReshapeOp>(op);
}

void hydragen::addCopies(AttentionOp op, AttentionCost &attention) {
  SmallVector<Value> work(op.getKeys());
  llvm::append_range(work, op.getValues());
  DenseSet<Operation *> seen;
  while (!work.empty()) {
    Operation *producer = work.pop_back_val().getDefiningOp();
    if (!producer || (!isCopy(producer) && !isView(producer)) ||
        !seen.insert(producer).second)
      continue;
    // Something else wants it anyway.
    if (!llvm::all_of(producer->getUsers(), [&](Operation *user) {
          return user == op || seen.contains(user);
        }))
      continue;
    SmallVector<Value> sources;
    Value written = producer->getResult(0);
    if (auto insert = dyn_cast<tensor::InsertSliceOp>(producer))
      written = insert.getSource(); // in place
    if (auto linalgOp = dyn_cast<linalg::LinalgOp>(producer))
      llvm::append_range(sources, linalgOp.getDpsInputs());
    else
      llvm::append_range(sources, producer->getOperands());
    llvm::append_range(work, sources);
    auto type = cast<RankedTensorType>(written.getType());
    if (isView(producer) || !type.hasStaticShape() ||
        !type.getElementType().isIntOrFloat())
      continue;
    attention.copiedBytes +=
        double(type.getNumElements()) * (type.getElementTypeBitWidth() / 8.0);
    ++attention.numCopies;
  }
}
