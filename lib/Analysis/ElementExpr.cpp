//===- ElementExpr.cpp - one element of a tensor as expression --*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hydragen/Analysis/ElementExpr.h"

#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace mlir::hydragen;

//===----------------------------------------------------------------------===//
// IndexExpr
//===----------------------------------------------------------------------===//

void IndexExpr::addTerm(IndexAtom atom, const SizeExpr &coefficient) {
  auto *it = llvm::lower_bound(terms, atom, [](const Term &term, IndexAtom a) {
    return term.first < a;
  });
  if (it == terms.end() || !(it->first == atom)) {
    if (!coefficient.isZero())
      terms.insert(it, Term(atom, coefficient));
    return;
  }
  it->second = it->second + coefficient;
  if (it->second.isZero())
    terms.erase(it);
}

IndexExpr IndexExpr::operator+(const IndexExpr &other) const {
  IndexExpr result = *this;
  result.constant = result.constant + other.constant;
  for (const Term &term : other.terms)
    result.addTerm(term.first, term.second);
  return result;
}

IndexExpr IndexExpr::operator-(const IndexExpr &other) const {
  return *this + other * SizeExpr(-1);
}

IndexExpr IndexExpr::operator*(const SizeExpr &factor) const {
  IndexExpr result(constant * factor);
  if (factor.isZero())
    return result;
  for (const Term &term : terms)
    result.terms.emplace_back(term.first, term.second * factor);
  return result;
}

llvm::hash_code IndexExpr::hash() const {
  llvm::hash_code code = constant.hash();
  for (const Term &term : terms)
    code = llvm::hash_combine(code, term.first.getKey(), term.second.hash());
  return code;
}

//===----------------------------------------------------------------------===//
// Variables
//===----------------------------------------------------------------------===//

VarId ExprContext::getVar(Operation *op, unsigned loop,
                          const SizeExpr &extent) {
  auto [it, inserted] = varIds.try_emplace({op, loop}, vars.size());
  if (inserted)
    vars.push_back({op, loop, sizes.resolve(extent), {}, {}, SizeExpr(1), {}});
  return it->second;
}

void ExprContext::refine(VarId id, const SizeExpr &stride) {
  assert(!vars[id].isRefined() && "already refined");
  std::optional<SizeExpr> high = vars[id].extent.divideExactly(stride);
  assert(high && "extent must be a multiple of the stride");
  VarId first = vars.size();
  LoopVar digit = vars[id];
  digit.parent = id;
  digit.extent = *high;
  vars.push_back(digit);
  digit.extent = stride;
  vars.push_back(digit);
  vars[id].high = first;
  vars[id].low = first + 1;
  vars[id].stride = stride;
}

IndexExpr ExprContext::getIndex(VarId id) const {
  const LoopVar &v = vars[id];
  if (v.isRefined())
    return getIndex(*v.high) * v.stride + getIndex(*v.low);
  if (v.extent.isOne())
    return IndexExpr(0);
  return IndexExpr::atom(IndexAtom::var(id));
}

void ExprContext::getDigits(VarId id, SmallVectorImpl<VarId> &digits) const {
  const LoopVar &v = vars[id];
  if (v.isRefined()) {
    getDigits(*v.high, digits);
    getDigits(*v.low, digits);
  } else if (!v.extent.isOne()) {
    digits.push_back(id);
  }
}

ExprContext::Digit ExprContext::getDigit(VarId id) const {
  Digit digit{id, SizeExpr(1), std::nullopt};
  while (vars[digit.root].parent) {
    VarId parent = *vars[digit.root].parent;
    if (*vars[parent].high == digit.root)
      digit.divisor = digit.divisor * vars[parent].stride;
    else if (!digit.modulus)
      // (parent mod stride) floordiv divisor = (parent floordiv divisor) mod
      // (stride / divisor), and stride / divisor is the digit's extent.
      digit.modulus = vars[id].extent;
    digit.root = parent;
  }
  return digit;
}

//===----------------------------------------------------------------------===//
// Interning
//===----------------------------------------------------------------------===//

