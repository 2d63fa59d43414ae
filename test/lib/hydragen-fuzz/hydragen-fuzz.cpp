//===- hydragen-fuzz.cpp - random attention graphs --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Each graph is interpreted as it stands and after the front of the compiler,
// in this process and in float64: the results must agree, the cover certificate
// must hold, what the IR shows as shared must be found. Every so many graphs
// the tools also compile and run one. A failing graph is left in a file with a
// tester, a script that is 1 for whatever fails in the same way, and
// hydragen-reduce makes a smaller one with it.
//
// Exit codes: 0 all agree, 1 some do not, 2 bad command line.
//===----------------------------------------------------------------------===//

#include "../Interpreter/Interpreter.h"
#include "../hydragen-interpret/Arrays.h"
#include "Generator.h"

#include "hydragen/InitAll.h"
#include "hydragen/Pipelines/Pipelines.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/raw_ostream.h"

#include <cmath>

using namespace mlir;
namespace cl = llvm::cl;

namespace hydragen::fuzz {
namespace {

cl::OptionCategory category("hydragen-fuzz options");
cl::opt<uint64_t> firstSeed("seed", cl::init(1), cl::cat(category),
                            cl::desc("first seed"));
cl::opt<uint64_t> count("count", cl::init(1), cl::cat(category),
                        cl::desc("graphs, of consecutive seeds"));
cl::opt<bool> printGraph("print", cl::cat(category),
                         cl::desc("print the graphs instead of running them"));
cl::opt<std::string> folder("failures", cl::init(""), cl::value_desc("DIR"),
                            cl::desc("leave failing graphs here"),
                            cl::cat(category));
cl::opt<std::string> runTool("run", cl::init(""), cl::value_desc("PATH"),
                             cl::desc("hydragen-run, for graphs that are also "
                                      "compiled"),
                             cl::cat(category));
cl::opt<unsigned> compileEvery("compile-every", cl::init(20),
                               cl::desc("with --run: compile each Nth graph"),
                               cl::cat(category));
cl::opt<std::string> reduceTool("reduce", cl::init(""), cl::value_desc("PATH"),
                                cl::desc("hydragen-reduce, for graphs that "
                                         "fail"),
                                cl::cat(category));
cl::opt<std::string> replay("replay", cl::init(""), cl::value_desc("FILE"),
                            cl::desc("run this IR with the inputs of the first "
                                     "seed instead of its graph; with --run: "
                                     "only whether it fails compiled"),
                            cl::cat(category));
cl::opt<std::string> missed("missed", cl::init(""), cl::value_desc("CODE"),
                            cl::desc("with --replay: only whether sharing is "
                                     "missed for this reason"),
                            cl::cat(category));
cl::opt<bool> hideSharing("hide-sharing", cl::cat(category),
                          cl::desc("share nothing, which must show"));
cl::opt<bool> mutate("mutate", cl::cat(category),
                     cl::desc("change inputs after the first run, which must "
                              "show"));
cl::opt<bool> verbose("verbose", cl::cat(category),
                      cl::desc("one line per graph"));

using interpreter::RuntimeValue;
using Values = SmallVector<RuntimeValue>;

/// What became of one graph.
struct Outcome {
  /// Empty when all is well.
  std::string failure;
  /// Whether the graph can be run at all as it stands.
  bool valid = false;
  bool raised = false, shared = false;
  std::string records;
  /// Why nothing is shared, by code.
  std::string missed;
  /// Options with which a replay fails in this way, and in no other.
  std::string replay;
};

std::optional<RuntimeValue> toRuntime(const Input &input, Type type) {
  std::optional<interpreter::Tensor> tensor =
      interpreter::Tensor::create(getElementTypeOrSelf(type), input.shape);
  if (!tensor)
    return std::nullopt;
  interpreter::Scalar *data = tensor->write();
  for (auto [i, value] : llvm::enumerate(input.values))
    data[i] = tensor->isFloat()
                  ? interpreter::makeFloat(value)
                  : interpreter::makeInteger(static_cast<int64_t>(value));
  return RuntimeValue(std::move(*tensor));
}

double getLargest(const RuntimeValue &value) {
  double largest = 1;
  for (int64_t i = 0, n = value.tensor.getNumElements(); i != n; ++i)
    if (std::isfinite(value.tensor.read()[i].f))
      largest = std::max(largest, std::fabs(value.tensor.read()[i].f));
  return largest;
}

/// Where `got` differs from `want` by more than `tolerance` of the largest
/// element; empty where it does not. A NaN that is hidden stands for any
/// number; a number stands for itself.
std::string compare(ArrayRef<RuntimeValue> got, ArrayRef<RuntimeValue> want,
                    ArrayRef<double> tolerances, bool mayHideNaN) {
  for (auto [a, b, tolerance] : llvm::zip_equal(got, want, tolerances)) {
    if (a.tensor.shape != b.tensor.shape)
      return "the shapes differ";
    int64_t number = b.tensor.getNumElements(), bad = 0, first = 0;
    double error = 0;
    for (int64_t i = 0; i != number; ++i) {
      double x = a.tensor.read()[i].f, y = b.tensor.read()[i].f;
      if (x == y || (std::isnan(y) && (mayHideNaN || std::isnan(x))))
        continue;
      double here = std::fabs(x - y);
      error = std::isnan(here) ? INFINITY : std::max(error, here);
      if (!(here <= tolerance) && bad++ == 0)
        first = i;
    }
    if (bad)
      return llvm::formatv("element {0}: {1:e6} instead of {2:e6}; {3} of {4} "
                           "differ, by at most {5:e2} (tolerance {6:e2})",
                           first, a.tensor.read()[first].f,
                           b.tensor.read()[first].f, bad, number, error,
                           tolerance)
          .str();
  }
  return "";
}

class Fuzzer {
public:
  Fuzzer() : context(makeRegistry(), MLIRContext::Threading::DISABLED) {
    context.loadAllAvailableDialects();
  }

