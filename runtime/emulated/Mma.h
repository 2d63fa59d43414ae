//===- Mma.h - matrix multiply-accumulate (internal) ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Fragments (PTX ISA 9.7.14.5). With lane = 4 g + t, a register of an A or B
// fragment is a row-major 8 x w matrix over the lanes: row g, columns w/4 * t
// onward, w being 16 bytes' worth of elements (w/4 elements to a word). So a
// row of four lanes is contiguous in the register file. Register r of A holds
// rows 8 (r & 1) + g and columns w (r >> 1) onward; register r of B columns n =
// g and rows k = w r onward. C and D: register r holds row 8 (r >> 1) + g,
// column 2 t + (r & 1); packed f16: row 8 r + g, columns 2 t and 2 t + 1.
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_RUNTIME_EMULATED_MMA_H
#define HYDRAGEN_RUNTIME_EMULATED_MMA_H

#include "Exec.h"

namespace hydragen::emulated {

constexpr int maxMmaK = 32;

/// The operands of a floating-point mma as numbers: A (m x k), B (n x k, n = 8)
/// and C (m x 8); D replaces C.
struct MmaOperands {
  alignas(64) float a[16][maxMmaK];
  alignas(64) float b[8][maxMmaK];
  alignas(64) float c[16][8];
};

/// What the bit-accurate model has to know of the types.
struct MmaModel {
  /// Bits of mantissa and least exponent of A's and B's type.
  int mantissaA, leastA, mantissaB, leastB;
  /// Accumulator and result are f16.
  bool half;
  /// Bits kept below the largest exponent while summing; products summed at
  /// once; bits of mantissa of an f32 result.
  int fraction, block, resultBits;
};

/// D = A B + C as Ampere's tensor cores add (fp8: Ada's, the first that has
/// it).
void multiplyAmpere(MmaOperands &operands, int m, int k, const MmaModel &model);

/// Selects mma.
bool selectMma(Decoder &d);

} // namespace hydragen::emulated

#endif // HYDRAGEN_RUNTIME_EMULATED_MMA_H
