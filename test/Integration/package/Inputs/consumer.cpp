// Parses model IR and runs our front pipeline on it, through the installed
// package.
#include "hydragen/IR/Hydragen.h"
#include "hydragen/InitAll.h"
#include "hydragen/Pipelines/Pipelines.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/raw_ostream.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  hydragen::registerAllDialects(registry);
  mlir::MLIRContext context(registry);
  auto module = mlir::parseSourceFile<mlir::ModuleOp>(argv[1], &context);
  if (!module)
    return 1;
  mlir::PassManager pm(&context);
  hydragen::FrontOptions options;
  hydragen::buildFrontPipeline(pm, options);
  if (mlir::failed(pm.run(*module)))
    return 1;
  unsigned prefixes = 0;
  module->walk([&](mlir::hydragen::PrefixAttentionOp) { ++prefixes; });
  llvm::outs() << prefixes << " prefix attentions\n";
  return 0;
}
