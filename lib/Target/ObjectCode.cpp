//===- ObjectCode.cpp - the LLVM dialect to object code ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hydragen/Target/ObjectCode.h"

#include "SoftFloat.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/Analysis/LoopInfo.h"
#include "llvm/IR/Dominators.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/Verifier.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/Target/TargetOptions.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/Transforms/Utils/LoopUtils.h"
#include "llvm/Transforms/Utils/ModuleUtils.h"

using namespace llvm;

static Error makeError(const Twine &text) {
  return createStringError(inconvertibleErrorCode(), text);
}

Expected<std::unique_ptr<TargetMachine>>
hydragen::makeTargetMachine(const CPUTarget &target) {
  Triple triple(sys::getProcessTriple());
  std::string message;
  const Target *registered = TargetRegistry::lookupTarget(triple, message);
  if (!registered)
    return makeError(message);
  std::unique_ptr<TargetMachine> machine(registered->createTargetMachine(
      triple, target.cpu, target.features, TargetOptions(), Reloc::PIC_,
      std::nullopt, CodeGenOptLevel::Default));
  if (!machine)
    return makeError("cannot generate code for '" + Twine(target.cpu) + "'");
  return machine;
}

//===----------------------------------------------------------------------===//
// Module table
//===----------------------------------------------------------------------===//

namespace {
/// Adds the constants and functions of the module ABI (module.h).
class TableBuilder {
public:
  explicit TableBuilder(llvm::Module &module)
      : module(module), context(module.getContext()),
        ptr(PointerType::getUnqual(context)), i32(Type::getInt32Ty(context)),
        i64(Type::getInt64Ty(context)) {}

  void addManifest(StringRef text) {
    Constant *bytes =
        ConstantDataArray::getString(context, text, /*AddNull=*/false);
    auto *global = makeGlobal(bytes, "hydragen_manifest");
    global->setSection(hydragen::kManifestSection);
    global->setAlignment(Align(8));
    appendToUsed(module, {global});
  }

  void addTable(const hydragen::ModuleInfo &info,
                ArrayRef<uint64_t> workspaces) {
    SmallVector<Constant *> pointers;
    for (auto [entry, bytes] : zip_equal(info.entries, workspaces)) {
      Constant *fields[] = {
          sized(5 * 8), makeString(entry.name),
          module.getFunction(entry.name + entry.suffix),
          module.getFunction(entry.name + "__output_shapes" + entry.suffix),
          makeWorkspaceFunction(entry, bytes)};
      pointers.push_back(
          makeGlobal(ConstantStruct::getAnon(fields), "hydragen_entry"));
    }
    Constant *list = makeGlobal(
        ConstantArray::get(ArrayType::get(ptr, pointers.size()), pointers),
        "hydragen_entries");
    SmallVector<Constant *> fields{
        ConstantInt::get(i32, info.kernels.empty() ? 24 : 56),
        ConstantInt::get(i32, hydragen::kModuleABI),
        ConstantInt::get(i64, info.entries.size()), list};
    if (!info.kernels.empty())
      fields.append({ConstantInt::get(i64, info.kernels.size()),
                     makeKernels(info.kernels),
                     ConstantInt::get(i64, info.images.size()),
                     makeImages(info.images)});
    GlobalVariable *table =
        makeGlobal(ConstantStruct::getAnon(fields), "hydragen_table");

    auto *query = Function::Create(FunctionType::get(ptr, {i32}, false),
                                   GlobalValue::ExternalLinkage,
                                   "hydragen_module_query", module);
    IRBuilder<> builder(BasicBlock::Create(context, "", query));
    Value *known = builder.CreateICmpEQ(query->getArg(0),
                                        builder.getInt32(hydragen::kModuleABI));
    builder.CreateRet(
        builder.CreateSelect(known, table, ConstantPointerNull::get(ptr)));
  }

private:
  /// struct_size with its padding before a pointer.
  Constant *sized(uint64_t bytes) { return ConstantInt::get(i64, bytes); }

  GlobalVariable *makeGlobal(Constant *value, const Twine &name) {
    return new GlobalVariable(module, value->getType(), /*isConstant=*/true,
                              GlobalValue::InternalLinkage, value, name);
  }

  GlobalVariable *makeString(StringRef text) {
    return makeGlobal(ConstantDataArray::getString(context, text),
                      "hydragen_name");
  }

  /// hydragen_kernel[], hydragen_image[] of module.h.
  GlobalVariable *makeKernels(ArrayRef<hydragen::KernelInfo> kernels) {
    SmallVector<Constant *> list;
    auto number = [&](uint64_t value) { return ConstantInt::get(i32, value); };
    for (const hydragen::KernelInfo &kernel : kernels)
      list.push_back(ConstantStruct::getAnon(
          {sized(40), makeString(kernel.name), number(kernel.threads),
           number(1), number(1), number(kernel.sharedBytes),
           number(kernel.parameterBytes), number(kernel.waits ? 1 : 0)}));
    return makeGlobal(
        ConstantArray::get(ArrayType::get(list[0]->getType(), list.size()),
                           list),
        "hydragen_kernels");
  }
  GlobalVariable *makeImages(ArrayRef<hydragen::ImageInfo> images) {
    SmallVector<Constant *> list;
    for (const hydragen::ImageInfo &image : images) {
      // PTX has a final zero that is not counted.
      GlobalVariable *data = makeGlobal(
          ConstantDataArray::getString(context, image.data), "hydragen_image");
      data->setAlignment(Align(16));
      list.push_back(ConstantStruct::getAnon(
          {ConstantInt::get(i32, 32), ConstantInt::get(i32, image.arch),
           ConstantInt::get(i64, image.cubin ? 1 : 0),
           ConstantInt::get(i64, image.data.size()), data}));
    }
    return makeGlobal(
        ConstantArray::get(ArrayType::get(list[0]->getType(), list.size()),
                           list),
        "hydragen_images");
  }

