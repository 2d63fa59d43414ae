//===- NVPTX.cpp - GPU modules to PTX text and cubin ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hydragen/Target/NVPTX.h"

#include "hydragen/Target/OptimizeModule.h"

#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/GPUToNVVM/GPUToNVVMPass.h"
#include "mlir/Conversion/IndexToLLVM/IndexToLLVM.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Conversion/MathToLLVM/MathToLLVM.h"
#include "mlir/Conversion/NVVMToLLVM/NVVMToLLVM.h"
#include "mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h"
#include "mlir/Conversion/UBToLLVM/UBToLLVM.h"
#include "mlir/Conversion/VectorToLLVM/ConvertVectorToLLVM.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/Index/IR/IndexDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/UB/IR/UBOps.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/GPU/GPUToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/NVVM/NVVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "mlir/Transforms/DialectConversion.h"
#include "llvm/IR/Intrinsics.h"
#include "llvm/IR/IntrinsicsNVPTX.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/Verifier.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Pass.h"
#include "llvm/PassInfo.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/Target/TargetOptions.h"

using namespace llvm;

static Error makeError(const Twine &text) {
  return createStringError(inconvertibleErrorCode(), text);
}

//===----------------------------------------------------------------------===//
// Targets
//===----------------------------------------------------------------------===//

namespace {
struct ChipInfo {
  const char *name;
  unsigned arch;
  /// First PTX version that knows the chip (PTX ISA, release history).
  unsigned minPtx;
};
} // namespace
static constexpr ChipInfo kChips[] = {
    {"sm_80", 80, 70}, {"sm_86", 86, 71}, {"sm_89", 89, 78}, {"sm_90", 90, 78}};
/// Versions that there are and that LLVM 22 can write.
static constexpr unsigned kPtxVersions[] = {
    70, 71, 72, 73, 74, 75, 76, 77, 78, 80, 81, 82, 83, 84, 85, 86, 87, 88, 90};
static constexpr unsigned kDefaultPtx = 80;

static std::string formatVersion(unsigned version) {
  return (Twine(version / 10) + "." + Twine(version % 10)).str();
}

static Expected<unsigned> parseVersion(StringRef text) {
  auto [major, minor] = text.split('.');
  unsigned high, low;
  if (major.getAsInteger(10, high) || minor.getAsInteger(10, low) ||
      high > 99 || low > 9)
    return makeError("PTX version '" + text +
                     "' is not of the form MAJOR.MINOR");
  return 10 * high + low;
}

Expected<hydragen::CUDATarget> hydragen::parseCUDATarget(StringRef spec) {
  StringRef name, option;
  std::tie(name, option) = spec.split(',');
  const ChipInfo *chip =
      find_if(kChips, [&](const ChipInfo &c) { return name == c.name; });
  if (chip == std::end(kChips))
    return makeError("unknown GPU '" + name +
                     "', expected sm_80, sm_86, sm_89 or sm_90");
  CUDATarget target{name.str(), chip->arch, kDefaultPtx};
  if (spec.contains(',')) {
    if (!option.consume_front("ptx="))
      return makeError("unknown option '" + option + "' of GPU '" + name +
                       "', expected ptx=MAJOR.MINOR");
    Expected<unsigned> version = parseVersion(option);
    if (!version)
      return version.takeError();
    target.ptxVersion = *version;
  }
  if (target.ptxVersion < chip->minPtx ||
      !is_contained(kPtxVersions, target.ptxVersion))
    return makeError("PTX version " + formatVersion(target.ptxVersion) +
                     " for " + name + ", expected " +
                     formatVersion(chip->minPtx) +
                     " to 7.8, 8.0 to 8.8 or "
                     "9.0");
  return target;
}

