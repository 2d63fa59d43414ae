//===- hydragen-compile.cpp - model IR to modules ---------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Compiler.h"
#include "Options.h"

#include "llvm/Config/llvm-config.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/raw_ostream.h"
#include <unistd.h>

using namespace llvm;
using namespace hydragen::compile;

/// LLVM gives up: out of memory or a bug, never the input's fault.
static void handleFatalError(void *, const char *reason, bool) {
  StringRef line = StringRef(reason).split('\n').first;
  errs() << "hydragen-compile: error: internal: " << line << "\n";
  errs().flush();
  _exit(kInternalError);
}

int main(int argc, char **argv) {
  install_fatal_error_handler(handleFatalError);
  install_bad_alloc_error_handler(handleFatalError);
  Expected<Options> options =
      parseOptions(ArrayRef<const char *>(argv + 1, argc - 1));
  if (!options) {
    errs() << "hydragen-compile: error: " << toString(options.takeError())
           << "\n";
    return kBadInput;
  }
  if (options->help) {
    outs() << kHelp;
    return kOk;
  }
  if (options->version) {
    outs() << "hydragen-compile " HYDRAGEN_VERSION " (LLVM " LLVM_VERSION_STRING
              ")\n";
    return kOk;
  }
  return Compiler(*options).run();
}
