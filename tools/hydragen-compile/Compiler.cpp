//===- Compiler.cpp - the steps of one compilation --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Compiler.h"

#include "Output.h"
#include "Remarks.h"
#include "hydragen/InitAll.h"
#include "hydragen/Pipelines/Pipelines.h"
#include "hydragen/Report/Report.h"
#include "hydragen/Target/CPUPipeline.h"
#include "hydragen/Target/Linker.h"
#include "hydragen/Target/Manifest.h"
#include "hydragen/Target/ObjectCode.h"
#include "hydragen/Target/OptimizeModule.h"

#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/Passes/OptimizationLevel.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Target/TargetMachine.h"

using namespace llvm;
using namespace hydragen::compile;

static mlir::DialectRegistry makeRegistry() {
  mlir::DialectRegistry registry;
  hydragen::registerAllDialects(registry);
  return registry;
}

Compiler::Compiler(Options options)
    : options(std::move(options)),
      context(makeRegistry(), mlir::MLIRContext::Threading::DISABLED) {
  // Ops of unknown dialects are named when they cannot be lowered.
  context.allowUnregisteredDialects();
  context.printOpOnDiagnostic(false);
  context.getDiagEngine().registerHandler(
      [this](mlir::Diagnostic &diagnostic) { handleDiagnostic(diagnostic); });
  if (this->options.remarks)
    printRemarks(context, [this](mlir::Location location) {
      return describe(location);
    });
}

int Compiler::run() {
  if (parseTargets() && parseInput() && findEntry() && runFront() &&
      writeReport())
    runBack();
  return exitCode;
}

//===----------------------------------------------------------------------===//
// Diagnostics
//===----------------------------------------------------------------------===//

bool Compiler::fail(const Twine &text, ExitCode code) {
  if (!failed)
    errs() << "hydragen-compile: error: " << text << "\n";
  failed = true;
  if (exitCode == kOk)
    exitCode = code;
  return false;
}

/// FILE:LINE:COL of the first place in `location` that has one, else FILE.
std::string Compiler::describe(mlir::Location location) {
  mlir::FileLineColLoc place;
  location->walk([&](mlir::Location nested) {
    place = dyn_cast<mlir::FileLineColLoc>(nested);
    return place ? mlir::WalkResult::interrupt() : mlir::WalkResult::advance();
  });
  if (!place)
    return options.input;
  return (place.getFilename().getValue() + ":" + Twine(place.getLine()) + ":" +
          Twine(place.getColumn()))
      .str();
}

void Compiler::handleDiagnostic(mlir::Diagnostic &diagnostic) {
  if (diagnostic.getSeverity() == mlir::DiagnosticSeverity::Remark) {
    if (options.remarks)
      errs() << "hydragen-compile: remark: "
             << describe(diagnostic.getLocation()) << ": " << diagnostic.str()
             << "\n";
    return;
  }
  if (diagnostic.getSeverity() != mlir::DiagnosticSeverity::Error || failed)
    return;
  std::string text = diagnostic.str();
  StringRef line = StringRef(text).split('\n').first;
  fail(describe(diagnostic.getLocation()) + ": " + line);
  unsigned notes = 0;
  for (mlir::Diagnostic &note : diagnostic.getNotes()) {
    if (++notes > 8)
      break;
    std::string noteText = note.str();
    errs() << "  note: " << describe(note.getLocation()) << ": "
           << StringRef(noteText).split('\n').first << "\n";
  }
}

//===----------------------------------------------------------------------===//
// Input
//===----------------------------------------------------------------------===//

bool Compiler::parseTargets() {
  for (const std::string &spec : options.targets) {
    StringRef chip = spec;
    if (chip.consume_front("cuda:")) {
      Expected<CUDATarget> parsed = parseCUDATarget(chip);
      if (!parsed)
        return fail("--target: " + toString(parsed.takeError()));
      if (any_of(gpus, [&](const CUDATarget &gpu) {
            return gpu.arch == parsed->arch;
          }))
        return fail("--target: '" + spec + "' is given twice");
      gpus.push_back(*parsed);
      info.targets.push_back("cuda:" + parsed->chip);
      continue;
    }
    if (chip == "cuda")
      return fail("--target: target 'cuda' lacks an architecture, as in "
                  "cuda:sm_80");
    Expected<CPUTarget> parsed = parseCPUTarget(spec);
    if (!parsed)
      return fail("--target: " + toString(parsed.takeError()));
    if (hasCPU)
      return fail("--target: one module cannot be for two CPUs, got '" +
                  target.spec + "' and '" + spec + "'");
    target = *parsed;
    info.targets.push_back(target.spec);
    hasCPU = true;
  }
  if (!hasCPU) {
    // Beside a GPU there is some CPU of the last ten years.
    Expected<CPUTarget> parsed = parseCPUTarget("cpu:x86-64-v2");
    if (!parsed)
      return fail("--target: " + toString(parsed.takeError()), kInternalError);
    target = *parsed;
  }
  if (options.cubin && gpus.empty())
    return fail("--cubin: target '" + target.spec +
                "' has none, use --target=cuda:sm_80");
  if (options.emit != Stage::PTX && options.emit != Stage::Cubin)
    return true;
  StringRef what = options.emit == Stage::PTX ? "PTX" : "cubin";
  if (gpus.empty())
    return fail("--emit: target '" + target.spec + "' has no " + what +
                ", use --target=cuda:sm_80");
  if (gpus.size() > 1 && options.output.empty())
    return fail("-o: an output file is needed, the " + what +
                " of several targets does not go to stdout");
  return true;
}

