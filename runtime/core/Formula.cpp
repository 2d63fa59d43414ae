//===- Formula.cpp - work of a kernel from input shapes ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Manifest.h"

#include <cmath>

using namespace hydragen::runtime;

namespace {
/// Recursive descent; the text is untrusted.
class FormulaParser {
public:
  FormulaParser(std::string_view text,
                const std::vector<std::vector<int64_t>> &shapes)
      : text(text), shapes(shapes) {}

  std::optional<double> parse() {
    double value = sum(0);
    if (failed || position != text.size())
      return std::nullopt;
    return value;
  }

private:
  char peek() {
    while (position < text.size() && text[position] == ' ')
      ++position;
    return position < text.size() ? text[position] : '\0';
  }
  bool take(char wanted) {
    if (peek() != wanted)
      return false;
    ++position;
    return true;
  }
  double number() {
    double value = 0;
    size_t begin = position;
    for (; position < text.size() && text[position] >= '0' &&
           text[position] <= '9';
         ++position)
      value = value * 10 + (text[position] - '0');
    failed |= position == begin;
    return value;
  }
  double extent() {
    position += 2; // "in"
    double input = number();
    if (!take('.'))
      return fail();
    double dim = number();
    if (failed || input >= double(shapes.size()) ||
        dim >= double(shapes[size_t(input)].size()))
      return fail();
    return double(shapes[size_t(input)][size_t(dim)]);
  }
  double factor(unsigned depth) {
    // As deep as a formula of a person or compiler may be, not as the stack is.
    if (depth > 64)
      return fail();
    if (take('(')) {
      double value = sum(depth + 1);
      return take(')') ? value : fail();
    }
    if (peek() == 'i' && text.substr(position, 2) == "in")
      return extent();
    return number();
  }
  double product(unsigned depth) {
    double value = factor(depth);
    while (!failed)
      if (take('*'))
        value *= factor(depth);
      else if (take('/'))
        value = std::floor(value / factor(depth));
      else
        break;
    return value;
  }
  double sum(unsigned depth) {
    double value = product(depth);
    while (!failed)
      if (take('+'))
        value += product(depth);
      else if (take('-'))
        value -= product(depth);
      else
        break;
    return value;
  }
  double fail() {
    failed = true;
    return 0;
  }

  std::string_view text;
  const std::vector<std::vector<int64_t>> &shapes;
  size_t position = 0;
  bool failed = false;
};
} // namespace

std::optional<double> hydragen::runtime::evaluateFormula(
    std::string_view text,
    const std::vector<std::vector<int64_t>> &inputShapes) {
  auto value = FormulaParser(text, inputShapes).parse();
  if (!value || !std::isfinite(*value) || *value < 0)
    return std::nullopt;
  return value;
}
