//===- KernelBuilder.cpp - short words for GPU kernels ----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "KernelBuilder.h"

#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace mlir::hydragen::kernels;

KernelBuilder::KernelBuilder(Location loc, OpBuilder &builder)
    : ImplicitLocOpBuilder(loc, builder) {
  i1 = getI1Type();
  i32 = getI32Type();
  i64 = getI64Type();
  f32 = getF32Type();
  global = LLVM::LLVMPointerType::get(getContext(), 1);
  shared = LLVM::LLVMPointerType::get(getContext(), 3);
}

Type KernelBuilder::getParameterType(KernelParameter::Kind kind) const {
  switch (kind) {
  case KernelParameter::Pointer:
    return global;
  case KernelParameter::I64:
    return i64;
  case KernelParameter::I32:
    return i32;
  case KernelParameter::F32:
    return f32;
  }
  llvm_unreachable("unknown kind");
}

//===----------------------------------------------------------------------===//
// Integers
//===----------------------------------------------------------------------===//

static std::optional<int64_t> getConstant(Value x) {
  APInt value;
  if (matchPattern(x, m_ConstantInt(&value)))
    return value.getSExtValue();
  return std::nullopt;
}

Value KernelBuilder::constant(TypedAttr value) {
  Operation *function = getInsertionBlock()->getParentOp();
  while (!isa<FunctionOpInterface>(function))
    function = function->getParentOp();
  Value &known = constants[{function, value}];
  if (!known) {
    OpBuilder::InsertionGuard guard(*this);
    setInsertionPointToStart(&function->getRegion(0).front());
    known = LLVM::ConstantOp::create(*this, value.getType(), value);
  }
  return known;
}
Value KernelBuilder::constant(int64_t value, Type type) {
  return constant(getIntegerAttr(type ? type : i32, value));
}

