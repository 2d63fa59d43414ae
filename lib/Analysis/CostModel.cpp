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

// What explains the times of 67 attentions on an H200 best (least squares of
// logarithms, 11 % off on average): docs/benchmarks/2026-11-27-gpu.md.

/// Plan and attention kernel, from the first load to the last store, us.
static constexpr double kGPULaunch = 16;
/// Part of the peak that the kernels reach; f32 takes this many times as long.
static constexpr double kGPUProducts = 0.34, kGPUReads = 0.94,
                        kGPUFloat32 = 9.6;
/// What is bound by products and what by reads overlap in part.
static constexpr double kGPUOverlap = 0.5;
/// A block's time for an item beside its keys, and for the fold of up to four
/// states of 16 rows, us; blocks per multiprocessor.
static constexpr double kGPUItem = 1.4, kGPUFold = 2.9, kGPUBlocks = 2;

static double predictForm(ArrayRef<PartCost> parts, GPUTargetAttr gpu) {
  // FLOP/us and bytes/us.
  double products = gpu.getFlops() * 1e6 * kGPUProducts;
  double reads = gpu.getBandwidth() * 1e3 * kGPUReads;
  double inProducts = 0, inReads = 0, items = 0, groups = 0;
  for (const PartCost &part : parts) {
    // As hydragen-schedule chooses tiles, which are computed whole.
    int64_t tileRows = part.rows > 16 ? 64 : 16;
    double tiles = part.copies * llvm::divideCeil(int64_t(part.rows), tileRows);
    double flops = 2 * tiles * tileRows * part.keys *
                   (part.contraction + part.values) *
                   (part.float32 ? kGPUFloat32 : 1);
    double bytes = part.copies * part.keys * part.bytesPerKey;
    if (flops / products > bytes / reads)
      inProducts += flops / products;
    else
      inReads += bytes / reads;
    items += tiles;
    groups = std::max(groups,
                      part.copies * llvm::divideCeil(int64_t(part.rows), 16));
  }
  double inBlocks = items * kGPUItem;
  if (parts.size() > 1)
    inBlocks += groups * llvm::divideCeil(parts.size(), 4) * kGPUFold;
  return kGPULaunch + std::max(inProducts, inReads) +
         kGPUOverlap * std::min(inProducts, inReads) +
         inBlocks / (kGPUBlocks * gpu.getMultiprocessors());
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
