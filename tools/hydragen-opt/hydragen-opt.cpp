//===- hydragen-opt.cpp - the mlir-opt driver with our passes ---*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hydragen/InitAll.h"

#include "mlir/InitAllPasses.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/raw_ostream.h"

/// LLVM's command line takes an unknown --hydragen-... for -h and leaves with
/// status 0. The argument that names no pass of ours, or null.
static const char *findUnknownPass(int argc, char **argv) {
  for (const char *argument : llvm::ArrayRef(argv, argc).drop_front()) {
    llvm::StringRef name = llvm::StringRef(argument).split('=').first;
    if ((name.consume_front("--") || name.consume_front("-")) &&
        name.starts_with("hydragen") && !mlir::PassInfo::lookup(name) &&
        !mlir::PassPipelineInfo::lookup(name))
      return argument;
  }
  return nullptr;
}

int main(int argc, char **argv) {
  llvm::cl::SetVersionPrinter([](llvm::raw_ostream &os) {
    os << "hydragen-opt " HYDRAGEN_VERSION " (LLVM " LLVM_VERSION_STRING ")\n";
  });
  mlir::registerAllPasses();
  hydragen::registerHydragenPasses();
  if (const char *unknown = findUnknownPass(argc, argv)) {
    llvm::errs() << "hydragen-opt: error: " << unknown
                 << ": unknown pass or pipeline\n";
    return 1;
  }
  mlir::DialectRegistry registry;
  hydragen::registerAllDialects(registry);
  return mlir::asMainReturnCode(mlir::MlirOptMain(
      argc, argv, "Hydragen: exact attention over shared prefixes\n",
      registry));
}