static bool sameNode(const ExprNode &a, const ExprNode &b) {
  auto bits = [](double v) {
    uint64_t u;
    static_assert(sizeof(u) == sizeof(v), "double is 64 bits");
    memcpy(&u, &v, sizeof(u));
    return u;
  };
  return a.kind == b.kind && a.op == b.op && a.type == b.type &&
         bits(a.value) == bits(b.value) && a.aux == b.aux && a.base == b.base &&
         a.indices == b.indices && a.children == b.children &&
         a.bound == b.bound && a.name == b.name && a.payload == b.payload;
}

ExprId ExprContext::intern(ExprNode n) {
  llvm::hash_code code = llvm::hash_combine(
      unsigned(n.kind), unsigned(n.op), n.type.getAsOpaquePointer(),
      llvm::bit_cast<uint64_t>(n.value), n.aux, n.base.getAsOpaquePointer(),
      n.payload.getAsOpaquePointer(),
      llvm::hash_combine_range(n.children.begin(), n.children.end()),
      llvm::hash_combine_range(n.bound.begin(), n.bound.end()));
  for (const IndexExpr &index : n.indices)
    code = llvm::hash_combine(code, index.hash());
  if (n.name)
    code = llvm::hash_combine(code, n.name->getAsOpaquePointer());
  // The two largest keys are DenseMap's own.
  uint64_t key = static_cast<uint64_t>(size_t(code)) >> 2;
  SmallVector<ExprId, 1> &bucket = table[key];
  for (ExprId id : bucket)
    if (sameNode(nodes[id], n))
      return id;

  SmallVector<VarId, 8> freeVars;
  for (ExprId child : n.children)
    llvm::append_range(freeVars, nodes[child].freeVars);
  for (const IndexExpr &index : n.indices)
    addFreeVars(index, freeVars);
  llvm::sort(freeVars);
  freeVars.erase(llvm::unique(freeVars), freeVars.end());
  llvm::erase_if(freeVars,
                 [&](VarId v) { return llvm::is_contained(n.bound, v); });
  n.freeVars.assign(freeVars.begin(), freeVars.end());
  ExprId id = nodes.size();
  nodes.push_back(std::move(n));
  bucket.push_back(id);
  return id;
}

void ExprContext::addFreeVars(const IndexExpr &index,
                              SmallVectorImpl<VarId> &out) const {
  for (const IndexExpr::Term &term : index.getTerms()) {
    if (term.first.isVar())
      out.push_back(term.first.getVar());
    else
      llvm::append_range(out, nodes[term.first.getExpr()].freeVars);
  }
}

bool ExprContext::mentions(const IndexExpr &index, VarId var) const {
  SmallVector<VarId, 8> free;
  addFreeVars(index, free);
  return llvm::is_contained(free, var);
}

ExprId ExprContext::getLinear(const IndexExpr &index) {
  // One opaque atom alone is that expression.
  if (index.getConstant().isZero() && index.getTerms().size() == 1 &&
      !index.getTerms().front().first.isVar() &&
      index.getTerms().front().second.isOne())
    return index.getTerms().front().first.getExpr();
  ExprNode n;
  n.kind = ExprKind::Linear;
  n.type = IndexType::get(context);
  n.indices.push_back(index);
  return intern(std::move(n));
}

ExprId ExprContext::getConstant(double value, Type type) {
  ExprNode n;
  n.kind = ExprKind::Constant;
  n.type = type;
  n.value = value;
  return intern(std::move(n));
}

ExprId ExprContext::getLoad(Value base, ArrayRef<IndexExpr> indices) {
  ExprNode n;
  n.kind = ExprKind::Load;
  n.type = getElementTypeOrSelf(base.getType());
  n.base = base;
  n.indices.assign(indices.begin(), indices.end());
  return intern(std::move(n));
}

ExprId ExprContext::getReduce(ScalarOp combiner, ArrayRef<VarId> bound,
                              ExprId child, int64_t aux) {
  ExprNode n;
  n.kind = ExprKind::Reduce;
  n.op = combiner;
  n.aux = aux;
  n.type = nodes[child].type;
  n.children.push_back(child);
  n.bound.assign(bound.begin(), bound.end());
  llvm::sort(n.bound);
  return intern(std::move(n));
}