Value KernelBuilder::add(Value x, Value y) {
  if (std::optional<int64_t> c = getConstant(y))
    return add(x, *c);
  return LLVM::AddOp::create(*this, x, y);
}
Value KernelBuilder::add(Value x, int64_t y) {
  if (y == 0)
    return x;
  if (std::optional<int64_t> c = getConstant(x))
    return constant(*c + y, x.getType());
  return LLVM::AddOp::create(*this, x, constant(y, x.getType()));
}
Value KernelBuilder::sub(Value x, Value y) {
  return LLVM::SubOp::create(*this, x, y);
}
Value KernelBuilder::sub(Value x, int64_t y) { return add(x, -y); }
Value KernelBuilder::sub(int64_t x, Value y) {
  return sub(constant(x, y.getType()), y);
}
Value KernelBuilder::mul(Value x, Value y) {
  return LLVM::MulOp::create(*this, x, y, LLVM::IntegerOverflowFlags::nsw);
}
Value KernelBuilder::mul(Value x, int64_t y) {
  if (y == 1)
    return x;
  if (std::optional<int64_t> c = getConstant(x))
    return constant(*c * y, x.getType());
  return mul(x, constant(y, x.getType()));
}
Value KernelBuilder::div(Value x, Value y) {
  return LLVM::UDivOp::create(*this, x, y);
}
Value KernelBuilder::div(Value x, int64_t y) {
  if (y == 1)
    return x;
  if (llvm::isPowerOf2_64(y))
    return shr(x, llvm::Log2_64(y));
  return div(x, constant(y, x.getType()));
}
Value KernelBuilder::rem(Value x, int64_t y) {
  if (llvm::isPowerOf2_64(y))
    return band(x, y - 1);
  return LLVM::URemOp::create(*this, x, constant(y, x.getType()));
}
Value KernelBuilder::band(Value x, Value y) {
  return LLVM::AndOp::create(*this, x, y);
}
Value KernelBuilder::band(Value x, int64_t y) {
  return LLVM::AndOp::create(*this, x, constant(y, x.getType()));
}
Value KernelBuilder::bor(Value x, Value y) {
  return LLVM::OrOp::create(*this, x, y);
}
Value KernelBuilder::bxor(Value x, Value y) {
  return LLVM::XOrOp::create(*this, x, y);
}
Value KernelBuilder::bxor(Value x, int64_t y) {
  return y == 0 ? x : bxor(x, constant(y, x.getType()));
}
Value KernelBuilder::shr(Value x, int64_t y) {
  if (y == 0)
    return x;
  return LLVM::LShrOp::create(*this, x, constant(y, x.getType()));
}
Value KernelBuilder::shl(Value x, int64_t y) {
  if (y == 0)
    return x;
  return LLVM::ShlOp::create(*this, x, constant(y, x.getType()));
}
Value KernelBuilder::min(Value x, Value y) {
  return LLVM::SMinOp::create(*this, x, y);
}
Value KernelBuilder::max(Value x, Value y) {
  return LLVM::SMaxOp::create(*this, x, y);
}
Value KernelBuilder::max(Value x, int64_t y) {
  return max(x, constant(y, x.getType()));
}
Value KernelBuilder::select(Value condition, Value x, Value y) {
  return LLVM::SelectOp::create(*this, condition, x, y);
}
Value KernelBuilder::compare(LLVM::ICmpPredicate predicate, Value x, Value y) {
  return LLVM::ICmpOp::create(*this, predicate, x, y);
}
Value KernelBuilder::lessThan(Value x, Value y) {
  return compare(LLVM::ICmpPredicate::slt, x, y);
}
Value KernelBuilder::lessThan(Value x, int64_t y) {
  return lessThan(x, constant(y, x.getType()));
}
Value KernelBuilder::equal(Value x, int64_t y) {
  return compare(LLVM::ICmpPredicate::eq, x, constant(y, x.getType()));
}
Value KernelBuilder::notEqual(Value x, int64_t y) {
  return compare(LLVM::ICmpPredicate::ne, x, constant(y, x.getType()));
}
Value KernelBuilder::wide(Value x) {
  if (std::optional<int64_t> c = getConstant(x))
    return constant(*c, i64);
  return LLVM::SExtOp::create(*this, i64, x);
}
Value KernelBuilder::wideUnsigned(Value x) {
  return LLVM::ZExtOp::create(*this, i64, x);
}
Value KernelBuilder::narrow(Value x) {
  return LLVM::TruncOp::create(*this, i32, x);
}

//===----------------------------------------------------------------------===//
// Floats
//===----------------------------------------------------------------------===//

Value KernelBuilder::constantF(double value) {
  return constant(getF32FloatAttr(float(value)));
}
Value KernelBuilder::infinity(bool negative) {
  return constant(
      FloatAttr::get(f32, APFloat::getInf(APFloat::IEEEsingle(), negative)));
}
Value KernelBuilder::fadd(Value x, Value y) {
  return LLVM::FAddOp::create(*this, x, y);
}
Value KernelBuilder::fsub(Value x, Value y) {
  return LLVM::FSubOp::create(*this, x, y);
}
Value KernelBuilder::fmul(Value x, Value y) {
  return LLVM::FMulOp::create(*this, x, y);
}
Value KernelBuilder::fma(Value x, Value y, Value z) {
  return LLVM::FMAOp::create(*this, x, y, z);
}
Value KernelBuilder::fneg(Value x) { return LLVM::FNegOp::create(*this, x); }
Value KernelBuilder::fmax(Value x, Value y) {
  // With these flags one max.f32; the instruction itself drops NaN.
  return LLVM::MaxNumOp::create(
      *this, x, y, LLVM::FastmathFlags::nnan | LLVM::FastmathFlags::nsz);
}

Value KernelBuilder::fmaxNaN(Value x, Value y) {
  // max.NaN.f32 (sm_80, PTX 7.0).
  return LLVM::MaximumOp::create(*this, x, y, LLVM::FastmathFlags::nsz);
}

