//===- ScoreModifier.h - masks and modified scores in kernels ---*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_KERNELS_SCOREMODIFIER_H
#define HYDRAGEN_KERNELS_SCOREMODIFIER_H

#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "llvm/ADT/SmallVector.h"
#include <memory>
#include <string>

namespace mlir::hydragen::kernels {

/// A run-time parameter of a kernel. The order in getKernelParameters is the
/// order in the packed buffer, each naturally aligned (CUDA's rule).
struct KernelParameter {
  enum Kind { Pointer, I64, I32, F32 };
  std::string name;
  Kind kind;
  /// Byte offset in the packed buffer; set by getKernelParameters.
  unsigned offset = 0;
  unsigned getSize() const { return kind == Pointer || kind == I64 ? 8 : 4; }
};

/// How the scores of one variant change between the scaled product and the
/// softmax. The generator asks for the code; values are i32 (digits, positions)
/// and f32 (scores, in natural units: score = scale * q.k). Code must be free
/// of barriers and may read global memory.
class ScoreModifier {
public:
  virtual ~ScoreModifier();

  /// Parameters this modifier reads at run time; they are appended to the
  /// kernel's own, with `vN_` before the name for variant N.
  virtual SmallVector<KernelParameter> getParameters() const { return {}; }

  //===--------------------------------------------------------------------===//
  // Bounds: keys that a row does not see at all
  //===--------------------------------------------------------------------===//

  virtual bool hasBounds() const { return false; }
  /// Narrows the absolute positions [low, high) that the row with these digits
  /// sees. Called once per row. Hidden keys weigh exactly 0.
  virtual std::pair<Value, Value> emitBounds(ImplicitLocOpBuilder &builder,
                                             ValueRange parameters,
                                             ValueRange digits, Value low,
                                             Value high) {
    return {low, high};
  }

  //===--------------------------------------------------------------------===//
  // Element by element
  //===--------------------------------------------------------------------===//

  virtual bool hasElementwise() const { return false; }
  /// Values of a row that emitScore wants (base pointers, slopes, ...); they
  /// stay in registers across the loop over keys.
  virtual SmallVector<Value> emitRow(ImplicitLocOpBuilder &builder,
                                     ValueRange parameters, ValueRange digits) {
    return {};
  }
  /// The new score. `position` is the key's absolute position, always one of
  /// the item's keys (scores of others are dropped afterwards). -inf hides the
  /// key; a finite score, however small, does not.
  virtual Value emitScore(ImplicitLocOpBuilder &builder, ValueRange parameters,
                          ValueRange row, Value score, Value position) {
    return score;
  }
};

/// Applies `modifiers` in order; bounds are intersected.
std::shared_ptr<ScoreModifier>
makeScoreModifierList(ArrayRef<std::shared_ptr<ScoreModifier>> modifiers);

/// Position of a row that causal masks, windows and ALiBi measure from:
/// digits[dim] + `position` (run time).
///
/// Key visible when position(key) <= position(row). Parameter `position`: i32.
std::shared_ptr<ScoreModifier> makeCausalModifier(unsigned dim);
/// Key visible when position(key) > position(row) - window. Parameters
/// `window_position`, `window`: i32.
std::shared_ptr<ScoreModifier> makeWindowModifier(unsigned dim);
/// s := cap * tanh(s / cap). Parameter `cap`: f32.
std::shared_ptr<ScoreModifier> makeSoftcapModifier();
/// s := s + slopes[digits[headDim]] * (position(key) - position(row)).
/// Parameters `alibi_position`: i32, `slopes`: pointer to f32.
std::shared_ptr<ScoreModifier> makeAlibiModifier(unsigned headDim,
                                                 unsigned dim);
/// What a tensor operand of a score holds.
enum class OperandType : uint8_t { F16, BF16, F32, Boolean };
/// s := s + bias[digits * strides + position * key stride], or for booleans:
/// -inf where the byte is 0. Parameters `bias`: pointer, `bias_stride_I` per
/// row dim and `bias_key_stride`: i64, bytes. `unique` goes before the names.
std::shared_ptr<ScoreModifier>
makeBiasModifier(OperandType type, unsigned rowRank, StringRef unique = "");

/// tanh of an f32, error below 2e-7 relative; no library call.
Value emitTanh(ImplicitLocOpBuilder &builder, Value x);

} // namespace mlir::hydragen::kernels

#endif // HYDRAGEN_KERNELS_SCOREMODIFIER_H
