//===- BufferizableOpInterfaceImpl.cpp - bufferisation ----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hydragen/Conversion/BufferizableOpInterfaceImpl.h"

#include "hydragen/IR/AttentionDims.h"
#include "hydragen/IR/Hydragen.h"

#include "mlir/Dialect/Bufferization/IR/BufferizableOpInterface.h"
#include "mlir/Dialect/Bufferization/IR/DstBufferizableOpInterfaceImpl.h"

using namespace mlir;
using namespace mlir::hydragen;
using namespace mlir::bufferization;

namespace {
template <typename OpTy>
struct Model : DstBufferizableOpInterfaceExternalModel<Model<OpTy>, OpTy> {
  /// A finalize that does not accumulate never reads its init, nor does an
  /// attention that begins with the neutral state.
  bool bufferizesToMemoryRead(Operation *op, OpOperand &operand,
                              const AnalysisState &state) const {
    auto dps = cast<DestinationStyleOpInterface>(op);
    if (!dps.isDpsInit(&operand))
      return true;
    if (auto finalize = dyn_cast<FinalizeOp>(op))
      return finalize.getAccumulate();
    if (auto attend = dyn_cast<AttendOp>(op))
      return attend.getAccumulate();
    if (op->hasAttr(kNeutralInitsAttr))
      return false;
    return !isa<StateLseOp>(op);
  }

  LogicalResult bufferize(Operation *op, RewriterBase &rewriter,
                          const BufferizationOptions &options,
                          BufferizationState &state) const {
    OpBuilder::InsertionGuard guard(rewriter);
    rewriter.setInsertionPoint(op);
    SmallVector<Value> operands;
    for (Value operand : op->getOperands()) {
      if (!isa<TensorType>(operand.getType())) {
        operands.push_back(operand);
        continue;
      }
      FailureOr<Value> buffer = getBuffer(rewriter, operand, options, state);
      if (failed(buffer))
        return failure();
      operands.push_back(*buffer);
    }
    OperationState newState(op->getLoc(), op->getName(), operands, TypeRange(),
                            op->getAttrs());
    for (Region &region : op->getRegions())
      newState.addRegion()->takeBody(region);
    Operation *newOp = rewriter.create(newState);
    SmallVector<Value> results;
    for (OpOperand &init :
         cast<DestinationStyleOpInterface>(newOp).getDpsInitsMutable())
      results.push_back(init.get());
    replaceOpWithBufferizedValues(rewriter, op, results);
    return success();
  }
};
} // namespace

void hydragen::registerBufferizableOpInterfaceExternalModels(
    DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, HydragenDialect *dialect) {
    AttendOp::attachInterface<Model<AttendOp>>(*context);
    PrefixAttentionOp::attachInterface<Model<PrefixAttentionOp>>(*context);
    SuffixAttentionOp::attachInterface<Model<SuffixAttentionOp>>(*context);
    CombineOp::attachInterface<Model<CombineOp>>(*context);
    FinalizeOp::attachInterface<Model<FinalizeOp>>(*context);
    StateLseOp::attachInterface<Model<StateLseOp>>(*context);
  });
}
