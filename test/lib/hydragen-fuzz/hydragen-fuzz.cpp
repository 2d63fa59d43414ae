//===- hydragen-fuzz.cpp - random attention graphs --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Each graph is interpreted as it stands and after the front of the compiler,
// in this process and in float64: the results must agree, the cover certificate
// must hold, what the IR shows as shared must be found. Every so many graphs
// the tools also compile and run one. A failing graph is left in a file, and
// hydragen-reduce makes a smaller one that fails in the same way beside it.
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
                                     "seed instead of its graph"),
                            cl::cat(category));
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

/// Where `got` differs from `want`; empty where it does not. Rounding in f64
/// only: a mask of -1e30 leaves nothing of the score, in either order of the
/// sum.
std::string compare(ArrayRef<RuntimeValue> got, ArrayRef<RuntimeValue> want,
                    bool mayHideNaN) {
  for (auto [a, b] : llvm::zip_equal(got, want)) {
    if (a.tensor.shape != b.tensor.shape)
      return "the shapes differ";
    double largest = 1, error = 0;
    int64_t number = b.tensor.getNumElements();
    for (int64_t i = 0; i != number; ++i)
      if (std::isfinite(b.tensor.read()[i].f))
        largest = std::max(largest, std::fabs(b.tensor.read()[i].f));
    for (int64_t i = 0; i != number; ++i) {
      double x = a.tensor.read()[i].f, y = b.tensor.read()[i].f;
      if (x == y || (std::isnan(x) && std::isnan(y)) ||
          (mayHideNaN && std::isnan(y)))
        continue;
      double here = std::fabs(x - y);
      error = std::isnan(here) ? INFINITY : std::max(error, here);
      if (!(here <= 1e-7 * largest))
        return llvm::formatv("element {0}: {1} instead of {2}", i, x, y).str();
    }
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
    Values inputs;
    for (auto [input, type] :
         llvm::zip_equal(graph.inputs, entry.getArgumentTypes()))
      inputs.push_back(*toRuntime(input, type));
    auto want = interpreter::Interpreter(*module).call(entry, inputs);
    if (failed(want))
      return fail("the graph cannot be interpreted");
    expected = *want;
    outcome.valid = true;
    if (mutate)
      for (RuntimeValue &input : inputs)
        if (input.tensor.isFloat())
          for (int64_t i = 0, n = input.tensor.getNumElements(); i != n; ++i)
            input.tensor.write()[i].f += 1;

    for (StringRef stage : {"shared", "decomposed"}) {
      OwningOpRef<ModuleOp> copy = module->clone();
      PassManager pm(&context);
      FrontOptions options;
      options.stopAfter = stage.str();
      buildFrontPipeline(pm, options);
      if (failed(pm.run(*copy)))
        return fail(stage + ": the passes fail");
      copy->walk([&](Operation *op) {
        StringRef name = op->getName().getStringRef();
        outcome.raised |= name.starts_with("hydragen.");
        outcome.shared |= name == "hydragen.prefix_attention";
      });
      auto function = copy->lookupSymbol<func::FuncOp>("main");
      if (Attribute records = function->getAttr("hydragen.records"))
        llvm::raw_string_ostream(outcome.records = "") << records;
      auto got = interpreter::Interpreter(*copy).call(function, inputs);
      if (failed(got))
        return fail(stage + ": cannot be interpreted");
      std::string difference = compare(*got, expected, graph.mayHideNaN);
      if (!difference.empty())
        return fail(stage + ": " + difference);
    }
    if (graph.mustShare && !outcome.shared)
      return fail("sharing was not found: " + outcome.records);
    return outcome;
  }

  /// Compiles and runs the graph with the tools; an error, or nothing.
  std::string compile(const Graph &graph, StringRef base);

  Values expected;

private:
  static const DialectRegistry &makeRegistry() {
    static DialectRegistry registry;
    ::hydragen::registerAllDialects(registry);
    return registry;
  }
  MLIRContext context;
};

std::string Fuzzer::compile(const Graph &graph, StringRef base) {
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
    // Rounded to the type of the output only.
    arrays.push_back(interpret::toArray(expected[i], type, true));
    names.push_back("out" + std::to_string(i));
  }
  std::vector<std::pair<std::string, const runtime::Array *>> named;
  for (auto [name, array] : llvm::zip_equal(names, arrays))
    named.emplace_back(name, &array);
  std::string npz = base.str() + ".npz", source = base.str() + ".mlir";
  if (auto status = runtime::writeFile(npz, runtime::writeNpz(named)))
    return status->message;
  std::error_code error;
  llvm::raw_fd_ostream(source, error) << graph.text;
  if (error)
    return error.message();
  // As hydragen-run's own, but for the type that the graph rounds to.
  double largest = 1;
  for (const RuntimeValue &value : expected)
    for (int64_t i = 0; i != value.tensor.getNumElements(); ++i)
      if (std::isfinite(value.tensor.read()[i].f))
        largest = std::max(largest, std::fabs(value.tensor.read()[i].f));
  double tolerance = graph.stored == "f16"    ? 4e-3
                     : graph.stored == "bf16" ? 3e-2
                                              : 2e-5;
  std::string atol = llvm::formatv("--atol={0:e6}", tolerance * largest).str();
  std::string log = base.str() + ".log";
  for (StringRef sharing : {"--sharing=always", "--sharing=never"}) {
    std::string inputs = "--inputs=" + npz, expect = "--expect=" + npz;
    int rc = llvm::sys::ExecuteAndWait(
        runTool, {runTool, source, inputs, expect, atol, sharing}, std::nullopt,
        {std::nullopt, StringRef(log), StringRef(log)}, 60);
    if (rc != 0) {
      auto text = llvm::MemoryBuffer::getFile(log);
      return (sharing + ": exit " + Twine(rc) + ": " +
              (text ? (*text)->getBuffer() : StringRef("")))
          .str();
    }
  }
  for (const std::string &file : {npz, source, log})
    llvm::sys::fs::remove(file);
  return "";
}

/// Leaves a failing graph in `base`.mlir, a tester for it in `base`.sh and, if
/// there is something to drop, a smaller one in `base`.reduced.mlir.
void keep(const std::string &program, const Graph &graph, uint64_t seed,
          const std::string &base) {
  auto write = [](const std::string &path, const std::string &text) {
    std::error_code error;
    llvm::raw_fd_ostream(path, error) << text;
  };
  std::string file = base + ".mlir", script = base + ".sh";
  write(file, "// seed " + std::to_string(seed) + ": " + graph.recipe + "\n" +
                  graph.text);
  write(script,
        "#!/bin/sh\nexec '" + program + "' --seed=" + std::to_string(seed) +
            (mutate ? " --mutate" : "") + " --replay=\"$1\" > /dev/null\n");
  llvm::sys::fs::setPermissions(script, llvm::sys::fs::owner_all);
  if (reduceTool.empty())
    return;
  std::string reduced = base + ".reduced.mlir", log = base + ".log";
  std::string pass = "--reduction-tree=traversal-mode=0 test=" + script;
  int rc = llvm::sys::ExecuteAndWait(
      reduceTool, {reduceTool, file, pass, "-o", reduced}, std::nullopt,
      {std::nullopt, StringRef(log), StringRef(log)}, 300);
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
      keep(program, graph, seed, base);
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