  /// `bytes` and what the IR's function adds for dynamic sizes.
  Function *makeWorkspaceFunction(const hydragen::EntryInfo &entry,
                                  uint64_t bytes) {
    Function *dynamic =
        module.getFunction(entry.name + "__workspace_bytes" + entry.suffix);
    auto *function = Function::Create(
        FunctionType::get(i64, {ptr}, false), GlobalValue::InternalLinkage,
        entry.name + "__workspace" + entry.suffix, module);
    IRBuilder<> builder(BasicBlock::Create(context, "", function));
    Value *total = builder.getInt64(bytes);
    if (dynamic)
      total = builder.CreateAdd(
          total, builder.CreateCall(dynamic, {function->getArg(0)}));
    builder.CreateRet(total);
    return function;
  }

  llvm::Module &module;
  LLVMContext &context;
  PointerType *ptr;
  Type *i32, *i64;
};
} // namespace

//===----------------------------------------------------------------------===//
// Translation
//===----------------------------------------------------------------------===//

/// Keeps the loops of `function` from being unrolled: with what a model does
/// beside attention and large products, loop after loop, that took more than
/// half of the compile time.
static void disableUnrolling(Function &function) {
  DominatorTree tree(function);
  LoopInfo loops(tree);
  for (Loop *loop : loops.getLoopsInPreorder())
    addStringMetadataToLoop(loop, "llvm.loop.unroll.disable", 1);
}

std::unique_ptr<llvm::Module>
hydragen::translateModule(mlir::ModuleOp module, LLVMContext &context,
                          const CPUTarget &target, TargetMachine &machine,
                          const ModuleInfo &info) {
  mlir::registerBuiltinDialectTranslation(*module.getContext());
  mlir::registerLLVMDialectTranslation(*module.getContext());
  SmallVector<uint64_t> workspaces;
  for (const EntryInfo &entry : info.entries) {
    auto function =
        module.lookupSymbol<mlir::LLVM::LLVMFuncOp>(entry.name + entry.suffix);
    if (!function) {
      module.emitError("entry '") << entry.name << "' was lost";
      return nullptr;
    }
    auto bytes =
        function->getAttrOfType<mlir::IntegerAttr>("hydragen.workspace_bytes");
    workspaces.push_back(bytes ? bytes.getInt() : 0);
  }
  // What is left of unknown ops or casts stops here with the op's name.
  mlir::WalkResult result = module.walk([&](mlir::Operation *op) {
    if (isa<mlir::ModuleOp>(op) ||
        isa_and_nonnull<mlir::LLVM::LLVMDialect>(op->getDialect()))
      return mlir::WalkResult::advance();
    mlir::emitError(op->getLoc())
        << "op '" << op->getName() << "' cannot be lowered to the CPU";
    return mlir::WalkResult::interrupt();
  });
  if (result.wasInterrupted())
    return nullptr;

  std::unique_ptr<llvm::Module> code =
      mlir::translateModuleToLLVMIR(module, context, "hydragen");
  if (!code)
    return nullptr;
  code->setDataLayout(machine.createDataLayout());
  code->setTargetTriple(machine.getTargetTriple());
  code->setPICLevel(PICLevel::BigPIC);

  for (Function &function : *code)
    if (!function.isDeclaration())
      function.setLinkage(GlobalValue::InternalLinkage);
  // The bodies of parallel loops are where time is spent; all else is serial.
  for (auto function : module.getOps<mlir::LLVM::LLVMFuncOp>())
    if (function->hasAttr("hydragen.entry"))
      disableUnrolling(*code->getFunction(function.getName()));
  addSoftFloat(*code);
  TableBuilder builder(*code);
  builder.addManifest(makeManifest(target, info));
  builder.addTable(info, workspaces);
  for (Function &function : *code) {
    if (function.isDeclaration())
      continue;
    function.addFnAttr("target-cpu", target.cpu);
    function.addFnAttr("target-features", target.features);
    function.addFnAttr("prefer-vector-width",
                       std::to_string(target.vectorBits));
    function.addFnAttr("min-legal-vector-width",
                       std::to_string(target.vectorBits));
    function.addFnAttr(Attribute::NoUnwind);
  }
  for (GlobalVariable &global : code->globals())
    if (!global.isDeclaration() && !global.hasAppendingLinkage() &&
        !global.hasPrivateLinkage())
      global.setLinkage(GlobalValue::InternalLinkage);
  return code;
}

Expected<SmallVector<char, 0>> hydragen::emitObject(llvm::Module &module,
                                                    TargetMachine &machine) {
  std::string problem;
  raw_string_ostream problemStream(problem);
  if (verifyModule(module, &problemStream))
    return makeError("invalid LLVM IR: " + problem);
  SmallVector<char, 0> bytes;
  raw_svector_ostream stream(bytes);
  legacy::PassManager manager;
  if (machine.addPassesToEmitFile(manager, stream, nullptr,
                                  CodeGenFileType::ObjectFile))
    return makeError("this target cannot emit object files");
  manager.run(module);
  return bytes;
}
