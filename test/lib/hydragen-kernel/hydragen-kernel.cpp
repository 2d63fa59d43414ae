//===- hydragen-kernel.cpp - kernels of a configuration ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Test-only: prints the code of the attend kernel that flags describe, and a
// JSON account of how to launch it.
//===----------------------------------------------------------------------===//

#include "hydragen/Kernels/AttendKernel.h"
#include "hydragen/Kernels/PlanKernel.h"
#include "hydragen/Target/NVPTX.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/Verifier.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/ToolOutputFile.h"

using namespace mlir;
using namespace mlir::hydragen::kernels;
namespace cl = llvm::cl;

static cl::opt<std::string> target("target", cl::init("sm_80"),
                                   cl::desc("sm_80[,ptx=8.0]"));
static cl::opt<std::string> emit("emit", cl::init("ptx"),
                                 cl::desc("mlir, ptx or cubin"));
static cl::opt<std::string> output("o", cl::init("-"));
static cl::opt<std::string> info("info", cl::desc("File for the JSON account"));
static cl::opt<ElementType>
    elementType("type", cl::values(clEnumValN(ElementType::F16, "f16", ""),
                                   clEnumValN(ElementType::BF16, "bf16", ""),
                                   clEnumValN(ElementType::F32, "f32", "")));
static cl::opt<Float32Form>
    form("f32", cl::values(clEnumValN(Float32Form::ThreeTF32, "3xtf32", ""),
                           clEnumValN(Float32Form::TF32, "tf32", ""),
                           clEnumValN(Float32Form::Exact, "exact", "")));
static cl::opt<ExponentForm>
    exponent("exp", cl::values(clEnumValN(ExponentForm::Exact, "exact", ""),
                               clEnumValN(ExponentForm::Fast, "fast", "")));
static cl::opt<unsigned> headDim("head-dim", cl::init(128));
static cl::opt<unsigned> valueDim("value-dim", cl::init(0),
                                  cl::desc("Default: the head dim"));
static cl::opt<unsigned> rank("rank", cl::init(3), cl::desc("Row dims"));
static cl::opt<unsigned> warps("warps", cl::init(4));
static cl::opt<unsigned> minBlocks("min-blocks", cl::init(1));
static cl::opt<unsigned> queryAlignment("query-align", cl::init(16));
static cl::opt<bool> queryColumns("query-columns",
                                  cl::desc("Columns of Q are not adjacent"));
static cl::opt<bool> plan("plan",
                          cl::desc("Add a plan kernel that writes item, "
                                   "group and entry i of a count"));
static cl::opt<bool> keepsFinite("finite",
                                 cl::desc("The scale keeps scores finite"));
static cl::list<std::string> results(
    "result", cl::CommaSeparated,
    cl::desc(
        "state, nan, sinks=N, factor, accumulate, f16, bf16, f32, align=N"));
static cl::list<std::string> variants(
    "variant",
    cl::desc("prefix or suffix, then comma-separated: rows=N keys=N slots=N "
             "qshared oneloop head pitch=N vpitch=N align=N page=N wide "
             "kpage=N vpage=N kcolumns vcolumns "
             "causal=DIM window=DIM softcap alibi=HEAD.DIM bias=TYPE mask"));

[[noreturn]] static void fail(const Twine &text) {
  llvm::errs() << "hydragen-kernel: error: " << text << "\n";
  exit(2);
}

/// Takes "name=number" or stops.
static int64_t getNumber(StringRef word) {
  int64_t number;
  if (word.split('=').second.getAsInteger(10, number))
    fail("'" + word + "' lacks a number");
  return number;
}

static OperandType getOperandType(StringRef name) {
  auto type = llvm::StringSwitch<std::optional<OperandType>>(name)
                  .Case("f16", OperandType::F16)
                  .Case("bf16", OperandType::BF16)
                  .Case("f32", OperandType::F32)
                  .Default(std::nullopt);
  if (!type)
    fail("unknown type '" + name + "'");
  return *type;
}

