//===- hydragen-plugin.cpp - our dialect and passes in mlir-opt -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// mlir-opt --load-dialect-plugin=hydragen-plugin.so
//          --load-pass-plugin=hydragen-plugin.so
//          --pass-pipeline="builtin.module(hydragen-front)"
//===----------------------------------------------------------------------===//

#include "hydragen/InitAll.h"

#include "mlir/IR/DialectRegistry.h"
#include "mlir/Tools/Plugins/DialectPlugin.h"
#include "mlir/Tools/Plugins/PassPlugin.h"
#include "llvm/Support/Compiler.h"

extern "C" LLVM_ATTRIBUTE_WEAK mlir::DialectPluginLibraryInfo
mlirGetDialectPluginInfo() {
  return {MLIR_PLUGIN_API_VERSION, "Hydragen", HYDRAGEN_VERSION,
          [](mlir::DialectRegistry *registry) {
            hydragen::registerHydragenDialect(*registry);
          }};
}

extern "C" LLVM_ATTRIBUTE_WEAK mlir::PassPluginLibraryInfo
mlirGetPassPluginInfo() {
  return {MLIR_PLUGIN_API_VERSION, "HydragenPasses", HYDRAGEN_VERSION,
          []() { hydragen::registerHydragenPasses(); }};
}