  Outcome check(const Graph &graph) {
    Outcome outcome;
    std::string messages;
    ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
      if (diagnostic.getSeverity() == DiagnosticSeverity::Error)
        messages += diagnostic.str() + "\n";
      return success();
    });
    auto fail = [&](const Twine &text) {
      outcome.failure =
          (text + (messages.empty() ? "" : ": ") + messages).str();
      return outcome;
    };
    OwningOpRef<ModuleOp> module =
        parseSourceString<ModuleOp>(graph.text, &context);
    if (!module)
      return fail("the graph does not parse");
    auto entry = module->lookupSymbol<func::FuncOp>("main");
    if (!entry || entry.getNumArguments() != graph.inputs.size())
      return fail("the graph has no entry for the inputs");
    inputs.clear();
    for (auto [input, type] :
         llvm::zip_equal(graph.inputs, entry.getArgumentTypes()))
      inputs.push_back(*toRuntime(input, type));
    auto want = interpreter::Interpreter(*module).call(entry, inputs);
    if (failed(want))
      return fail("the graph cannot be interpreted");
    expected = *want;
    // Rounding in f64 only: a mask of -1e30 leaves nothing of the score, in
    // either order of the sum.
    SmallVector<double> tolerances;
    for (const RuntimeValue &value : expected)
      tolerances.push_back(1e-7 * getLargest(value));
    outcome.valid = true;
    if (mutate)
      for (RuntimeValue &input : inputs)
        if (input.tensor.isFloat())
          for (int64_t i = 0, n = input.tensor.getNumElements(); i != n; ++i)
            input.tensor.write()[i].f += 1;

