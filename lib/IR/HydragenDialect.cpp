//===- HydragenDialect.cpp - the hydragen dialect ---------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hydragen/IR/Hydragen.h"

#include "mlir/Interfaces/FunctionInterfaces.h"

using namespace mlir;
using namespace mlir::hydragen;

#include "hydragen/IR/HydragenDialect.cpp.inc"
#include "hydragen/IR/HydragenInterfaces.cpp.inc"

#define GET_OP_CLASSES
#include "hydragen/IR/HydragenOps.cpp.inc"

void HydragenDialect::initialize() {
  registerAttributes();
  addOperations<
#define GET_OP_LIST
#include "hydragen/IR/HydragenOps.cpp.inc"
      >();
}

LogicalResult HydragenDialect::verifyOperationAttribute(Operation *op,
                                                        NamedAttribute attr) {
  if (attr.getName() != AttentionRecordAttr::kListName)
    return success();
  // records_c1
  auto list = dyn_cast<ArrayAttr>(attr.getValue());
  if (!list || !llvm::all_of(list, llvm::IsaPred<AttentionRecordAttr>))
    return op->emitOpError()
           << attr.getName() << " expects an array of attention_record";
  return success();
}

LogicalResult HydragenDialect::verifyRegionArgAttribute(Operation *op,
                                                        unsigned regionIndex,
                                                        unsigned argIndex,
                                                        NamedAttribute attr) {
  if (attr.getName() != kAliasOutputAttrName)
    return op->emitOpError("unknown argument attribute ") << attr.getName();
  auto function = dyn_cast<FunctionOpInterface>(op);
  auto result = dyn_cast<IntegerAttr>(attr.getValue());
  if (!function || !result)
    return op->emitOpError()
           << attr.getName() << " expects a function and an integer";
  // alias_output_c1
  int64_t number = result.getInt();
  if (number < 0 || number >= function.getNumResults())
    return op->emitOpError() << attr.getName() << " refers to result " << number
                             << " of " << function.getNumResults();
  // alias_output_c2
  if (function.getArgumentTypes()[argIndex] !=
      function.getResultTypes()[number])
    return op->emitOpError()
           << attr.getName() << " expects equal types but argument " << argIndex
           << " is " << function.getArgumentTypes()[argIndex] << " and result "
           << number << " is " << function.getResultTypes()[number];
  return success();
}