static Expected<std::unique_ptr<TargetMachine>>
makeMachine(const hydragen::CUDATarget &target) {
  static bool initialized = [] {
    LLVMInitializeNVPTXTarget();
    LLVMInitializeNVPTXTargetInfo();
    LLVMInitializeNVPTXTargetMC();
    LLVMInitializeNVPTXAsmPrinter();
    return true;
  }();
  (void)initialized;
  Triple triple("nvptx64-nvidia-cuda");
  std::string message;
  const Target *registered = TargetRegistry::lookupTarget(triple, message);
  if (!registered)
    return makeError(message);
  std::string features = "+ptx" + std::to_string(target.ptxVersion);
  std::unique_ptr<MCSubtargetInfo> info(
      registered->createMCSubtargetInfo(triple, target.chip, ""));
  if (!info || !info->isCPUStringValid(target.chip))
    return makeError("LLVM does not know GPU '" + target.chip + "'");
  // Printing at a PTX version that this LLVM lacks would end the process.
  if (none_of(info->getAllProcessorFeatures(),
              [&](const SubtargetFeatureKV &feature) {
                return features.substr(1) == feature.Key;
              }))
    return makeError("LLVM does not know PTX version " +
                     formatVersion(target.ptxVersion));
  std::unique_ptr<TargetMachine> machine(registered->createTargetMachine(
      triple, target.chip, features, TargetOptions(), std::nullopt,
      std::nullopt, CodeGenOptLevel::Default));
  if (!machine)
    return makeError("cannot generate code for '" + target.chip + "'");
  return machine;
}

//===----------------------------------------------------------------------===//
// Lowering
//===----------------------------------------------------------------------===//

/// Kernels to the LLVM and NVVM dialects. They are in them but for loops,
/// branches and what score modifiers came with: one conversion looks at each
/// operation once, where a pipeline of passes costs as much as LLVM's passes.
static mlir::LogicalResult lowerToLLVM(mlir::gpu::GPUModuleOp module) {
  mlir::MLIRContext *context = module.getContext();
  context->loadDialect<mlir::cf::ControlFlowDialect, mlir::LLVM::LLVMDialect,
                       mlir::NVVM::NVVMDialect>();
  mlir::LowerToLLVMOptions options(context);
  options.overrideIndexBitwidth(32);
  mlir::LLVMTypeConverter converter(context, options);
  mlir::configureGpuToNVVMTypeConverter(converter);

  mlir::RewritePatternSet patterns(context);
  mlir::populateSCFToControlFlowConversionPatterns(patterns);
  mlir::cf::populateControlFlowToLLVMConversionPatterns(converter, patterns);
  mlir::arith::populateArithToLLVMConversionPatterns(converter, patterns);
  mlir::index::populateIndexToLLVMConversionPatterns(converter, patterns);
  mlir::ub::populateUBToLLVMConversionPatterns(converter, patterns);
  mlir::populateVectorToLLVMConversionPatterns(converter, patterns);
  mlir::populateNVVMToLLVMConversionPatterns(patterns);
  // Functions that have both: as calls, which `replaceLibraryCalls` looks at.
  mlir::populateMathToLLVMConversionPatterns(converter, patterns);
  mlir::populateGpuToNVVMConversionPatterns(converter, patterns,
                                            mlir::PatternBenefit(2));

  mlir::ConversionTarget target(*context);
  target.addLegalDialect<mlir::LLVM::LLVMDialect>();
  target.addLegalOp<mlir::gpu::GPUModuleOp>();
  target.addDynamicallyLegalDialect<mlir::NVVM::NVVMDialect>(
      [](mlir::Operation *op) {
        auto asPTX = mlir::dyn_cast<mlir::NVVM::BasicPtxBuilderInterface>(op);
        return !asPTX || asPTX.hasIntrinsic();
      });
  // Their terminators go with them.
  target.addIllegalOp<mlir::scf::ForOp, mlir::scf::IfOp, mlir::scf::WhileOp>();
  target.addIllegalDialect<mlir::gpu::GPUDialect, mlir::cf::ControlFlowDialect,
                           mlir::arith::ArithDialect, mlir::math::MathDialect,
                           mlir::index::IndexDialect, mlir::ub::UBDialect,
                           mlir::vector::VectorDialect>();
  return mlir::applyPartialConversion(module, target, std::move(patterns));
}