    // Keys of each attention, in one stage after the other.
    SmallVector<int64_t> keys;
    for (StringRef stage : {"shared", "decomposed"}) {
      OwningOpRef<ModuleOp> copy = module->clone();
      PassManager pm(&context);
      FrontOptions options;
      options.stopAfter = stage.str();
      if (hideSharing)
        options.sharing = "never";
      buildFrontPipeline(pm, options);
      if (failed(pm.run(*copy)))
        return fail(stage + ": the passes fail");
      copy->walk([&](Operation *op) {
        StringRef name = op->getName().getStringRef();
        outcome.raised |= name.starts_with("hydragen.");
        outcome.shared |= name == "hydragen.prefix_attention";
        if (auto cover = op->getAttrOfType<mlir::hydragen::CoverAttr>(
                mlir::hydragen::CoverAttr::kAttrName))
          keys.push_back(cover.getKeys());
      });
      auto function = copy->lookupSymbol<func::FuncOp>("main");
      if (Attribute records = function->getAttr("hydragen.records"))
        llvm::raw_string_ostream(outcome.records = "") << records;
      outcome.missed = getMissed(function);
      auto got = interpreter::Interpreter(*copy).call(function, inputs);
      if (failed(got))
        return fail(stage + ": cannot be interpreted");
      std::string difference =
          compare(*got, expected, tolerances, graph.mayHideNaN);
      if (!difference.empty())
        return fail(stage + ": " + difference);
    }
    // What no row sees at the end is left out, whoever shares it.
    ArrayRef<int64_t> whole = ArrayRef(keys).take_front(keys.size() / 2);
    bool cut = whole != ArrayRef(keys).drop_front(whole.size());
    if (graph.mustShare && !outcome.shared && !cut) {
      outcome.replay = "--missed=" + outcome.missed;
      return fail("sharing was not found: " + outcome.records);
    }
    return outcome;
  }

  /// Compiles and runs the graph with the tools; an error, or nothing. Files of
  /// an error stay beside `base`.
  std::string compile(const Graph &graph, const std::string &base);
  /// The same, and no file stays.
  std::string recompile(const Graph &graph, const std::string &base) {
    std::string error = compile(graph, base);
    for (const std::string &file : getFiles(base))
      llvm::sys::fs::remove(file);
    return error;
  }

private:
  /// Files of a graph that is compiled: IR, inputs and results, outputs, log.
  static std::array<std::string, 4> getFiles(const std::string &base) {
    return {base + ".mlir", base + ".npz", base + ".out.npz", base + ".log"};
  }
  /// What may be lost in the precision of the graph's types: twice what the
  /// computation as it is written loses, or what hydragen-run grants the type.
  SmallVector<double> getTolerances(const Graph &graph, ModuleOp module);

  static std::string getMissed(func::FuncOp function) {
    auto records = function->getAttrOfType<ArrayAttr>("hydragen.records");
    if (!records || records.empty())
      return "not-found";
    auto record = dyn_cast<mlir::hydragen::AttentionRecordAttr>(records[0]);
    return record ? record.getReasonCode().str() : "not-found";
  }

  static const DialectRegistry &makeRegistry() {
    static DialectRegistry registry;
    ::hydragen::registerAllDialects(registry);
    return registry;
  }
  MLIRContext context;
  /// Of the graph that was checked last.
  Values inputs, expected;
};

SmallVector<double> Fuzzer::getTolerances(const Graph &graph, ModuleOp module) {
  // As hydragen-run's own, but for the type that the graph rounds to.
  double granted = graph.stored == "f16"    ? 4e-3
                   : graph.stored == "bf16" ? 3e-2
                   : graph.stored == "f64"  ? 1e-12
                                            : 2e-5;
  SmallVector<double> tolerances;
  // Weights change by what rounding at the mask's magnitude does to scores, the
  // result, their mean, by twice as much.
  double unit = graph.computed == "f16"   ? 0x1p-11
                : graph.computed == "f64" ? 0x1p-53
                                          : 0x1p-24;
  granted = std::max(granted, 2 * graph.largestMask * unit);
  for (const RuntimeValue &value : expected)
    tolerances.push_back(granted * getLargest(value));
  auto rounded =
      interpreter::Interpreter(module, interpreter::Precision::Native)
          .call(module.lookupSymbol<func::FuncOp>("main"), inputs);
  if (failed(rounded))
    return tolerances;
  for (auto [a, b, tolerance] : llvm::zip_equal(*rounded, expected, tolerances))
    for (int64_t i = 0, n = b.tensor.getNumElements(); i != n; ++i) {
      double lost = std::fabs(a.tensor.read()[i].f - b.tensor.read()[i].f);
      if (std::isfinite(lost))
        tolerance = std::max(tolerance, 2 * lost);
    }
  return tolerances;
}