bool Compiler::parseInput() {
  auto buffer = MemoryBuffer::getFileOrSTDIN(options.input);
  if (!buffer)
    return fail(options.input +
                ": cannot read: " + buffer.getError().message());
  if ((*buffer)->getBuffer().trim().empty())
    return fail(options.input + ": the file is empty");
  sources.AddNewSourceBuffer(std::move(*buffer), SMLoc());
  mlir::ParserConfig config(&context);
  module = mlir::parseSourceFile<mlir::ModuleOp>(sources, config);
  if (!module)
    return fail(options.input + ": cannot be parsed");
  return true;
}

bool Compiler::findEntry() {
  entry = module->lookupSymbol<mlir::func::FuncOp>(options.entry);
  if (!entry || entry.isExternal()) {
    std::string names;
    for (auto function : module->getOps<mlir::func::FuncOp>())
      if (!function.isExternal())
        names += (names.empty() ? " " : ", ") + function.getName().str();
    if (names.empty())
      return fail(options.input + ": no function is defined, entry '" +
                  options.entry + "' is missing");
    return fail("--entry: " + options.input + " has no function '" +
                options.entry + "', it has" + names);
  }
  // Everything the entry does not need goes.
  for (auto function : module->getOps<mlir::func::FuncOp>())
    if (function != entry)
      function.setPrivate();
  entry.setPublic();
  return true;
}

/// Tensors of more bytes than can be addressed stop here.
bool Compiler::checkSizes() {
  auto isPossible = [](mlir::Type type) {
    auto tensor = dyn_cast<mlir::RankedTensorType>(type);
    uint64_t bytes = 8;
    if (tensor)
      for (int64_t size : tensor.getShape()) {
        uint64_t known = mlir::ShapedType::isDynamic(size) ? 1 : size;
        if (known != 0 && bytes > (uint64_t(1) << 62) / known)
          return false;
        bytes *= known;
      }
    return true;
  };
  auto report = [&](mlir::Location location, mlir::Type type) {
    std::string text;
    raw_string_ostream(text) << type;
    return fail(describe(location) + ": a tensor of type " + text +
                    " cannot be held in memory",
                kInternalError);
  };
  for (mlir::Type type : entry.getArgumentTypes())
    if (!isPossible(type))
      return report(entry.getLoc(), type);
  bool ok = true;
  entry.walk([&](mlir::Operation *op) {
    for (mlir::Type type : op->getResultTypes())
      if (ok && !isPossible(type))
        ok = report(op->getLoc(), type);
  });
  return ok;
}

bool Compiler::runPipeline(mlir::ModuleOp module,
                           function_ref<void(mlir::OpPassManager &)> build) {
  mlir::PassManager manager(&context);
  manager.enableVerifier(true);
  build(manager);
  if (succeeded(manager.run(module)))
    return true;
  return fail(options.input +
                  ": cannot be compiled (a pass failed without a reason)",
              kInternalError);
}

//===----------------------------------------------------------------------===//
// Front
//===----------------------------------------------------------------------===//

/// The first target of the command line: there is one front for all of them.
std::string Compiler::getCostTarget() const {
  if (StringRef(options.targets.front()).starts_with("cuda:"))
    return options.tune.empty() ? gpus.front().chip : options.tune;
  return "cpu:" + std::to_string(target.vectorBits);
}