static VariantConfig parseVariant(StringRef text) {
  VariantConfig v;
  SmallVector<StringRef> words;
  text.split(words, ',');
  if (words[0] != "prefix" && words[0] != "suffix")
    fail("unknown variant '" + words[0] + "'");
  v.tile = getFastTile(
      words[0] == "prefix" ? TileConfig::Prefix : TileConfig::Suffix,
      elementType, headDim, valueDim ? valueDim : headDim, warps);
  SmallVector<std::shared_ptr<ScoreModifier>> modifiers;
  for (StringRef word : ArrayRef(words).drop_front()) {
    auto [name, value] = word.split('=');
    if (name == "rows")
      v.tile.rows = getNumber(word);
    else if (name == "keys")
      v.tile.keys = getNumber(word);
    else if (name == "slots")
      v.tile.ringSlots = getNumber(word);
    else if (name == "qshared")
      v.tile.queryInShared = true;
    else if (name == "oneloop")
      v.tile.oneLoop = true;
    else if (name == "head")
      v.headTiles = true;
    else if (name == "pitch")
      v.source.keyPitch = v.source.valuePitch = getNumber(word);
    else if (name == "vpitch")
      v.source.valuePitch = getNumber(word);
    else if (name == "align")
      v.source.alignment = getNumber(word);
    else if (name == "kcolumns")
      v.source.keyColumns = true;
    else if (name == "vcolumns")
      v.source.valueColumns = true;
    else if (name == "page") {
      v.source.paged = true;
      v.source.pageSize = getNumber(word);
    } else if (name == "wide")
      v.source.wideTable = true;
    else if (name == "kpage")
      v.source.keyPageStride = v.source.valuePageStride = getNumber(word);
    else if (name == "vpage")
      v.source.valuePageStride = getNumber(word);
    else if (name == "causal")
      modifiers.push_back(makeCausalModifier(getNumber(word)));
    else if (name == "window")
      modifiers.push_back(makeWindowModifier(getNumber(word)));
    else if (name == "softcap")
      modifiers.push_back(makeSoftcapModifier());
    else if (name == "alibi") {
      unsigned head, dim;
      if (value.split('.').first.getAsInteger(10, head) ||
          value.split('.').second.getAsInteger(10, dim))
        fail("'" + word + "' is not alibi=HEAD.DIM");
      modifiers.push_back(makeAlibiModifier(head, dim));
    } else if (name == "bias")
      modifiers.push_back(makeBiasModifier(getOperandType(value), rank));
    else if (name == "mask")
      modifiers.push_back(
          makeBiasModifier(OperandType::Boolean, rank, "mask_"));
    else
      fail("unknown word '" + word + "' in --variant");
  }
  v.modifier = makeScoreModifierList(modifiers);
  return v;
}

static KernelConfig makeConfig() {
  KernelConfig config;
  config.elementType = elementType;
  config.float32Form = form;
  config.exponentForm = exponent;
  config.scaleKeepsFinite = keepsFinite;
  config.headDim = headDim;
  config.valueDim = valueDim ? valueDim : headDim;
  config.queryAlignment = queryAlignment;
  config.queryColumns = queryColumns;
  config.rowRank = rank;
  config.warps = warps;
  config.minBlocks = minBlocks;
  for (StringRef text : variants)
    config.variants.push_back(parseVariant(text));
  config.result.type = elementType;
  for (StringRef word : results) {
    if (word == "state")
      config.result.kind = ResultConfig::State;
    else if (word == "nan")
      config.result.nanForMaskedRows = true;
    else if (word.starts_with("sinks="))
      config.result.numSinks = getNumber(word);
    else if (word == "factor")
      config.result.hasFactor = true;
    else if (word == "accumulate")
      config.result.accumulate = true;
    else if (word.starts_with("align="))
      config.result.alignment = getNumber(word);
    else if (word == "f16")
      config.result.type = ElementType::F16;
    else if (word == "bf16")
      config.result.type = ElementType::BF16;
    else if (word == "f32")
      config.result.type = ElementType::F32;
    else
      fail("unknown word '" + word + "' in --result");
  }
  return config;
}

static void write(StringRef path, StringRef text) {
  std::error_code error;
  llvm::ToolOutputFile file(path, error, llvm::sys::fs::OF_None);
  if (error)
    fail(path + ": " + error.message());
  file.os() << text;
  file.keep();
}