std::string Fuzzer::compile(const Graph &graph, const std::string &base) {
  OwningOpRef<ModuleOp> module =
      parseSourceString<ModuleOp>(graph.text, &context);
  auto entry = module->lookupSymbol<func::FuncOp>("main");
  std::vector<runtime::Array> arrays;
  std::vector<std::string> names;
  for (auto [i, type] : llvm::enumerate(entry.getArgumentTypes())) {
    arrays.push_back(
        interpret::toArray(*toRuntime(graph.inputs[i], type), type, true));
    names.push_back("in" + std::to_string(i));
  }
  for (auto [i, type] : llvm::enumerate(entry.getResultTypes())) {
    // Rounded to the type of the output only, for people.
    arrays.push_back(interpret::toArray(expected[i], type, true));
    names.push_back("out" + std::to_string(i));
  }
  std::vector<std::pair<std::string, const runtime::Array *>> named;
  for (auto [name, array] : llvm::zip_equal(names, arrays))
    named.emplace_back(name, &array);
  auto [source, npz, outputs, log] = getFiles(base);
  if (auto status = runtime::writeFile(npz, runtime::writeNpz(named)))
    return status->message;
  std::error_code error;
  llvm::raw_fd_ostream(source, error) << graph.text;
  if (error)
    return error.message();
  SmallVector<double> tolerances = getTolerances(graph, *module);
  for (StringRef sharing : {"--sharing=always", "--sharing=never"}) {
    std::string from = "--inputs=" + npz, to = "--outputs=" + outputs;
    int rc = llvm::sys::ExecuteAndWait(
        runTool, {runTool, source, from, to, sharing}, std::nullopt,
        {std::nullopt, StringRef(log), StringRef(log)}, 60);
    if (rc != 0) {
      auto text = llvm::MemoryBuffer::getFile(log);
      return (sharing + ": exit " + Twine(rc) + ": " +
              (text ? (*text)->getBuffer() : StringRef("")))
          .str();
    }
    auto archive = runtime::NpzReader::open(outputs);
    if (!archive)
      return archive.getError().message;
    Values got;
    for (auto [i, type] : llvm::enumerate(entry.getResultTypes())) {
      auto array = archive->read("out" + std::to_string(i));
      if (!array)
        return array.getError().message;
      auto value = interpret::toValue(*array, type);
      if (!value)
        return llvm::toString(value.takeError());
      got.push_back(std::move(*value));
    }
    std::string difference =
        compare(got, expected, tolerances, graph.mayHideNaN);
    if (!difference.empty())
      return (sharing + ": " + difference).str();
  }
  for (const std::string &file : getFiles(base))
    llvm::sys::fs::remove(file);
  return "";
}

/// Leaves a failing graph in `base`.mlir, a tester for it in `base`.sh and, if
/// there is something to drop, a smaller one in `base`.reduced.mlir.
void keep(const std::string &program, const Graph &graph,
          const std::string &options, uint64_t seed, const std::string &base) {
  auto write = [](const std::string &path, const std::string &text) {
    std::error_code error;
    llvm::raw_fd_ostream(path, error) << text;
  };
  std::string file = base + ".mlir", script = base + ".sh";
  write(file, "// seed " + std::to_string(seed) + ": " + graph.recipe + "\n" +
                  graph.text);
  // hydragen-reduce asks hundreds of times for a few texts. Only for as long as
  // it runs is there a file that answers are kept in.
  write(script, "#!/bin/sh\n"
                "text=$(sha256sum < \"$1\" | cut -d ' ' -f 1)\n"
                "if [ -e \"$0.answers\" ]; then\n"
                "  answer=$(grep \"^$text\" \"$0.answers\" | cut -d ' ' -f 2)\n"
                "  [ -n \"$answer\" ] && exit \"$answer\"\n"
                "fi\n'" +
                    program + "' --seed=" + std::to_string(seed) +
                    (mutate ? " --mutate" : "") +
                    (hideSharing ? " --hide-sharing" : "") +
                    (options.empty() ? "" : " '" + options + "'") +
                    " --replay=\"$1\" > /dev/null\n"
                    "answer=$?\n"
                    "[ -e \"$0.answers\" ] && echo \"$text $answer\" >> "
                    "\"$0.answers\"\n"
                    "exit \"$answer\"\n");
  llvm::sys::fs::setPermissions(script, llvm::sys::fs::owner_all);
  if (reduceTool.empty())
    return;
  // hydragen-reduce says nothing of a file in which its tester finds nothing.
  if (llvm::sys::ExecuteAndWait(script, {script, file}) != 1) {
    llvm::outs() << "seed " << seed << ": the file alone does not fail\n";
    return;
  }
  std::string reduced = base + ".reduced.mlir", log = base + ".log";
  std::string pass = "--reduction-tree=traversal-mode=0 test=" + script;
  write(script + ".answers", "");
  int rc = llvm::sys::ExecuteAndWait(
      reduceTool, {reduceTool, file, pass, "-o", reduced}, std::nullopt,
      {std::nullopt, StringRef(log), StringRef(log)}, 300);
  llvm::sys::fs::remove(script + ".answers");
  if (rc != 0)
    llvm::outs() << "seed " << seed << ": hydragen-reduce: exit " << rc
                 << ", see " << log << "\n";
}

