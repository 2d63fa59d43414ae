//===- ObjectCode.h - the LLVM dialect to object code -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_TARGET_OBJECTCODE_H
#define HYDRAGEN_TARGET_OBJECTCODE_H

#include "hydragen/Target/Manifest.h"
#include "hydragen/Target/TargetSpec.h"

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/SmallVector.h"
#include <memory>

namespace llvm {
class LLVMContext;
class Module;
class TargetMachine;
} // namespace llvm

namespace hydragen {

/// A code generator for position-independent code.
llvm::Expected<std::unique_ptr<llvm::TargetMachine>>
makeTargetMachine(const CPUTarget &target);

/// Translates a module in the LLVM dialect whose entries were made by
/// `hydragen-make-entry`, and adds the module table, the manifest and the query
/// function. Everything but the query function is internal. Null after an
/// error.
std::unique_ptr<llvm::Module> translateModule(mlir::ModuleOp module,
                                              llvm::LLVMContext &context,
                                              const CPUTarget &target,
                                              llvm::TargetMachine &machine,
                                              const ModuleInfo &info);

/// Object code of `module`.
llvm::Expected<llvm::SmallVector<char, 0>>
emitObject(llvm::Module &module, llvm::TargetMachine &machine);

} // namespace hydragen

#endif // HYDRAGEN_TARGET_OBJECTCODE_H
