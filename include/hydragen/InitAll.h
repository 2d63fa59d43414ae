//===- InitAll.h - registration of everything of this project ---*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_INITALL_H
#define HYDRAGEN_INITALL_H

namespace mlir {
class DialectRegistry;
} // namespace mlir

namespace hydragen {

/// Upstream's dialects and extensions, and ours with its interfaces.
void registerAllDialects(mlir::DialectRegistry &registry);
/// Our dialect and interfaces alone (a plugin's host has upstream's).
void registerHydragenDialect(mlir::DialectRegistry &registry);
/// Our passes and pipelines.
void registerHydragenPasses();

} // namespace hydragen

#endif // HYDRAGEN_INITALL_H
