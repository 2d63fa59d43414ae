//===- InitAll.cpp - registration of everything -----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hydragen/InitAll.h"

#include "hydragen/Conversion/BufferizableOpInterfaceImpl.h"
#include "hydragen/Conversion/Passes.h"
#include "hydragen/IR/Hydragen.h"
#include "hydragen/IR/Tiling.h"
#include "hydragen/Pipelines/Pipelines.h"
#include "hydragen/Transforms/Passes.h"

#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"

void hydragen::registerHydragenDialect(mlir::DialectRegistry &registry) {
  registry.insert<mlir::hydragen::HydragenDialect>();
  mlir::hydragen::registerBufferizableOpInterfaceExternalModels(registry);
  mlir::hydragen::registerTilingInterfaceExternalModels(registry);
}

void hydragen::registerAllDialects(mlir::DialectRegistry &registry) {
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  registerHydragenDialect(registry);
}

void hydragen::registerHydragenPasses() {
  mlir::hydragen::registerHydragenConversionPasses();
  mlir::hydragen::registerHydragenTransformsPasses();
  registerHydragenPipelines();
}
