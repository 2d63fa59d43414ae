//===- BufferizableOpInterfaceImpl.h - bufferisation of our ops -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_CONVERSION_BUFFERIZABLEOPINTERFACEIMPL_H
#define HYDRAGEN_CONVERSION_BUFFERIZABLEOPINTERFACEIMPL_H

namespace mlir {
class DialectRegistry;
namespace hydragen {

/// Bufferisation of the ops that have a memref form: partial attentions,
/// combine, finalize, state_lse. Inits are written in place.
void registerBufferizableOpInterfaceExternalModels(DialectRegistry &registry);

} // namespace hydragen
} // namespace mlir

#endif // HYDRAGEN_CONVERSION_BUFFERIZABLEOPINTERFACEIMPL_H