int run(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  cl::HideUnrelatedOptions(category);
  cl::ParseCommandLineOptions(argc, argv,
                              "compares random attention graphs before and "
                              "after the passes\n");
  llvm::outs().SetUnbuffered(); // what was printed before a crash stays
  Fuzzer fuzzer;
  if (!replay.empty()) {
    auto text = llvm::MemoryBuffer::getFile(replay);
    if (!text) {
      llvm::errs() << "hydragen-fuzz: error: cannot read " << replay << "\n";
      return 2;
    }
    Graph graph = generate(firstSeed);
    graph.text = (*text)->getBuffer().str();
    graph.mustShare = false; // what is smaller may show less
    Outcome outcome = fuzzer.check(graph);
    if (outcome.failure.empty() && !missed.empty())
      outcome.failure = outcome.shared || outcome.missed != missed
                            ? ""
                            : "sharing was not found: " + outcome.records;
    else if (outcome.failure.empty() && !runTool.empty())
      outcome.failure = fuzzer.recompile(graph, replay + ".replay");
    else if (!missed.empty() || !runTool.empty())
      outcome.valid = false; // fails, but in another way
    llvm::outs() << outcome.failure << "\n";
    return outcome.valid && !outcome.failure.empty() ? 1 : 0;
  }
  std::string program =
      llvm::sys::fs::getMainExecutable(argv[0], reinterpret_cast<void *>(&run));
  uint64_t failures = 0, raised = 0, shared = 0, compiled = 0;
  std::string work = folder.empty() ? std::string(".") : folder.getValue();
  if (!folder.empty())
    llvm::sys::fs::create_directories(folder);
  for (uint64_t seed = firstSeed; seed != firstSeed + count; ++seed) {
    Graph graph = generate(seed);
    if (printGraph) {
      llvm::outs() << "// seed " << seed << ": " << graph.recipe << "\n"
                   << graph.text;
      continue;
    }
    Outcome outcome = fuzzer.check(graph);
    raised += outcome.raised;
    shared += outcome.shared;
    std::string base = work + "/seed" + std::to_string(seed);
    if (outcome.failure.empty() && !runTool.empty() &&
        (seed - firstSeed) % compileEvery == 0) {
      ++compiled;
      outcome.failure = fuzzer.compile(graph, base);
      SmallString<128> tool(runTool);
      llvm::sys::fs::make_absolute(tool);
      outcome.replay = ("--run=" + tool).str();
    }
    if (verbose || !outcome.failure.empty())
      llvm::outs() << "seed " << seed << ": "
                   << (outcome.failure.empty()
                           ? (outcome.shared   ? "shared"
                              : outcome.raised ? "plain"
                                               : "not found")
                           : outcome.failure)
                   << "  (" << graph.recipe << ")\n";
    if (verbose && !outcome.shared)
      llvm::outs() << "  " << outcome.records << "\n";
    if (outcome.failure.empty())
      continue;
    ++failures;
    if (!folder.empty())
      keep(program, graph, outcome.replay, seed, base);
  }
  if (printGraph)
    return 0;
  llvm::outs() << count << " graphs of seeds " << firstSeed << " to "
               << firstSeed + count - 1 << ": " << raised << " raised, "
               << shared << " shared, " << compiled << " compiled, " << failures
               << " failed\n";
  return failures == 0 ? 0 : 1;
}

} // namespace
} // namespace hydragen::fuzz

int main(int argc, char **argv) { return ::hydragen::fuzz::run(argc, argv); }
