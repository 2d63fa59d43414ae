//===- Lexer.h - tokens of PTX ----------------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_RUNTIME_EMULATED_LEXER_H
#define HYDRAGEN_RUNTIME_EMULATED_LEXER_H

#include "Ptx.h"

namespace hydragen::emulated {

struct Token {
  enum Kind : uint8_t {
    End,
    Word,      ///< identifiers, also %r1, $L__BB0_1
    Directive, ///< .reg, .b32: text without the dot
    Integer,   ///< `value`
    Float32,   ///< 0f3F800000: bits in `value`
    Float64,   ///< 0d..., 1.5: bits in `value`
    String,    ///< text without quotes
    Punct,     ///< one character
    Bad        ///< text says why
  };
  Kind kind = End;
  std::string_view text;
  uint64_t value = 0;
  Position position;
  /// Offset of the first character.
  size_t begin = 0, end = 0;
};

class Lexer {
public:
  explicit Lexer(std::string_view text) : text(text) {}
  /// The next token. A dot directly after a word is its own Directive token;
  /// `joined` says that no space stood before it.
  Token next();
  /// True when the last token followed its predecessor without a space.
  bool joined = false;

private:
  char peek(size_t ahead = 0) const {
    return at + ahead < text.size() ? text[at + ahead] : '\0';
  }
  void advance();
  Token number(Token token);
  std::string_view text;
  size_t at = 0;
  int line = 1, column = 1;
};

} // namespace hydragen::emulated

#endif // HYDRAGEN_RUNTIME_EMULATED_LEXER_H
