//===- Emitter.cpp - IR text with shapes ------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Emitter.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

#include <cctype>
#include <cmath>

using namespace llvm;

namespace hydragen::fuzz {

unsigned getBits(StringRef element) {
  if (element == "bf16")
    return 16;
  unsigned bits = 64;
  element.drop_front().getAsInteger(10, bits);
  return bits;
}

std::string Val::type() const {
  std::string text = "tensor<";
  for (const Dim &dim : dims)
    text += (dim.isDynamic() ? "?" : std::to_string(dim.size)) + "x";
  return text + element + ">";
}

std::string Emitter::emit(const Twine &text) {
  std::string name = "%v" + std::to_string(next++);
  body += "  " + name + " = " + text.str() + "\n";
  return name;
}

std::string Emitter::index(int64_t value) {
  std::string &name = constants["index" + std::to_string(value)];
  if (name.empty()) {
    name = "%cst" + std::to_string(constants.size());
    header += "  " + name + " = arith.constant " + std::to_string(value) +
              " : index\n";
  }
  return name;
}

std::string Emitter::constant(double value, StringRef element) {
  std::string text;
  raw_string_ostream os(text);
  if (std::isinf(value)) {
    StringRef bits = element == "f64"    ? "0x7FF0000000000000"
                     : element == "f32"  ? "0x7F800000"
                     : element == "bf16" ? "0x7F80"
                                         : "0x7C00";
    os << bits;
    if (value < 0)
      text[2] = 'F'; // the sign is the uppermost bit
  } else if (element.starts_with("i")) {
    os << static_cast<int64_t>(value);
  } else {
    os << format("%.17e", value);
  }
  std::string &name = constants[element.str() + text];
  if (name.empty()) {
    name = "%cst" + std::to_string(constants.size());
    header += "  " + name + " = arith.constant " + text + " : " +
              element.str() + "\n";
  }
  return name;
}

Val Emitter::argument(const Dims &dims, StringRef element,
                      std::vector<double> values) {
  Input input{element.str(), {}, std::move(values)};
  for (const Dim &dim : dims)
    input.shape.push_back(dim.size);
  Val value{"%arg" + std::to_string(inputs.size()), element.str(), dims};
  inputs.push_back(std::move(input));
  argumentTypes.push_back(value.type());
  return value;
}

Dim Emitter::dimOf(const Val &tensor, unsigned dim, int64_t size) {
  return {size, emit("tensor.dim " + tensor.name + ", " + index(dim) + " : " +
                     tensor.type())};
}

static std::string asValue(Emitter &emitter, const Dim &dim) {
  return dim.isDynamic() ? dim.value : emitter.index(dim.size);
}

Dim Emitter::product(ArrayRef<Dim> dims) {
  Dim result = dims.front();
  for (const Dim &dim : dims.drop_front()) {
    Dim both(result.size * dim.size);
    if (dim.isDynamic() || result.isDynamic())
      both.value = emit("arith.muli " + asValue(*this, result) + ", " +
                        asValue(*this, dim) + " : index");
    result = both;
  }
  return result;
}

Dim Emitter::sum(ArrayRef<Dim> dims) {
  Dim result = dims.front();
  for (const Dim &dim : dims.drop_front()) {
    Dim both(result.size + dim.size);
    if (dim.isDynamic() || result.isDynamic())
      both.value = emit("arith.addi " + asValue(*this, result) + ", " +
                        asValue(*this, dim) + " : index");
    result = both;
  }
  return result;
}

Val Emitter::empty(const Dims &dims, StringRef element) {
  Val value{"", element.str(), dims};
  SmallVector<std::string> sizes;
  for (const Dim &dim : dims)
    if (dim.isDynamic())
      sizes.push_back(dim.value);
  value.name =
      emit("tensor.empty(" + join(sizes, ", ") + ") : " + value.type());
  return value;
}

Val Emitter::fill(const Dims &dims, StringRef element, double number) {
  Val value = empty(dims, element);
  value.name = emit("linalg.fill ins(" + constant(number, element) + " : " +
                    element + ") outs(" + value.name + " : " + value.type() +
                    ") -> " + value.type());
  return value;
}

Val Emitter::generic(StringRef loops, ArrayRef<Operand> ins, const Val &init,
                     StringRef outMap, const Twine &bodyText) {
  SmallVector<std::string> dims, kinds, maps, names, types, arguments;
  for (char loop : loops) {
    dims.push_back(std::string(1, loop));
    kinds.push_back(isupper(loop) ? "\"reduction\"" : "\"parallel\"");
  }
  auto addMap = [&](StringRef letters) {
    SmallVector<std::string> results;
    for (char letter : letters)
      results.push_back(std::string(1, letter));
    maps.push_back("affine_map<(" + join(dims, ", ") + ") -> (" +
                   join(results, ", ") + ")>");
  };
  for (auto &[value, letters] : ins) {
    addMap(letters);
    arguments.push_back("%a" + std::to_string(names.size()) + ": " +
                        value.element);
    names.push_back(value.name);
    types.push_back(value.type());
  }
  addMap(outMap);
  arguments.push_back("%o: " + init.element);
  std::string text = bodyText.str(), replaced;
  for (size_t i = 0; i != text.size(); ++i)
    if (text[i] == '#')
      replaced += "%i" + std::to_string(loops.find(text[++i]));
    else
      replaced += text[i];
  std::string indices;
  for (size_t i = 0; i != loops.size(); ++i)
    if (replaced.find("%i" + std::to_string(i)) != std::string::npos)
      indices += "      %i" + std::to_string(i) + " = linalg.index " +
                 std::to_string(i) + " : index\n";
  Val result = init;
  std::string operands;
  if (!ins.empty())
    operands = "ins(" + join(names, ", ") + " : " + join(types, ", ") + ") ";
  result.name =
      emit("linalg.generic {indexing_maps = [" + join(maps, ", ") +
           "], iterator_types = [" + join(kinds, ", ") + "]} " + operands +
           "outs(" + init.name + " : " + init.type() + ") {\n    ^bb0(" +
           join(arguments, ", ") + "):\n" + indices + "      " +
           StringRef(replaced).trim() + "\n      linalg.yield " +
           (replaced.empty() ? "%a0" : "%r") + " : " + init.element +
           "\n  } -> " + init.type());
  return result;
}

/// [[0], [1, 2], ...]
static std::string getGroups(unsigned rank, unsigned first, unsigned count) {
  std::string text = "[";
  for (unsigned i = 0; i != rank; ++i) {
    bool joins = i > first && i < first + count;
    if (i != 0)
      text += joins ? ", " : "], ";
    text += (joins ? "" : "[") + std::to_string(i);
  }
  return text + "]]";
}

Val Emitter::collapse(const Val &value, unsigned first, unsigned count) {
  Val result{"", value.element, {}};
  result.dims.assign(value.dims.begin(), value.dims.begin() + first);
  result.dims.push_back(product(ArrayRef<Dim>(value.dims).slice(first, count)));
  result.dims.insert(result.dims.end(), value.dims.begin() + first + count,
                     value.dims.end());
  result.name = emit("tensor.collapse_shape " + value.name + " " +
                     getGroups(value.dims.size(), first, count) + " : " +
                     value.type() + " into " + result.type());
  return result;
}

Val Emitter::expand(const Val &value, unsigned dim, ArrayRef<Dim> into) {
  Val result = value;
  result.dims.erase(result.dims.begin() + dim);
  result.dims.insert(result.dims.begin() + dim, into.begin(), into.end());
  SmallVector<std::string> shape;
  for (const Dim &d : result.dims)
    shape.push_back(d.isDynamic() ? d.value : std::to_string(d.size));
  result.name = emit("tensor.expand_shape " + value.name + " " +
                     getGroups(result.dims.size(), dim, into.size()) +
                     " output_shape [" + join(shape, ", ") +
                     "] : " + value.type() + " into " + result.type());
  return result;
}

Val Emitter::transpose(const Val &value, ArrayRef<unsigned> order, bool named) {
  Val result{"", value.element, {}};
  std::string loops, source(order.size(), ' ');
  for (auto [i, from] : enumerate(order)) {
    result.dims.push_back(value.dims[from]);
    loops += static_cast<char>('a' + i);
    source[from] = loops.back();
  }
  if (!named)
    return map(loops, {{value, source}}, result.dims, value.element, kCopy);
  Val init = empty(result.dims, value.element);
  SmallVector<std::string> numbers;
  for (unsigned i : order)
    numbers.push_back(std::to_string(i));
  result.name =
      emit("linalg.transpose ins(" + value.name + " : " + value.type() +
           ") outs(" + init.name + " : " + init.type() + ") permutation = [" +
           join(numbers, ", ") + "]");
  return result;
}

Val Emitter::concat(ArrayRef<Val> parts, unsigned dim) {
  Val result = parts.front();
  SmallVector<Dim> extents;
  SmallVector<std::string> names, types;
  for (const Val &part : parts) {
    extents.push_back(part.dims[dim]);
    names.push_back(part.name);
    types.push_back(part.type());
    // A known extent is known of the result.
    for (unsigned i = 0; i != result.dims.size(); ++i)
      if (i != dim && !part.dims[i].isDynamic())
        result.dims[i] = part.dims[i];
  }
  result.dims[dim] = sum(extents);
  result.name =
      emit("tensor.concat dim(" + Twine(dim) + ") " + join(names, ", ") +
           " : (" + join(types, ", ") + ") -> " + result.type());
  return result;
}

Val Emitter::cast(const Val &value, StringRef element) {
  if (value.element == element)
    return value;
  std::string loops;
  for (size_t i = 0; i != value.dims.size(); ++i)
    loops += static_cast<char>('a' + i);
  StringRef op = getBits(value.element) < getBits(element) ? "extf" : "truncf";
  return map(loops, {{value, loops}}, value.dims, element,
             "%r = arith." + op + " %a0 : " + value.element + " to " + element);
}

std::string Emitter::finish(const Val &result) {
  std::string text = "func.func @main(";
  for (auto [i, input] : enumerate(inputs)) {
    text += (i ? ", " : "") + std::string("%arg") + std::to_string(i) + ": ";
    text += argumentTypes[i];
  }
  return text + ") -> " + result.type() + " {\n" + header + body + "  return " +
         result.name + " : " + result.type() + "\n}\n";
}

} // namespace hydragen::fuzz