Value KernelBuilder::compareF(LLVM::FCmpPredicate predicate, Value x, Value y) {
  return LLVM::FCmpOp::create(*this, predicate, x, y);
}
Value KernelBuilder::callIntrinsic(StringRef name, Type type,
                                   ValueRange operands) {
  return LLVM::CallIntrinsicOp::create(*this, type, getStringAttr(name),
                                       operands)
      .getResults();
}
Value KernelBuilder::exp2(Value x) {
  // math.exp2 would handle subnormal results: three more instructions.
  return callIntrinsic("llvm.nvvm.ex2.approx.ftz.f", f32, x);
}
Value KernelBuilder::reciprocal(Value x) {
  return callIntrinsic("llvm.nvvm.rcp.approx.ftz.f", f32, x);
}
Value KernelBuilder::roundToTF32(Value x) {
  return callIntrinsic("llvm.nvvm.f2tf32.rna", i32, x);
}
Value KernelBuilder::bitcast(Value x, Type type) {
  return x.getType() == type ? x : LLVM::BitcastOp::create(*this, type, x);
}
Value KernelBuilder::toF32(Value x) {
  return x.getType() == f32 ? x : LLVM::FPExtOp::create(*this, f32, x);
}
Value KernelBuilder::fromF32(Value x, Type type) {
  return type == f32 ? x : LLVM::FPTruncOp::create(*this, type, x);
}