static std::string describe(const KernelConfig &config) {
  SmallVector<KernelParameter> parameters = getKernelParameters(config);
  static constexpr const char *kKinds[] = {"pointer", "i64", "i32", "f32"};
  llvm::json::Array list;
  for (const KernelParameter &parameter : parameters)
    list.push_back(llvm::json::Object{{"name", parameter.name},
                                      {"kind", kKinds[parameter.kind]},
                                      {"offset", parameter.offset}});
  llvm::json::Array tiles;
  for (auto [i, variant] : llvm::enumerate(config.variants))
    tiles.push_back(
        llvm::json::Object{{"rows", variant.tile.rows},
                           {"keys", variant.tile.keys},
                           {"key_alignment", getKeyAlignment(config, i)}});
  llvm::json::Object account{{"kernel", config.name},
                             {"parameters", std::move(list)},
                             {"parameter_bytes", getParameterBytes(parameters)},
                             {"threads", config.getThreads()},
                             {"shared_bytes", getSharedBytes(config)},
                             {"state_columns", config.getPaddedValueDim()},
                             {"tiles", std::move(tiles)}};
  return llvm::formatv("{0:2}\n", llvm::json::Value(std::move(account)));
}

/// A kernel `plan`(items, groups, entries, count) for the test of the parts of
/// plan kernels: thread i < count writes record i of each list.
static void buildPlanKernel(gpu::GPUModuleOp module) {
  ImplicitLocOpBuilder b(module.getLoc(), module.getContext());
  Value thread;
  KernelParameter parameters[] = {{"items", KernelParameter::Pointer},
                                  {"groups", KernelParameter::Pointer},
                                  {"entries", KernelParameter::Pointer},
                                  {"count", KernelParameter::I32}};
  gpu::GPUFuncOp function =
      makePlanKernel(module, "plan", parameters, 64, b, thread);
  Value items = function.getArgument(0), groups = function.getArgument(1),
        entries = function.getArgument(2), count = function.getArgument(3);
  auto times = [&](int64_t factor) -> Value {
    Value constant = arith::ConstantIntOp::create(b, factor, 32);
    return arith::MulIOp::create(b, thread, constant);
  };
  Value inside =
      arith::CmpIOp::create(b, arith::CmpIPredicate::slt, thread, count);
  auto body = scf::IfOp::create(b, inside);
  b.setInsertionPointToStart(body.thenBlock());
  WorkItemValues item;
  item.kind = times(1);
  item.keyBegin = times(64);
  item.keyEnd = times(65);
  item.rowBase = times(7);
  item.stateRow = times(16);
  Value address = arith::ExtSIOp::create(b, b.getI64Type(), times(4096));
  item.keys = address;
  item.values = arith::MulIOp::create(b, address, address);
  storeWorkItem(b, items, thread, item);
  ReductionGroupValues group;
  group.numEntries = times(2);
  group.numRows = times(3);
  storeReductionGroup(b, groups, thread, group);
  storeI32(b, entries, thread, times(5));
}

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  cl::ParseCommandLineOptions(argc, argv, "Code of attend kernels\n");
  auto cudaTarget = ::hydragen::parseCUDATarget(target);
  if (!cudaTarget)
    fail("--target: " + llvm::toString(cudaTarget.takeError()));
  KernelConfig config = makeConfig();
  if (std::string text = checkKernelConfig(config); !text.empty())
    fail(text);

  MLIRContext context;
  loadKernelDialects(context);
  OwningOpRef<ModuleOp> module = ModuleOp::create(UnknownLoc::get(&context));
  OpBuilder builder = OpBuilder::atBlockEnd(module->getBody());
  gpu::GPUModuleOp gpuModule =
      buildAttendModule(builder, module->getLoc(), config, "kernels");
  if (plan)
    buildPlanKernel(gpuModule);
  if (failed(verify(*module)))
    return 1;
  if (!info.empty())
    write(info, describe(config));

  std::string text;
  if (emit == "mlir") {
    llvm::raw_string_ostream(text) << *module;
  } else if (emit == "ptx" || emit == "cubin") {
    gpuModule->remove();
    text = ::hydragen::emitPTX(gpuModule, *cudaTarget);
    if (text.empty())
      return 1;
  } else {
    fail("unknown --emit=" + emit);
  }
  if (emit == "cubin") {
    auto cubin = ::hydragen::emitCubin(text, *cudaTarget);
    if (!cubin)
      fail(llvm::toString(cubin.takeError()));
    text.assign(cubin->begin(), cubin->end());
  }
  write(output, text);
  return 0;
}