bool Compiler::runFront() {
  bool tosa = false;
  entry.walk([&](mlir::Operation *op) {
    tosa |= isa_and_nonnull<mlir::tosa::TosaDialect>(op->getDialect());
  });
  return runPipeline(*module, [&](mlir::OpPassManager &manager) {
    manager.addPass(mlir::createInlinerPass());
    manager.addPass(mlir::createSymbolDCEPass());
    if (tosa)
      buildTosaToLinalgPipeline(manager);
    FrontOptions front;
    front.sharing = options.sharing;
    front.pieces = true;
    front.target = getCostTarget();
    front.stopAfter = options.emit == Stage::Raised   ? "raised"
                      : options.emit == Stage::Shared ? "shared"
                                                      : "decomposed";
    buildFrontPipeline(manager, front);
  });
}

bool Compiler::writeReport() {
  entry = module->lookupSymbol<mlir::func::FuncOp>(options.entry);
  if (!options.report.empty()) {
    std::string text = StringRef(options.report).ends_with(".html")
                           ? mlir::hydragen::makeHTMLReport(entry)
                           : mlir::hydragen::makeJSONReport(entry);
    if (Error error = writeOutput(options.report, text))
      return fail("--report: " + toString(std::move(error)));
  }
  mlir::hydragen::removeRecords(entry);
  return true;
}

//===----------------------------------------------------------------------===//
// Back
//===----------------------------------------------------------------------===//

bool Compiler::write(StringRef bytes, bool binary) {
  if (options.output.empty() && binary &&
      sys::Process::StandardOutIsDisplayed())
    return fail("-o: an output file is needed, binary output does not go to a "
                "terminal");
  if (Error error = writeOutput(options.output, bytes, binary))
    return fail((options.output.empty() ? "" : "-o: ") +
                toString(std::move(error)));
  return true;
}

hydragen::GPUPipelineOptions Compiler::getGPUOptions() const {
  hydragen::GPUPipelineOptions result;
  result.entry = options.entry;
  for (const CUDATarget &gpu : gpus)
    result.gpus.push_back(gpu.chip);
  // A named GPU says how much work there should be; the others how much fits.
  if (!options.tune.empty())
    result.gpus.insert(result.gpus.begin(), options.tune);
  result.float32 = options.float32;
  result.tile = options.tile;
  result.split = options.split;
  result.invariant = options.invariant;
  result.separate = options.separate;
  result.compactOnly = options.compactOnly;
  return result;
}

bool Compiler::lowerToLLVM(mlir::ModuleOp source) {
  CPUPipelineOptions back;
  back.entry = options.entry;
  back.vectorBits = target.vectorBits;
  back.pairs = options.pairs;
  back.hasPairs = target.has("avx512bf16");
  back.fused = target.has("fma");
  return runPipeline(source, [&](mlir::OpPassManager &manager) {
    buildLowerToLLVMPipeline(manager, back);
  });
}

bool Compiler::lowerForCPU(mlir::ModuleOp source) {
  mlir::FailureOr<EntryInfo> entryInfo =
      getEntryInfo(source.lookupSymbol<mlir::func::FuncOp>(options.entry));
  if (mlir::failed(entryInfo))
    return false;
  info.entries.push_back(*entryInfo);
  CPUPipelineOptions back;
  back.entry = options.entry;
  back.vectorBits = target.vectorBits;
  back.pairs = options.pairs;
  back.hasPairs = target.has("avx512bf16");
  return runPipeline(source,
                     [&](mlir::OpPassManager &manager) {
                       buildBufferizePipeline(manager, back);
                     }) &&
         lowerToLLVM(source);
}

bool Compiler::lowerForGPU(mlir::ModuleOp source) {
  mlir::FailureOr<EntryInfo> entryInfo =
      getEntryInfo(source.lookupSymbol<mlir::func::FuncOp>(options.entry));
  if (mlir::failed(entryInfo))
    return false;
  entryInfo->device = "cuda";
  entryInfo->suffix = hasCPU ? "__cuda" : "";
  if (!runPipeline(source, [&](mlir::OpPassManager &manager) {
        buildLaunchPipeline(manager, getGPUOptions());
      }))
    return false;
  entryInfo->placement = getPlacement(source, options.entry);
  readLowered(source.lookupSymbol<mlir::func::FuncOp>(options.entry),
              *entryInfo);
  info.entries.push_back(*entryInfo);
  kernels = takeKernels(source);
  return options.emit == Stage::PTX || options.emit == Stage::Cubin ||
         lowerToLLVM(source);
}