/// The conversion of GPU operations calls libdevice (a part of the toolkit) for
/// functions that are instructions: takes these instead.
static void replaceLibraryCalls(llvm::Module &module) {
  static constexpr std::pair<const char *, Intrinsic::ID> kFunctions[] = {
      {"fabs", Intrinsic::fabs},   {"copysign", Intrinsic::copysign},
      {"ceil", Intrinsic::ceil},   {"floor", Intrinsic::floor},
      {"trunc", Intrinsic::trunc}, {"rint", Intrinsic::rint},
      {"round", Intrinsic::round}, {"sqrt", Intrinsic::sqrt},
      {"fma", Intrinsic::fma},     {"fmax", Intrinsic::maxnum},
      {"fmin", Intrinsic::minnum}};
  for (Function &function : make_early_inc_range(module)) {
    StringRef name = function.getName();
    if (!function.isDeclaration() || !name.consume_front("__nv_"))
      continue;
    if (function.getReturnType()->isFloatTy())
      name.consume_back("f");
    for (auto [known, id] : kFunctions) {
      if (name != known)
        continue;
      function.replaceAllUsesWith(Intrinsic::getOrInsertDeclaration(
          &module, id, function.getReturnType()));
      function.eraseFromParent();
      break;
    }
  }
}

/// Whether the NVPTX back end selects calls of `function` without a library;
/// others would end the process.
static bool isSelectable(const Function &function) {
  switch (function.getIntrinsicID()) {
  case Intrinsic::not_intrinsic:
  case Intrinsic::acos:
  case Intrinsic::asin:
  case Intrinsic::atan:
  case Intrinsic::atan2:
  case Intrinsic::cos:
  case Intrinsic::cosh:
  case Intrinsic::exp:
  case Intrinsic::exp10:
  case Intrinsic::exp2:
  case Intrinsic::frexp:
  case Intrinsic::ldexp:
  case Intrinsic::log:
  case Intrinsic::log10:
  case Intrinsic::log2:
  case Intrinsic::modf:
  case Intrinsic::pow:
  case Intrinsic::powi:
  case Intrinsic::sin:
  case Intrinsic::sincos:
  case Intrinsic::sinh:
  case Intrinsic::tan:
  case Intrinsic::tanh:
    return false;
  default:
    return true;
  }
}

namespace {
/// Generates code without the passes that improve addresses and loads: kernels
/// come with addresses computed once and with loads of full width, so that
/// these passes take a third of the time and ptxas makes the same machine code
/// without (utils/sass-check --list pairs).
class KernelPassManager : public legacy::PassManager {
public:
  /// In a large module the reduction of addresses in loops costs most, and
  /// shortens loops the least.
  explicit KernelPassManager(bool isLarge) : isLarge(isLarge) {}

  void add(Pass *pass) override {
    const PassInfo *info = Pass::lookupPassInfo(pass->getPassID());
    if (info && (is_contained(kLeftOut, info->getPassArgument()) ||
                 (isLarge && info->getPassArgument() == "loop-reduce"))) {
      delete pass;
      return;
    }
    legacy::PassManager::add(pass);
  }

private:
  static constexpr StringRef kLeftOut[] = {
      "codegenprepare",        "slsr",       "nary-reassociate", "early-cse",
      "load-store-vectorizer", "machine-cse"};
  bool isLarge;
};
} // namespace

