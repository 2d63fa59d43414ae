//===- hydragen-reduce.cpp - shrink IR that shows a defect ------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hydragen/InitAll.h"

#include "mlir/IR/MLIRContext.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Tools/mlir-reduce/MlirReduceMain.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/raw_ostream.h"

#include <cstdlib>

int main(int argc, char **argv) {
  llvm::cl::SetVersionPrinter([](llvm::raw_ostream &os) {
    os << "hydragen-reduce " HYDRAGEN_VERSION " (LLVM " LLVM_VERSION_STRING
          ")\n";
  });
  // A tester that cannot be run is a fatal error upstream.
  llvm::install_fatal_error_handler([](void *, const char *reason, bool) {
    llvm::errs() << "hydragen-reduce: error: " << reason << "\n";
    std::exit(1);
  });
  mlir::registerAllPasses();
  hydragen::registerHydragenPasses();
  mlir::DialectRegistry registry;
  hydragen::registerAllDialects(registry);
  mlir::MLIRContext context(registry);
  return mlir::failed(mlir::mlirReduceMain(argc, argv, context));
}