bool Compiler::makeImages() {
  if (!kernels)
    return true;
  info.kernels = getKernelInfos(*kernels);
  for (const CUDATarget &gpu : gpus) {
    std::string ptx = emitPTX(getKernels(*kernels).clone(), gpu);
    if (ptx.empty())
      return fail(options.input + ": no PTX could be made for " + gpu.chip,
                  kInternalError);
    // A module with machine code has the PTX, too, for later GPUs.
    bool alone = options.emit == Stage::Cubin;
    if (!alone)
      info.images.push_back({gpu.arch, /*cubin=*/false, ptx});
    if (!alone && (!options.cubin || options.emit == Stage::PTX))
      continue;
    Expected<SmallVector<char, 0>> code = emitCubin(ptx, gpu);
    if (!code)
      return fail((alone ? "--emit: " : "--cubin: ") +
                  toString(code.takeError()));
    info.images.push_back(
        {gpu.arch, /*cubin=*/true, std::string(code->begin(), code->end())});
  }
  return true;
}

/// OUT for one target, else OUT.sm_NN.ptx; the description beside PTX.
bool Compiler::writeImages() {
  StringRef stem = options.output, extension;
  bool cubin = options.emit == Stage::Cubin;
  for (StringRef known : {".ptx", ".cubin"})
    if (stem.consume_back(known))
      extension = known;
  if (extension.empty())
    extension = cubin ? ".cubin" : ".ptx";
  for (auto [gpu, image] : zip_equal(gpus, info.images)) {
    std::string path = options.output;
    if (gpus.size() > 1)
      path = (stem + "." + gpu.chip + extension).str();
    if (path.empty() && cubin && sys::Process::StandardOutIsDisplayed())
      return fail("-o: an output file is needed, binary output does not go to "
                  "a terminal");
    if (Error error = writeOutput(path, image.data))
      return fail((path.empty() ? "" : "-o: ") + toString(std::move(error)));
  }
  if (options.output.empty())
    return true;
  if (Error error =
          writeOutput((stem + ".json").str(), describeKernels(*kernels)))
    return fail("-o: " + toString(std::move(error)));
  return true;
}

bool Compiler::runBack() {
  if (!gpus.empty() && options.emit >= Stage::Scheduled) {
    // The CPU's entry is made of what is not scheduled; its lowering reads no
    // schedules.
    if (!runPipeline(*module, [&](mlir::OpPassManager &manager) {
          buildSchedulePipeline(manager, getGPUOptions());
        }))
      return false;
  }
  if (options.emit <= Stage::Scheduled) {
    std::string text;
    raw_string_ostream stream(text);
    module->print(stream);
    stream << "\n";
    return write(text, /*binary=*/false);
  }

  if (!checkSizes())
    return false;
  if (mlir::failed(checkLowerable(*module, options.entry)))
    return false;
  bool onlyKernels = options.emit == Stage::PTX || options.emit == Stage::Cubin;
  mlir::OwningOpRef<mlir::ModuleOp> forGPU;
  if (!gpus.empty()) {
    if (hasCPU && !onlyKernels)
      forGPU = module->clone();
    if (!lowerForGPU(forGPU ? *forGPU : *module))
      return false;
    if (!makeImages())
      return false;
  }
  if (onlyKernels) {
    if (!kernels)
      return fail(options.input + ": has no attention for a GPU, nothing to "
                                  "compile (--remarks says why)");
    return writeImages();
  }
  if (hasCPU && !lowerForCPU(*module))
    return false;
  if (forGPU)
    mergeModules(*module, *forGPU, "__cuda");
  return writeModule();
}

bool Compiler::writeModule() {
  Expected<std::unique_ptr<TargetMachine>> machine = makeTargetMachine(target);
  if (!machine)
    return fail("--target: " + toString(machine.takeError()), kInternalError);
  LLVMContext llvmContext;
  std::unique_ptr<llvm::Module> code =
      translateModule(*module, llvmContext, target, **machine, info);
  if (!code)
    return fail(options.input + ": cannot be translated to LLVM IR",
                kInternalError);
  if (options.emit == Stage::LLVM) {
    std::string text;
    raw_string_ostream stream(text);
    code->print(stream, nullptr);
    return write(text, /*binary=*/false);
  }

  optimizeModule(*code, **machine, OptimizationLevel::O2);
  Expected<SmallVector<char, 0>> object = emitObject(*code, **machine);
  if (!object)
    return fail("internal: " + toString(object.takeError()), kInternalError);
  if (options.emit == Stage::Object)
    return write(StringRef(object->data(), object->size()), /*binary=*/true);

  Expected<SmallVector<char, 0>> file = linkSharedObject(*object);
  if (!file)
    return fail(toString(file.takeError()), kInternalError);
  if (Error error = sealModule(*file))
    return fail("internal: " + toString(std::move(error)), kInternalError);
  return write(StringRef(file->data(), file->size()), /*binary=*/true);
}