std::string hydragen::emitPTX(mlir::OwningOpRef<mlir::gpu::GPUModuleOp> source,
                              const CUDATarget &target) {
  mlir::gpu::GPUModuleOp module = source.release();
  mlir::OwningOpRef<mlir::ModuleOp> wrapper =
      mlir::ModuleOp::create(module.getLoc());
  wrapper->push_back(module);
  mlir::MLIRContext *context = module.getContext();
  auto fail = [&](const Twine &text) {
    module.emitError() << text.str();
    return std::string();
  };
  mlir::DialectRegistry registry;
  mlir::registerBuiltinDialectTranslation(registry);
  mlir::registerGPUDialectTranslation(registry);
  mlir::registerLLVMDialectTranslation(registry);
  mlir::registerNVVMDialectTranslation(registry);
  context->appendDialectRegistry(registry);

  Expected<std::unique_ptr<TargetMachine>> machine = makeMachine(target);
  if (!machine)
    return fail(llvm::toString(machine.takeError()));

  // KernelBuilder::awaitKernels and allowNextKernel: of sm_90.
  if (target.arch < 90)
    module.walk([](mlir::LLVM::InlineAsmOp op) {
      if (op.getAsmString().starts_with("griddepcontrol"))
        op.erase();
    });

  module.setTargetsAttr(mlir::ArrayAttr::get(
      context, mlir::NVVM::NVVMTargetAttr::get(
                   context, 3, "nvptx64-nvidia-cuda", target.chip,
                   "+ptx" + std::to_string(target.ptxVersion))));
  if (mlir::failed(lowerToLLVM(module)))
    return "";

  LLVMContext llvmContext;
  std::unique_ptr<llvm::Module> code =
      mlir::translateModuleToLLVMIR(module, llvmContext, module.getName(),
                                    /*disableVerification=*/true);
  if (!code)
    return fail("cannot be translated to LLVM IR");
  code->setDataLayout((*machine)->createDataLayout());
  code->setTargetTriple((*machine)->getTargetTriple());
  replaceLibraryCalls(*code);
  std::string problem;
  raw_string_ostream problemStream(problem);
  if (verifyModule(*code, &problemStream))
    return fail("invalid LLVM IR: " + problem);
  optimizeKernels(*code, **machine);
  for (const Function &function : *code)
    if (function.isDeclaration() && !function.use_empty() &&
        !isSelectable(function))
      return fail("'" + function.getName() +
                  "' has no code on the GPU without a library");

  SmallString<0> text;
  raw_svector_ostream stream(text);
  KernelPassManager manager(code->getInstructionCount() > 12000);
  if ((*machine)->addPassesToEmitFile(manager, stream, nullptr,
                                      CodeGenFileType::AssemblyFile))
    return fail("LLVM cannot write PTX");
  manager.run(*code);
  return std::string(text);
}

//===----------------------------------------------------------------------===//
// ptxas
//===----------------------------------------------------------------------===//

Expected<std::string> hydragen::findPtxas() {
  if (const char *path = std::getenv("HYDRAGEN_PTXAS")) {
    if (!sys::fs::can_execute(path))
      return makeError("HYDRAGEN_PTXAS: '" + Twine(path) +
                       "' cannot be executed");
    return path;
  }
  if (ErrorOr<std::string> found = sys::findProgramByName("ptxas"))
    return *found;
  const char *home = std::getenv("CUDA_HOME");
  std::string path =
      std::string(home ? home : "/usr/local/cuda") + "/bin/ptxas";
  if (sys::fs::can_execute(path))
    return path;
  return makeError("ptxas not found: set HYDRAGEN_PTXAS or put the CUDA "
                   "toolkit's bin folder on PATH");
}

Expected<SmallVector<char, 0>> hydragen::emitCubin(StringRef ptx,
                                                   const CUDATarget &target) {
  Expected<std::string> ptxas = findPtxas();
  if (!ptxas)
    return ptxas.takeError();
  SmallString<128> source, binary, log;
  auto makeFile = [](StringRef suffix, SmallVectorImpl<char> &path) {
    return sys::fs::createTemporaryFile("hydragen", suffix, path);
  };
  if (std::error_code error = makeFile("ptx", source))
    return makeError("temporary file: " + error.message());
  FileRemover removeSource(source);
  if (std::error_code error = makeFile("cubin", binary))
    return makeError("temporary file: " + error.message());
  FileRemover removeBinary(binary);
  if (std::error_code error = makeFile("log", log))
    return makeError("temporary file: " + error.message());
  FileRemover removeLog(log);
  std::error_code error;
  raw_fd_ostream out(source, error);
  out << ptx;
  out.close();
  if (error || out.has_error())
    return makeError("cannot write " + Twine(source));

  std::string arch = "-arch=" + target.chip;
  StringRef arguments[] = {*ptxas, arch, "-o", binary, source};
  std::optional<StringRef> redirects[] = {StringRef(), StringRef(log),
                                          StringRef(log)};
  std::string message;
  int code = sys::ExecuteAndWait(*ptxas, arguments, std::nullopt, redirects, 0,
                                 0, &message);
  if (code != 0) {
    auto said = MemoryBuffer::getFile(log);
    std::string text = said ? (*said)->getBuffer().trim().str() : message;
    return makeError("ptxas failed: " + (text.empty() ? message : text));
  }
  auto bytes = MemoryBuffer::getFile(binary, /*IsText=*/false);
  if (!bytes)
    return makeError("ptxas wrote nothing: " + bytes.getError().message());
  StringRef data = (*bytes)->getBuffer();
  return SmallVector<char, 0>(data.begin(), data.end());
}
