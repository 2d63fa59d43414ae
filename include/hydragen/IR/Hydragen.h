//===- Hydragen.h - the hydragen dialect, its attributes and ops -*- C++
//-*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_IR_HYDRAGEN_H
#define HYDRAGEN_IR_HYDRAGEN_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "hydragen/IR/HydragenDialect.h.inc"
#include "hydragen/IR/HydragenEnums.h.inc"

#define GET_ATTRDEF_CLASSES
#include "hydragen/IR/HydragenAttributes.h.inc"

#include "hydragen/IR/HydragenInterfaces.h.inc"

#define GET_OP_CLASSES
#include "hydragen/IR/HydragenOps.h.inc"

#endif // HYDRAGEN_IR_HYDRAGEN_H
