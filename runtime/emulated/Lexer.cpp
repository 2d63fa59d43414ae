//===- Lexer.cpp - tokens of PTX --------------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Lexer.h"

#include <cstdlib>
#include <cstring>

using namespace hydragen::emulated;

static bool isDigit(char c) { return c >= '0' && c <= '9'; }
static bool isHex(char c) {
  return isDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
static bool isWordStart(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         c == '$' || c == '%';
}
static bool isWord(char c) { return isWordStart(c) || isDigit(c); }

void Lexer::advance() {
  if (text[at] == '\n') {
    ++line;
    column = 1;
  } else {
    ++column;
  }
  ++at;
}

static Token bad(Token token, std::string_view why) {
  token.kind = Token::Bad;
  token.text = why;
  return token;
}

Token Lexer::number(Token token) {
  auto take = [&](size_t count) {
    while (count--)
      advance();
  };
  auto hexFloat = [&](unsigned digits, Token::Kind kind) {
    take(2);
    uint64_t value = 0;
    for (unsigned i = 0; i < digits; ++i) {
      if (!isHex(peek()))
        return bad(token, "malformed floating-point literal");
      char c = peek();
      value = value * 16 + (isDigit(c) ? c - '0' : (c | 32) - 'a' + 10);
      take(1);
    }
    token.kind = kind;
    token.value = value;
    return token;
  };
  char second = peek(1);
  if (peek() == '0' && (second == 'f' || second == 'F'))
    return hexFloat(8, Token::Float32);
  if (peek() == '0' && (second == 'd' || second == 'D'))
    return hexFloat(16, Token::Float64);

  unsigned base = 10;
  if (peek() == '0' && (second == 'x' || second == 'X')) {
    base = 16;
    take(2);
  } else if (peek() == '0' && (second == 'b' || second == 'B')) {
    base = 2;
    take(2);
  }
  size_t first = at;
  size_t scan = at;
  while (scan < text.size() &&
         (base == 16 ? isHex(text[scan]) : isDigit(text[scan])))
    ++scan;
  bool isFloat = false;
  if (base == 10 && scan < text.size()) {
    char c = text[scan];
    char after = scan + 1 < text.size() ? text[scan + 1] : '\0';
    isFloat = (c == '.' && isDigit(after)) || c == 'e' || c == 'E';
  }
  if (isFloat) {
    size_t stop = scan;
    while (stop < text.size() && (isDigit(text[stop]) || text[stop] == '.' ||
                                  (text[stop] | 32) == 'e' ||
                                  ((text[stop] == '-' || text[stop] == '+') &&
                                   (text[stop - 1] | 32) == 'e')))
      ++stop;
    std::string digits(text.substr(first, stop - first));
    char *end = nullptr;
    double value = std::strtod(digits.c_str(), &end);
    if (*end)
      return bad(token, "malformed floating-point literal");
    take(stop - at);
    token.kind = Token::Float64;
    std::memcpy(&token.value, &value, 8);
    return token;
  }
  if (scan == first)
    return bad(token, "malformed integer literal");
  if (base == 10 && text[first] == '0')
    base = 8;
  uint64_t value = 0;
  for (; at < scan;) {
    char c = peek();
    unsigned digit = isDigit(c) ? c - '0' : (c | 32) - 'a' + 10;
    uint64_t wide;
    if (digit >= base || __builtin_mul_overflow(value, base, &wide) ||
        __builtin_add_overflow(wide, digit, &value))
      return bad(token, "malformed integer literal");
    take(1);
  }
  if (peek() == 'U' || peek() == 'u')
    take(1);
  if (isWord(peek()))
    return bad(token, "malformed integer literal");
  token.kind = Token::Integer;
  token.value = value;
  return token;
}

Token Lexer::next() {
  size_t before = at;
  for (;;) {
    char c = peek();
    if (at >= text.size())
      break;
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f' ||
        c == '\v') {
      advance();
    } else if (c == '/' && peek(1) == '/') {
      while (at < text.size() && peek() != '\n')
        advance();
    } else if (c == '/' && peek(1) == '*') {
      advance();
      advance();
      while (at < text.size() && !(peek() == '*' && peek(1) == '/'))
        advance();
      for (int i = 0; i < 2 && at < text.size(); ++i)
        advance();
    } else {
      break;
    }
  }
  joined = at == before;
  Token token;
  token.position = {line, column};
  token.begin = token.end = at;
  if (at >= text.size())
    return token;
  char c = peek();
  if (isDigit(c)) {
    token = number(token);
    if (token.kind != Token::Bad)
      token.text = text.substr(token.begin, at - token.begin);
  } else if (isWordStart(c)) {
    while (at < text.size() && isWord(peek()))
      advance();
    token.kind = Token::Word;
    token.text = text.substr(token.begin, at - token.begin);
  } else if (c == '.' && isWord(peek(1))) {
    advance();
    while (at < text.size() &&
           (isWord(peek()) ||
            (peek() == ':' && peek(1) == ':' && isWord(peek(2))) ||
            (peek() == ':' && text[at - 1] == ':')))
      advance();
    token.kind = Token::Directive;
    token.text = text.substr(token.begin + 1, at - token.begin - 1);
  } else if (c == '"') {
    advance();
    size_t first = at;
    while (at < text.size() && peek() != '"' && peek() != '\n') {
      if (peek() == '\\' && at + 1 < text.size())
        advance();
      advance();
    }
    if (peek() != '"')
      return bad(token, "string without an end");
    token.kind = Token::String;
    token.text = text.substr(first, at - first);
    advance();
  } else if (std::strchr("{}()[]<>,;:+-*/!@|=.&~^%?", c) && c) {
    advance();
    token.kind = Token::Punct;
    token.text = text.substr(token.begin, 1);
  } else {
    return bad(token, "unexpected character");
  }
  token.end = at;
  return token;
}
