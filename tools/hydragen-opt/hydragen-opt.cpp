//===- hydragen-opt.cpp - the mlir-opt driver with our passes ---*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hydragen/InitAll.h"

#include "mlir/InitAllPasses.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/raw_ostream.h"

int main(int argc, char **argv) {
  llvm::cl::SetVersionPrinter([](llvm::raw_ostream &os) {
    os << "hydragen-opt " HYDRAGEN_VERSION " (LLVM " LLVM_VERSION_STRING ")\n";
  });
  mlir::registerAllPasses();
  hydragen::registerHydragenPasses();
  mlir::DialectRegistry registry;
  hydragen::registerAllDialects(registry);
  return mlir::asMainReturnCode(mlir::MlirOptMain(
      argc, argv, "Hydragen: exact attention over shared prefixes\n", registry));
}