Value KernelBuilder::pack(ValueRange values) {
  int64_t size = values.size();
  Type type = VectorType::get(size, values.front().getType());
  Value vector = LLVM::PoisonOp::create(*this, type);
  for (auto [i, value] : llvm::enumerate(values))
    vector = LLVM::InsertElementOp::create(*this, vector, value, constant(i));
  return vector;
}
SmallVector<Value> KernelBuilder::unpack(Value vector) {
  SmallVector<Value> values;
  int64_t size = cast<VectorType>(vector.getType()).getNumElements();
  for (int64_t i = 0; i < size; ++i)
    values.push_back(
        LLVM::ExtractElementOp::create(*this, vector, constant(i)));
  return values;
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

Value KernelBuilder::offset(Value pointer, Value bytes) {
  if (std::optional<int64_t> c = getConstant(bytes))
    return offset(pointer, *c);
  return LLVM::GEPOp::create(*this, pointer.getType(), getI8Type(), pointer,
                             ArrayRef<LLVM::GEPArg>{bytes});
}
Value KernelBuilder::offset(Value pointer, int64_t bytes) {
  if (bytes == 0)
    return pointer;
  // A GEP's constants are 32 bits.
  if (!llvm::isInt<32>(bytes))
    return LLVM::GEPOp::create(*this, pointer.getType(), getI8Type(), pointer,
                               ArrayRef<LLVM::GEPArg>{constant(bytes, i64)});
  return LLVM::GEPOp::create(*this, pointer.getType(), getI8Type(), pointer,
                             ArrayRef<LLVM::GEPArg>{int32_t(bytes)});
}
Value KernelBuilder::load(Value pointer, Type type, unsigned alignment) {
  return LLVM::LoadOp::create(*this, type, pointer, alignment);
}
void KernelBuilder::store(Value value, Value pointer, unsigned alignment) {
  LLVM::StoreOp::create(*this, value, pointer, alignment);
}
SmallVector<Value> KernelBuilder::loadVector(Value pointer, unsigned count,
                                             Type type) {
  unsigned bytes = count * type.getIntOrFloatBitWidth() / 8;
  if (count == 1)
    return {load(pointer, type, bytes)};
  return unpack(load(pointer, VectorType::get(count, type), bytes));
}
void KernelBuilder::storeVector(ValueRange values, Value pointer) {
  Type type = values.front().getType();
  unsigned bytes = values.size() * type.getIntOrFloatBitWidth() / 8;
  if (values.size() == 1)
    return store(values.front(), pointer, bytes);
  store(pack(values), pointer, bytes);
}
Value KernelBuilder::loadI32(Value array, Value index) {
  return load(offset(array, wide(shl(index, 2))), i32, 4);
}

void KernelBuilder::copyAsync(Value to, Value from, unsigned bytes,
                              Value valid) {
  NVVM::CpAsyncOp::create(*this, to, from, bytes,
                          bytes == 16 ? NVVM::LoadCacheModifierKind::CG
                                      : NVVM::LoadCacheModifierKind::CA,
                          valid);
}
void KernelBuilder::commitCopies() {
  NVVM::CpAsyncCommitGroupOp::create(*this);
}
void KernelBuilder::waitCopies(unsigned pending) {
  NVVM::CpAsyncWaitGroupOp::create(*this, pending);
}

//===----------------------------------------------------------------------===//
// Threads
//===----------------------------------------------------------------------===//

static Value inlineAsm(KernelBuilder &b, TypeRange type, StringRef text,
                       StringRef constraints, ValueRange operands) {
  return LLVM::InlineAsmOp::create(
             b, type, operands, text, constraints, /*has_side_effects=*/true,
             /*is_align_stack=*/false, LLVM::TailCallKind::None,
             LLVM::AsmDialectAttr::get(b.getContext(),
                                       LLVM::AsmDialect::AD_ATT),
             /*operand_attrs=*/ArrayAttr())
      .getRes();
}

Value KernelBuilder::pointerXor(Value pointer, int64_t bits) {
  if (bits == 0)
    return pointer;
  Value address = LLVM::PtrToIntOp::create(*this, i32, pointer);
  return LLVM::IntToPtrOp::create(*this, shared, bxor(address, bits));
}
Value KernelBuilder::opaque(Value x) {
  if (x.getType() == i32)
    return inlineAsm(*this, i32, "mov.b32 $0, $1;", "=r,r", x);
  Value address = opaque(LLVM::PtrToIntOp::create(*this, i32, x));
  return LLVM::IntToPtrOp::create(*this, shared, address);
}
Value KernelBuilder::threadId() {
  return inlineAsm(*this, i32, "mov.u32 $0, %tid.x;", "=r", {});
}
void KernelBuilder::awaitKernels() {
  inlineAsm(*this, {}, "griddepcontrol.wait;", "~{memory}", {});
}
void KernelBuilder::allowNextKernel() {
  inlineAsm(*this, {}, "griddepcontrol.launch_dependents;", "~{memory}", {});
}
Value KernelBuilder::blockId() { return NVVM::BlockIdXOp::create(*this, i32); }
Value KernelBuilder::gridSize() { return NVVM::GridDimXOp::create(*this, i32); }
void KernelBuilder::barrier() { NVVM::Barrier0Op::create(*this); }
Value KernelBuilder::barrierOr(Value x) {
  return callIntrinsic("llvm.nvvm.barrier.cta.red.or.aligned.all", getI1Type(),
                       {constant(0), x});
}
void KernelBuilder::blockFence() {
  LLVM::CallIntrinsicOp::create(*this, getStringAttr("llvm.nvvm.membar.cta"),
                                ValueRange());
}
void KernelBuilder::warpBarrier() {
  NVVM::SyncWarpOp::create(*this, constant(-1));
}
Value KernelBuilder::shuffleXor(Value x, unsigned distance) {
  return NVVM::ShflOp::create(*this, x.getType(), constant(-1), x,
                              constant(distance), constant(31),
                              NVVM::ShflKind::bfly, UnitAttr());
}
Value KernelBuilder::shuffleFrom(Value x, Value lane) {
  return NVVM::ShflOp::create(*this, x.getType(), constant(-1), x, lane,
                              constant(31), NVVM::ShflKind::idx, UnitAttr());
}
Value KernelBuilder::ballot(Value x) {
  return NVVM::VoteSyncOp::create(*this, i32, constant(-1), x,
                                  NVVM::VoteSyncKind::ballot);
}
Value KernelBuilder::countBits(Value x) {
  return LLVM::CtPopOp::create(*this, x);
}
Value KernelBuilder::atomicAdd(Value pointer, Value x, bool acquireRelease) {
  // LLVM 22 prints `llvm.atomicrmw add ... acq_rel` without any ordering.
  return inlineAsm(*this, i32,
                   acquireRelease
                       ? "atom.acq_rel.gpu.global.add.u32 $0, [$1], $2;"
                       : "atom.relaxed.gpu.global.add.u32 $0, [$1], $2;",
                   "=r,l,r,~{memory}", {pointer, x});
}
void KernelBuilder::atomicMin(Value pointer, Value x) {
  bool wide = x.getType().isInteger(64);
  inlineAsm(*this, x.getType(),
            wide ? "atom.relaxed.gpu.global.min.s64 $0, [$1], $2;"
                 : "atom.relaxed.gpu.global.min.s32 $0, [$1], $2;",
            wide ? "=l,l,l,~{memory}" : "=r,l,r,~{memory}", {pointer, x});
}

//===----------------------------------------------------------------------===//
// Control flow
//===----------------------------------------------------------------------===//

SmallVector<Value>
KernelBuilder::loop(Value lower, Value upper, Value step, ValueRange inits,
                    function_ref<SmallVector<Value>(Value, ValueRange)> body) {
  auto op = scf::ForOp::create(*this, lower, upper, step, inits);
  OpBuilder::InsertionGuard guard(*this);
  setInsertionPointToStart(op.getBody());
  SmallVector<Value> results =
      body(op.getInductionVar(), op.getRegionIterArgs());
  // Without results the operation has its terminator.
  if (!results.empty())
    scf::YieldOp::create(*this, results);
  return SmallVector<Value>(op.getResults());
}
void KernelBuilder::loop(Value lower, Value upper, Value step,
                         function_ref<void(Value)> body) {
  loop(lower, upper, step, {}, [&](Value iv, ValueRange) {
    body(iv);
    return SmallVector<Value>();
  });
}

SmallVector<Value>
KernelBuilder::ifThenElse(Value condition, TypeRange types,
                          function_ref<SmallVector<Value>()> then,
                          function_ref<SmallVector<Value>()> otherwise) {
  auto op = scf::IfOp::create(*this, types, condition,
                              /*addThenBlock=*/true,
                              /*addElseBlock=*/bool(otherwise));
  OpBuilder::InsertionGuard guard(*this);
  setInsertionPointToStart(op.thenBlock());
  scf::YieldOp::create(*this, then());
  if (otherwise) {
    setInsertionPointToStart(op.elseBlock());
    scf::YieldOp::create(*this, otherwise());
  }
  return SmallVector<Value>(op.getResults());
}
void KernelBuilder::ifThenElse(Value condition, function_ref<void()> then,
                               function_ref<void()> otherwise) {
  ifThenElse(
      condition, TypeRange(),
      [&] {
        then();
        return SmallVector<Value>();
      },
      [&] {
        otherwise();
        return SmallVector<Value>();
      });
}
void KernelBuilder::ifThen(Value condition, function_ref<void()> then) {
  ifThenElse(
      condition, TypeRange(),
      [&] {
        then();
        return SmallVector<Value>();
      },
      nullptr);
}

void KernelBuilder::whileTrue(function_ref<Value()> condition,
                              function_ref<void()> body) {
  auto op = scf::WhileOp::create(*this, TypeRange(), ValueRange());
  OpBuilder::InsertionGuard guard(*this);
  createBlock(&op.getBefore());
  scf::ConditionOp::create(*this, condition(), ValueRange());
  createBlock(&op.getAfter());
  body();
  scf::YieldOp::create(*this);
}