ExprId ExprContext::getOther(OperationName name, Attribute attributes,
                             ArrayRef<ExprId> children, Type type,
                             int64_t result) {
  ExprNode n;
  n.kind = ExprKind::Op;
  n.op = ScalarOp::Other;
  n.type = type;
  n.name = name;
  n.payload = attributes;
  n.aux = result;
  n.children.assign(children.begin(), children.end());
  return intern(std::move(n));
}

ExprId ExprContext::getTable(ArrayRef<int64_t> entries, int64_t offset,
                             ExprId child) {
  if (auto value = getIntegerValue(child))
    if (*value >= offset && *value - offset < int64_t(entries.size()))
      return getInteger(entries[*value - offset]);
  ExprNode n;
  n.kind = ExprKind::Op;
  n.op = ScalarOp::Table;
  n.type = IndexType::get(context);
  n.aux = offset;
  n.payload = DenseI64ArrayAttr::get(context, entries);
  n.children.push_back(child);
  return intern(std::move(n));
}

ExprId ExprContext::getDivMod(bool isDiv, const IndexExpr &index,
                              const SizeExpr &divisor) {
  auto value = index.getInteger();
  auto by = divisor.getIfConstant();
  if (value && by && *by > 0) {
    int64_t quotient = llvm::divideFloorSigned(*value, *by);
    return getInteger(isDiv ? quotient : *value - quotient * *by);
  }
  ExprNode n;
  n.kind = ExprKind::Op;
  n.op = isDiv ? ScalarOp::FloorDiv : ScalarOp::Mod;
  n.type = IndexType::get(context);
  n.children.push_back(getLinear(index));
  n.indices.push_back(IndexExpr(divisor));
  return intern(std::move(n));
}

static bool isCommutative(ScalarOp op) {
  switch (op) {
  case ScalarOp::AddF:
  case ScalarOp::MulF:
  case ScalarOp::MaxF:
  case ScalarOp::MinF:
  case ScalarOp::And:
  case ScalarOp::Or:
  case ScalarOp::MulI:
  case ScalarOp::MaxI:
  case ScalarOp::MinI:
    return true;
  default:
    return false;
  }
}

ExprId ExprContext::getOp(ScalarOp op, ArrayRef<ExprId> operands, Type type,
                          int64_t aux) {
  SmallVector<ExprId, 3> children(operands);
  if (isCommutative(op))
    llvm::sort(children);
  // Integers of all widths are numbers here.
  if (op == ScalarOp::Select && type.isInteger() && !type.isInteger(1))
    type = IndexType::get(context);
  auto integer = [&](unsigned i) { return getIntegerValue(children[i]); };
  switch (op) {
  case ScalarOp::Less:
    if (auto value = integer(0))
      return getInteger(*value < 0);
    break;
  case ScalarOp::Equal:
    if (auto value = integer(0))
      return getInteger(*value == 0);
    break;
  case ScalarOp::Not:
    if (auto value = integer(0))
      return getInteger(*value == 0);
    if (isOp(children[0], ScalarOp::Not))
      return nodes[children[0]].children[0];
    if (isOp(children[0], ScalarOp::Less)) // not (x < 0)  is  -x - 1 < 0
      return getOp(
          ScalarOp::Less,
          {getLinear(IndexExpr(-1) - toIndex(nodes[children[0]].children[0]))},
          type);
    break;
  case ScalarOp::And:
  case ScalarOp::Or:
    if (children[0] == children[1])
      return children[0];
    for (unsigned i = 0; i != 2; ++i)
      if (auto value = integer(i))
        return (op == ScalarOp::And) == (*value != 0) ? children[1 - i]
                                                      : children[i];
    break;
  case ScalarOp::Select:
    if (auto value = integer(0))
      return *value ? children[1] : children[2];
    if (children[1] == children[2])
      return children[1];
    break;
  case ScalarOp::MaxI:
  case ScalarOp::MinI: {
    auto a = integer(0), b = integer(1);
    if (a && b)
      return getInteger(op == ScalarOp::MaxI ? std::max(*a, *b)
                                             : std::min(*a, *b));
    if (children[0] == children[1])
      return children[0];
    break;
  }
  case ScalarOp::CastF:
    if (nodes[children[0]].type == type)
      return children[0];
    break;
  default:
    break;
  }
  ExprNode n;
  n.kind = ExprKind::Op;
  n.op = op;
  n.type = type;
  n.aux = aux;
  n.children = children;
  return intern(std::move(n));
}

