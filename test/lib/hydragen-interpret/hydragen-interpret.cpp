//===- hydragen-interpret.cpp - IR run by definition, for tests -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Exit codes: 0 done, 1 outputs differ, 2 bad input or IR that cannot be
// interpreted.
//===----------------------------------------------------------------------===//

#include "Arrays.h"

#include "../Interpreter/Interpreter.h"

#include "hydragen/InitAll.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Support/FileUtilities.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/ToolOutputFile.h"

#include <cmath>

using namespace mlir;
namespace cl = llvm::cl;

namespace hydragen {
namespace {

cl::OptionCategory category("hydragen-interpret options");
cl::opt<std::string> inputFile(cl::Positional, cl::desc("FILE.mlir"),
                               cl::init("-"), cl::cat(category));
cl::list<std::string> entryNames("entry", cl::CommaSeparated,
                                 cl::desc("functions to run, all on the same "
                                          "inputs (default main)"),
                                 cl::cat(category));
cl::opt<std::string> inputsFile("inputs", cl::value_desc("FILE.npz"),
                                cl::desc("arrays in0, in1, ..."),
                                cl::cat(category));
cl::opt<std::string> expectFile("expect", cl::value_desc("FILE.npz"),
                                cl::desc("expected outputs"),
                                cl::cat(category));
cl::opt<std::string>
    expectEntry("expect-entry", cl::value_desc("FUNCTION"), cl::cat(category),
                cl::desc("a function whose outputs on these inputs the others "
                         "must give"));
cl::opt<std::string>
    keyName("key", cl::init("out"), cl::cat(category),
            cl::desc("names of the expected arrays: out0 or, for any other "
                     "KEY, KEY_0 (default out)"));
cl::opt<std::string> outputsFile("outputs", cl::value_desc("FILE.npz"),
                                 cl::desc("write out0, out1, ..."),
                                 cl::cat(category));
cl::opt<bool> roundOutputs("round-outputs", cl::cat(category),
                           cl::desc("write floats in the outputs' types, as "
                                    "hydragen-run wants them, not as f64"));
cl::opt<uint64_t> seed("random", cl::value_desc("SEED"), cl::init(0),
                       cl::desc("random inputs, as hydragen-run makes"),
                       cl::cat(category));
cl::opt<double> absoluteTolerance("atol", cl::init(0), cl::cat(category));
cl::opt<double> relativeTolerance("rtol", cl::init(0), cl::cat(category));
cl::opt<interpreter::Precision>
    precision("precision", cl::init(interpreter::Precision::F64),
              cl::cat(category),
              cl::values(clEnumValN(interpreter::Precision::F64, "f64",
                                    "all floats in f64, without rounding"),
                         clEnumValN(interpreter::Precision::Native, "native",
                                    "round every result to its type")));

int fail(const Twine &place, const Twine &text) {
  llvm::errs() << "hydragen-interpret: error: " << place << ": " << text
               << "\n";
  return 2;
}

int fail(const Twine &place, const runtime::Error &error) {
  return fail(place, error.place.empty() ? error.message
                                         : error.place + ": " + error.message);
}

/// Tolerance per element type where none is asked for, times max(1, max|want|).
double getDefaultTolerance(Type elementType) {
  if (elementType.isF64())
    return 1e-10;
  if (elementType.isF32())
    return 2e-5;
  if (elementType.isF16())
    return 4e-3;
  return isa<FloatType>(elementType) ? 3e-2 : 0;
}

/// Compares one output; prints its line. nullopt when the array cannot be
/// compared.
std::optional<bool> compare(const interpreter::RuntimeValue &got,
                            const runtime::Array &want, Type type,
                            StringRef name) {
  SmallVector<int64_t> shape;
  if (got.isTensor)
    shape = got.tensor.shape;
  if (ArrayRef<int64_t>(want.shape) != ArrayRef<int64_t>(shape))
    return std::nullopt;
  Type elementType = getElementTypeOrSelf(type);
  // Floats may be compared with arrays of any float type.
  bool sameKind = runtime::isFloat(want.type) == isa<FloatType>(elementType);
  bool isPattern = isa<FloatType>(elementType) && !runtime::isFloat(want.type);
  std::optional<interpreter::RuntimeValue> expected;
  if (isPattern || !sameKind) {
    auto value = interpret::toValue(want, type);
    if (!value) {
      llvm::consumeError(value.takeError());
      return std::nullopt;
    }
    expected = *value;
  }
  int64_t count = want.getNumElements();
  auto wantAt = [&](int64_t i) {
    if (!expected)
      return runtime::getElement(want.type, want.data.data(), i);
    interpreter::Scalar scalar =
        expected->isTensor ? expected->tensor.read()[i] : expected->scalar;
    return isa<FloatType>(elementType) ? scalar.f
                                       : static_cast<double>(scalar.i);
  };
  double maxWant = 0;
  for (int64_t i = 0; i != count; ++i)
    if (std::isfinite(wantAt(i)))
      maxWant = std::max(maxWant, std::fabs(wantAt(i)));
  bool given = absoluteTolerance.getNumOccurrences() ||
               relativeTolerance.getNumOccurrences();
  double absolute =
      given ? absoluteTolerance.getValue()
            : getDefaultTolerance(elementType) * std::max(1.0, maxWant);
  double relative = given ? relativeTolerance.getValue() : 0;
  int64_t differences = 0;
  double maxError = 0;
  for (int64_t i = 0; i != count; ++i) {
    interpreter::Scalar scalar =
        got.isTensor ? got.tensor.read()[i] : got.scalar;
    double a =
        isa<FloatType>(elementType) ? scalar.f : static_cast<double>(scalar.i);
    double b = wantAt(i);
    if (a == b || (std::isnan(a) && std::isnan(b)))
      continue;
    double error = std::fabs(a - b);
    // Not so for NaN.
    bool close = error <= absolute + relative * std::fabs(b);
    differences += !close;
    maxError = std::isnan(error) ? std::numeric_limits<double>::infinity()
                                 : std::max(maxError, error);
  }
  llvm::outs() << name << ": max_abs_error=" << llvm::format("%.3g", maxError);
  if (differences)
    llvm::outs() << ", " << differences << " of " << count << " differ";
  llvm::outs() << "\n";
  return differences == 0;
}

std::string getName(StringRef key, size_t i) {
  return (key == "out" ? "out" : key.str() + "_") + std::to_string(i);
}

llvm::Expected<SmallVector<interpreter::RuntimeValue>>
readInputs(func::FuncOp entry) {
  SmallVector<interpreter::RuntimeValue> values;
  std::optional<runtime::NpzReader> archive;
  if (!inputsFile.empty()) {
    auto opened = runtime::NpzReader::open(inputsFile);
    if (!opened)
      return llvm::createStringError(inputsFile + ": " +
                                     opened.getError().message);
    archive = std::move(*opened);
  } else if (!seed.getNumOccurrences() && entry.getNumArguments() != 0) {
    return llvm::createStringError("command line: entry " +
                                   entry.getSymName().str() + " has " +
                                   std::to_string(entry.getNumArguments()) +
                                   " inputs: give --inputs or --random");
  }
  for (auto [i, type] : llvm::enumerate(entry.getArgumentTypes())) {
    std::string name = "in" + std::to_string(i);
    llvm::Expected<interpreter::RuntimeValue> value =
        llvm::createStringError("unreachable");
    llvm::consumeError(value.takeError());
    if (archive) {
      auto array = archive->read(name);
      if (!array)
        return llvm::createStringError(inputsFile + ": " +
                                       array.getError().message);
      value = interpret::toValue(*array, type);
    } else {
      value = interpret::makeRandom(type, seed, i);
    }
    if (!value)
      return llvm::createStringError(
          (archive ? inputsFile.getValue() : "--random") + ": array " + name +
          " " + llvm::toString(value.takeError()));
    values.push_back(std::move(*value));
  }
  return values;
}

struct Outputs {
  SmallVector<interpreter::RuntimeValue> values;
  ArrayRef<Type> types;
};

/// Says what is wrong and gives nullopt where the function cannot be run.
std::optional<Outputs> runEntry(ModuleOp module, StringRef name) {
  auto entry = module.lookupSymbol<func::FuncOp>(name);
  if (!entry) {
    fail("--entry", "no function named " + name);
    return std::nullopt;
  }
  auto inputs = readInputs(entry);
  if (!inputs) {
    llvm::errs() << "hydragen-interpret: error: "
                 << llvm::toString(inputs.takeError()) << "\n";
    return std::nullopt;
  }
  auto results =
      interpreter::Interpreter(module, precision).call(entry, *inputs);
  if (failed(results))
    return std::nullopt;
  return Outputs{std::move(*results), entry.getResultTypes()};
}

/// Writes --outputs, if asked for. False when the file cannot be written.
bool write(const Outputs &outputs) {
  if (outputsFile.empty())
    return true;
  std::vector<runtime::Array> arrays;
  for (auto [result, type] : llvm::zip_equal(outputs.values, outputs.types))
    arrays.push_back(interpret::toArray(
        result, type,
        roundOutputs || precision == interpreter::Precision::Native));
  std::vector<std::pair<std::string, const runtime::Array *>> named;
  for (size_t i = 0; i != arrays.size(); ++i)
    named.emplace_back("out" + std::to_string(i), &arrays[i]);
  auto status = runtime::writeFile(outputsFile, runtime::writeNpz(named));
  if (status)
    fail(outputsFile, *status);
  return !status;
}

/// The outputs of --expect-entry.
std::vector<runtime::Array> expectedArrays;

/// Compares the outputs of function `entry` with --expect-entry's and with
/// --expect; nullopt when they cannot be compared.
std::optional<bool> check(const Outputs &outputs, StringRef entry) {
  bool equal = true;
  if (!expectEntry.empty()) {
    if (expectedArrays.size() != outputs.values.size()) {
      fail("--expect-entry",
           "@" + expectEntry + " has " + Twine(expectedArrays.size()) +
               " results, @" + entry + " has " + Twine(outputs.values.size()));
      return std::nullopt;
    }
    for (auto [i, want] : llvm::enumerate(expectedArrays)) {
      std::string name = (entry + " " + getName("out", i)).str();
      std::optional<bool> same =
          compare(outputs.values[i], want, outputs.types[i], name);
      if (!same) {
        fail("--expect-entry", name + " has another shape or type than @" +
                                   expectEntry + " gives");
        return std::nullopt;
      }
      equal &= *same;
    }
  }
  if (expectFile.empty())
    return equal;
  auto archive = runtime::NpzReader::open(expectFile);
  if (!archive) {
    fail(expectFile, archive.getError());
    return std::nullopt;
  }
  for (size_t i = 0; i != outputs.values.size(); ++i) {
    std::string name = getName(keyName, i);
    auto want = archive->read(name);
    if (!want) {
      fail(expectFile, want.getError());
      return std::nullopt;
    }
    std::optional<bool> same =
        compare(outputs.values[i], *want, outputs.types[i], name);
    if (!same) {
      fail(expectFile,
           "array " + name + " has another shape or type than the output");
      return std::nullopt;
    }
    equal &= *same;
  }
  return equal;
}

int run(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  cl::HideUnrelatedOptions(category);
  std::string problem;
  llvm::raw_string_ostream problemStream(problem);
  if (!cl::ParseCommandLineOptions(
          argc, argv, "runs IR by its definition, for tests\n", &problemStream))
    return fail("command line", StringRef(problem).trim());

  DialectRegistry registry;
  registerAllDialects(registry);
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  std::string fileError;
  auto file = openInputFile(inputFile, &fileError);
  if (!file)
    return fail(inputFile, fileError);
  llvm::SourceMgr sources;
  sources.AddNewSourceBuffer(std::move(file), llvm::SMLoc());
  SourceMgrDiagnosticHandler diagnostics(sources, &context);
  OwningOpRef<ModuleOp> module =
      parseSourceFile<ModuleOp>(sources, ParserConfig(&context));
  if (!module)
    return 2;
  if (!expectEntry.empty()) {
    std::optional<Outputs> expected = runEntry(*module, expectEntry);
    if (!expected)
      return 2;
    std::vector<runtime::Array> want;
    for (auto [result, type] :
         llvm::zip_equal(expected->values, expected->types))
      want.push_back(interpret::toArray(result, type, /*native=*/false));
    expectedArrays = std::move(want);
  }
  bool equal = true;
  if (entryNames.empty())
    entryNames.push_back("main");
  if (!outputsFile.empty() && entryNames.size() != 1)
    return fail("--outputs", "one --entry only");
  for (const std::string &name : entryNames) {
    std::optional<Outputs> outputs = runEntry(*module, name);
    std::optional<bool> same;
    if (!outputs || !write(*outputs) || !(same = check(*outputs, name)))
      return 2;
    equal &= *same;
  }
  return equal ? 0 : 1;
}

} // namespace
} // namespace hydragen

int main(int argc, char **argv) { return ::hydragen::run(argc, argv); }