//===----------------------------------------------------------------------===//
// Queries
//===----------------------------------------------------------------------===//

IndexExpr ExprContext::toIndex(ExprId id) const {
  if (nodes[id].kind == ExprKind::Linear)
    return nodes[id].indices.front();
  return IndexExpr::atom(IndexAtom::expr(id));
}

std::optional<int64_t> ExprContext::getIntegerValue(ExprId id) const {
  if (nodes[id].kind != ExprKind::Linear)
    return std::nullopt;
  return nodes[id].indices.front().getInteger();
}

bool ExprContext::isFree(ExprId id, VarId var) const {
  return llvm::binary_search(nodes[id].freeVars, var);
}

bool ExprContext::isFreeAny(ExprId id, ArrayRef<VarId> wanted) const {
  return llvm::any_of(wanted, [&](VarId v) { return isFree(id, v); });
}

ExprId ExprContext::stripCasts(ExprId id) const {
  while (isOp(id, ScalarOp::CastF))
    id = nodes[id].children.front();
  return id;
}

//===----------------------------------------------------------------------===//
// Printing
//===----------------------------------------------------------------------===//

static StringRef getName(ScalarOp op) {
  static constexpr StringRef names[] = {
      "none",     "addf", "subf",   "mulf",   "divf",   "negf",
      "maxf",     "minf", "exp",    "exp2",   "log",    "tanh",
      "absf",     "cast", "sitofp", "uitofp", "cmpf",   "less0",
      "equal0",   "not",  "and",    "or",     "select", "muli",
      "floordiv", "mod",  "max",    "min",    "table",  "other"};
  return names[unsigned(op)];
}

void ExprContext::print(raw_ostream &os, const IndexExpr &index) const {
  bool first = true;
  for (const IndexExpr::Term &term : index.getTerms()) {
    os << (first ? "" : "+");
    if (!term.second.isOne()) {
      if (term.second.isConstant()) {
        term.second.print(os);
      } else {
        os << "(";
        term.second.print(os);
        os << ")";
      }
      os << "*";
    }
    if (term.first.isVar())
      os << "v" << term.first.getVar();
    else
      print(os, term.first.getExpr());
    first = false;
  }
  if (!index.getConstant().isZero() || first) {
    os << (first ? "" : "+");
    index.getConstant().print(os);
  }
}

void ExprContext::print(raw_ostream &os, ExprId id, unsigned depth) const {
  const ExprNode &n = nodes[id];
  if (depth > 8) {
    os << "...";
    return;
  }
  switch (n.kind) {
  case ExprKind::Linear:
    print(os, n.indices.front());
    return;
  case ExprKind::Constant:
    os << n.value;
    return;
  case ExprKind::Load:
    if (auto argument = dyn_cast<BlockArgument>(n.base))
      os << "arg" << argument.getArgNumber();
    else
      os << n.base.getDefiningOp()->getName();
    os << "[";
    llvm::interleave(
        n.indices, os, [&](const IndexExpr &i) { print(os, i); }, ",");
    os << "]";
    return;
  case ExprKind::Op:
    if (n.op == ScalarOp::Other)
      os << n.name->getStringRef();
    else
      os << getName(n.op);
    break;
  case ExprKind::Reduce:
    os << "reduce." << getName(n.op) << "{";
    llvm::interleave(n.bound, os, [&](VarId v) { os << "v" << v; }, ",");
    os << "}";
    break;
  }
  os << "(";
  llvm::interleave(
      n.children, os, [&](ExprId c) { print(os, c, depth + 1); }, ",");
  if (n.op == ScalarOp::FloorDiv || n.op == ScalarOp::Mod) {
    os << ",";
    print(os, n.indices.front());
  }
  os << ")";
}

std::string ExprContext::toString(ExprId id) const {
  std::string text;
  llvm::raw_string_ostream os(text);
  print(os, id);
  return text;
}
