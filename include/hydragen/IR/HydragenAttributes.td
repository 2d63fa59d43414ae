//===- HydragenAttributes.td - segments, score modifications -*- tablegen -*-=//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_IR_HYDRAGENATTRIBUTES_TD
#define HYDRAGEN_IR_HYDRAGENATTRIBUTES_TD

include "hydragen/IR/HydragenDialect.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"
include "mlir/IR/EnumAttr.td"

class Hydragen_Attr<string name, string attrMnemonic, list<Trait> traits = []>
    : AttrDef<Hydragen_Dialect, name, traits> {
  let mnemonic = attrMnemonic;
}

//===----------------------------------------------------------------------===//
// Enums
//===----------------------------------------------------------------------===//

class Hydragen_I32Enum<string name, string summary, list<I32EnumAttrCase> cases>
    : I32EnumAttr<name, summary, cases> {
  let cppNamespace = "::mlir::hydragen";
  let genSpecializedAttr = 0;
}

def Hydragen_MaskedRows : Hydragen_I32Enum<"MaskedRows",
    "what a row gives that sees no key", [
      I32EnumAttrCase<"Zero", 0, "zero">,
      I32EnumAttrCase<"NaN", 1, "nan">]>;
def Hydragen_MaskedRowsAttr
    : EnumAttr<Hydragen_Dialect, Hydragen_MaskedRows, "masked_rows"> {
  let assemblyFormat = "`<` $value `>`";
}

def Hydragen_MaskMode : Hydragen_I32Enum<"MaskMode",
    "how a mask acts on the score of a hidden key", [
      I32EnumAttrCase<"Replace", 0, "replace">,
      I32EnumAttrCase<"Add", 1, "add">]>;

def Hydragen_LseBase : Hydragen_I32Enum<"LseBase",
    "the base of a log-sum-exp", [
      I32EnumAttrCase<"Two", 0, "two">,
      I32EnumAttrCase<"E", 1, "e">]>;
def Hydragen_LseBaseAttr
    : EnumAttr<Hydragen_Dialect, Hydragen_LseBase, "lse_base"> {
  let assemblyFormat = "`<` $value `>`";
}

//===----------------------------------------------------------------------===//
// Segments
//===----------------------------------------------------------------------===//

def Hydragen_SegmentAttr : Hydragen_Attr<"Segment", "segment"> {
  let summary = "one range of keys of an attention and where it is read from";
  let description = [{
    `#hydragen.segment<begin = 0, size = 32, keys = [#k], value = #v>`

    - `begin`, `size`: the absolute positions [begin, begin + size) of the keys;
      `?` takes the next operand of the op's `sizes` list (begin before size,
      segments in order).
    - `rows` (optional): one [offset, size] per row dim, the rectangle of rows
      that see this segment; size `?` is "to the end". Without it all rows do.
    - `keys`: one map per score term, `value`: one map; over the op's domain
      with *segment-local* key index (0 at `begin`) and absolute row indices.
      Symbol i is the element that the op's i-th index operand has for the row
      and segment-local key. A row dim that no map uses is shared over.
    - `shared` (optional): several sequences read this segment. Set by
      `hydragen-share-segments`; says nothing about the result, only that the
      segment is worth a batched prefix attention.
    - `grouped` (optional): the maps use one row dim (or a digit of one) only
      through index operands; rows with equal indices read one copy of the keys.
      They are put together when the op runs. Says nothing about the result.
    - `key_scale`, `value_scale` (optional): number of the op's `scales` operand
      that multiplies the elements of K or V (quantised caches).
  }];
  let parameters = (ins
    "int64_t":$begin,
    "int64_t":$size,
    OptionalArrayRefParameter<"int64_t">:$rowOffsets,
    OptionalArrayRefParameter<"int64_t">:$rowSizes,
    "::mlir::ArrayAttr":$keyMaps,
    "::mlir::AffineMapAttr":$valueMap,
    DefaultValuedParameter<"int64_t", "-1">:$keyScale,
    DefaultValuedParameter<"int64_t", "-1">:$valueScale,
    DefaultValuedParameter<"bool", "false">:$shared,
    DefaultValuedParameter<"bool", "false">:$grouped);
  let builders = [
    AttrBuilder<(ins "int64_t":$begin, "int64_t":$size,
                     "::llvm::ArrayRef<::mlir::AffineMap>":$keyMaps,
                     "::mlir::AffineMap":$valueMap,
                     CArg<"bool", "false">:$shared), [{
      ::llvm::SmallVector<::mlir::Attribute> maps;
      for (::mlir::AffineMap map : keyMaps)
        maps.push_back(::mlir::AffineMapAttr::get(map));
      return $_get($_ctxt, begin, size, ::llvm::ArrayRef<int64_t>(),
                   ::llvm::ArrayRef<int64_t>(),
                   ::mlir::ArrayAttr::get($_ctxt, maps),
                   ::mlir::AffineMapAttr::get(valueMap), -1, -1, shared,
                   /*grouped=*/false);
    }]>];
  let extraClassDeclaration = [{
    bool isDynamicBegin() const { return ::mlir::ShapedType::isDynamic(getBegin()); }
    bool isDynamicSize() const { return ::mlir::ShapedType::isDynamic(getSize()); }
    /// True when the segment covers every row.
    bool coversAllRows() const { return getRowOffsets().empty(); }
    ::mlir::AffineMap getKeyMap(unsigned term) const {
      return ::llvm::cast<::mlir::AffineMapAttr>(getKeyMaps()[term]).getValue();
    }
  }];
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
}

def Hydragen_CoverAttr : Hydragen_Attr<"Cover", "cover"> {
  let summary = "certificate: these pieces cover each key of each row once";
  let description = [{
    `#hydragen.cover<rows = [4, 2], keys = 40, pieces = [[[0, 4], [0, 2], [0, 32]],
    [[0, 4], [0, 2], [32, 8]]]>`: the box of an attention before its keys were
    split, and the pieces it was split into as [offset, size] per row dim and, at
    last, for the keys. `?` as an extent or size is "to the end", as a key offset
    "where the piece before it ends". Stands as `hydragen.cover` on
    `hydragen.attention` and, decomposed, on `hydragen.finalize`;
    `hydragen-verify-cover` checks it.
  }];
  let parameters = (ins
    ArrayRefParameter<"int64_t">:$rows,
    "int64_t":$keys,
    ArrayRefParameter<"int64_t">:$pieces);
  let extraClassDeclaration = [{
    /// Numbers per piece: offset and size of each row dim and of the keys.
    unsigned getPieceWidth() const { return 2 * (getRows().size() + 1); }
    unsigned getNumPieces() const {
      return getPieces().size() / getPieceWidth();
    }
    ::llvm::ArrayRef<int64_t> getPiece(unsigned i) const {
      return getPieces().slice(i * getPieceWidth(), getPieceWidth());
    }
    static constexpr ::llvm::StringLiteral kAttrName = "hydragen.cover";
  }];
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
}

//===----------------------------------------------------------------------===//
// Score modifications
//===----------------------------------------------------------------------===//
//
// A list of these says what happens to a score between the scaled product
// and the softmax, in order. "position" is (row indices..., absolute key).

def Hydragen_SoftcapAttr : Hydragen_Attr<"Softcap", "softcap"> {
  let summary = "s := cap * tanh(s / cap)";
  let parameters = (ins "::mlir::FloatAttr":$cap);
  let assemblyFormat = "`<` $cap `>`";
  let genVerifyDecl = 1;
}

def Hydragen_BiasAttr : Hydragen_Attr<"Bias", "bias"> {
  let summary = "s := s + extra[position]";
  let parameters = (ins "int64_t":$extra);
  let assemblyFormat = "`<` `extra` `=` $extra `>`";
}

def Hydragen_MaskAttr : Hydragen_Attr<"Mask", "mask"> {
  let summary = "hides a key where the boolean extra is false";
  let description = [{
    Where extra[position] is false: mode replace sets s := fill, mode add sets
    s := s + fill. `fill` is -inf when absent. An absent mode is replace.
  }];
  let parameters = (ins "int64_t":$extra,
    OptionalParameter<"::mlir::FloatAttr">:$fill,
    DefaultValuedParameter<"::mlir::hydragen::MaskMode",
                           "::mlir::hydragen::MaskMode::Replace">:$mode);
  let assemblyFormat = "`<` struct(params) `>`";
}

def Hydragen_VisibleAttr : Hydragen_Attr<"Visible", "visible"> {
  let summary = "hides a key unless every result of an affine map is >= 0";
  let description = [{
    Causal with any offset, sliding windows, ragged lengths and block masks are
    all this one:

    `#hydragen.visible<where = affine_map<(b, m, n)[len] -> (m + 32 - n)>>`

    over (row indices..., absolute key); symbol i = element of the op's i-th
    index operand (whose map must not use the key). A key is visible where all
    results are non-negative, else it is hidden as in `mask`. (A map and not an
    integer set: the `>=` of a set's text cannot be nested in an attribute.)
  }];
  let parameters = (ins "::mlir::AffineMapAttr":$where,
    OptionalParameter<"::mlir::FloatAttr">:$fill,
    DefaultValuedParameter<"::mlir::hydragen::MaskMode",
                           "::mlir::hydragen::MaskMode::Replace">:$mode);
  let assemblyFormat = "`<` struct(params) `>`";
}

def Hydragen_AlibiAttr : Hydragen_Attr<"Alibi", "alibi"> {
  let summary = "s := s + extra[position] * distance(position)";
  let description = [{
    `distance` is an affine map with one result over (row indices..., absolute
    key), symbols as in `visible`; the slope operand usually depends on the head.
  }];
  let parameters = (ins "int64_t":$extra, "::mlir::AffineMapAttr":$distance);
  let assemblyFormat = "`<` struct(params) `>`";
}

def Hydragen_CustomAttr : Hydragen_Attr<"Custom", "custom"> {
  let summary = "s := the op's region applied to s";
  let description = [{
    The region's block takes (score, row indices..., absolute key index, the
    elements of the listed extras at this position) and yields the new score in
    the score's type (f32, or f64 for f64 states).
  }];
  let parameters = (ins OptionalArrayRefParameter<"int64_t">:$extras);
  let assemblyFormat = "`<` (`extras` `=` `[` $extras^ `]`)? `>`";
}

//===----------------------------------------------------------------------===//
// Targets, schedules for GPUs
//===----------------------------------------------------------------------===//

def Hydragen_Float32Form : Hydragen_I32Enum<"Float32Form",
    "how f32 operands are multiplied", [
      I32EnumAttrCase<"ThreeTF32", 0, "tf32x3">,
      I32EnumAttrCase<"TF32", 1, "tf32">,
      I32EnumAttrCase<"Exact", 2, "exact">]>;

def Hydragen_GPUTargetAttr : Hydragen_Attr<"GPUTarget", "gpu_target"> {
  let summary = "what a schedule wants to know of a GPU";
  let description = [{
    `#hydragen.gpu_target<chip = "sm_80", multiprocessors = 108, block_shared =
    166912, shared = 167936, bandwidth = 2039, flops = 312>`: bytes of shared
    memory that one block and one multiprocessor can have, GB/s of device memory,
    dense f16 tensor TFLOP/s with f32 accumulation.
  }];
  let parameters = (ins
    StringRefParameter<"architecture">:$chip,
    "int64_t":$multiprocessors,
    "int64_t":$blockShared,
    "int64_t":$shared,
    "int64_t":$bandwidth,
    "int64_t":$flops);
  let assemblyFormat = [{
    `<` `chip` `=` $chip `,` `multiprocessors` `=` $multiprocessors `,`
    `block_shared` `=` $blockShared `,` `shared` `=` $shared `,`
    `bandwidth` `=` $bandwidth `,` `flops` `=` $flops `>`
  }];
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// A known GPU ("a100", "rtx3090", "l40s", "h100", "h200"), or the usual one
    /// of an architecture ("sm_80"); null for another name.
    static GPUTargetAttr getNamed(::mlir::MLIRContext *context,
                                  ::llvm::StringRef name);
  }];
}

def Hydragen_CPUTargetAttr : Hydragen_Attr<"CPUTarget", "cpu_target"> {
  let summary = "what the cost model wants to know of a CPU";
  let description = [{
    `#hydragen.cpu_target<vector_bits = 512, product = 60000, few = 40000,
    dot = 9000, exponentials = 600, bandwidth = 12000, copy = 4000,
    launch = 3000, row = 40>`, of one core: MFLOP/s of a product of many rows
    with keys, of one row and of each further one up to 8, million exponentials per second, MB/s of keys and values read and of copies
    made, nanoseconds of a parallel loop and of one row of a state. docs/cost-model.md
    has the formula and where the numbers were measured.
  }];
  let parameters = (ins
    "int64_t":$vectorBits,
    "int64_t":$product,
    "int64_t":$few,
    "int64_t":$dot,
    "int64_t":$exponentials,
    "int64_t":$bandwidth,
    "int64_t":$copy,
    "int64_t":$launch,
    "int64_t":$row);
  let assemblyFormat = [{
    `<` `vector_bits` `=` $vectorBits `,` `product` `=` $product `,`
    `few` `=` $few `,` `dot` `=` $dot `,` `exponentials` `=` $exponentials `,`
    `bandwidth` `=` $bandwidth `,` `copy` `=` $copy `,`
    `launch` `=` $launch `,` `row` `=` $row `>`
  }];
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// "cpu:128", "cpu:256" and "cpu:512": by the width of vectors; null for
    /// another name.
    static CPUTargetAttr getNamed(::mlir::MLIRContext *context,
                                  ::llvm::StringRef name);
  }];
}

def Hydragen_TileAttr : Hydragen_Attr<"Tile", "tile"> {
  let summary = "tile and split of a partial attention";
  let description = [{
    `#hydragen.tile<rows = 64, keys = 64, split = 1024>`: a block computes `rows`
    rows (16: each warp has tiles of keys for itself; else the warps share them)
    against `keys` keys in one step of the softmax. Items have at most `split`
    keys; 0: all of them. `ring`: slots of 16 keys that a warp has in flight
    (16 rows). `query_in_shared`: queries are read from shared memory in each
    step.
  }];
  let parameters = (ins
    "int64_t":$rows,
    "int64_t":$keys,
    DefaultValuedParameter<"int64_t", "0">:$ring,
    DefaultValuedParameter<"bool", "false">:$query_in_shared,
    DefaultValuedParameter<"int64_t", "0">:$split);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    static constexpr ::llvm::StringLiteral kAttrName = "hydragen.tile";
    /// Warps share its tiles of keys; of a suffix tile each has its own.
    bool isPrefix() const { return getRows() != 16; }
  }];
}

def Hydragen_ScheduleAttr : Hydragen_Attr<"Schedule", "schedule"> {
  let summary = "how the kernel of one attention is made and launched";
  let description = [{
    `#hydragen.schedule<warps = 4, blocks = 2, float32 = tf32x3>`: warps of a
    block, blocks on a multiprocessor. `invariant`: splits begin at absolute
    multiples of their size, so that sharing does not change a bit of the result.
    `separate`: one launch per partial attention instead of one for all.
  }];
  let parameters = (ins
    "int64_t":$warps,
    "int64_t":$blocks,
    "::mlir::hydragen::Float32Form":$float32,
    DefaultValuedParameter<"bool", "false">:$invariant,
    DefaultValuedParameter<"bool", "false">:$separate);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    static constexpr ::llvm::StringLiteral kAttrName = "hydragen.schedule";
  }];
}

def Hydragen_PartAttr : Hydragen_Attr<"Part", "part"> {
  let summary = "one partial attention of hydragen.attend";
  let description = [{
    Over a domain of (row digits..., keys, contraction, values columns):

    - `digits`: pairs (row, stride) of the row digits: digit i is
      `(index of row / stride) mod its extent`; `digit_sizes`: the extents, the
      smallest i64 for one that the operands give.
    - `row_offsets`, `row_sizes`: the rectangle of rows (a size of `?`, written
      as the smallest i64, is "to the end").
    - `key_offset`: absolute position of local key 0; the smallest i64 is the
      next operand of `sizes`.
    - `page`: 0, or the number of keys of a page; the domain then has a page
      and an in-page dim, and key and value maps a symbol for the page number.
    - `count`: -1, or the number of the op's `counts` operand that holds P: the
      part has the first P pages of its table, with `rest` those behind them.
      The key offset is that of the table's first key all the same.
    - `grouped`: -1, or the row digit that keys and values use through index
      operands alone: a kernel puts rows with equal indices together.
    - `query`, `key`, `value`, `indices`, `extras`: maps. Symbols are the part's
      index operands; extras are over (digits..., absolute key).
    - `mods`: score modifications over (digits..., absolute key).
  }];
  let parameters = (ins
    "bool":$shared,
    "::mlir::DenseI64ArrayAttr":$digits,
    "::mlir::DenseI64ArrayAttr":$digit_sizes,
    "::mlir::DenseI64ArrayAttr":$row_offsets,
    "::mlir::DenseI64ArrayAttr":$row_sizes,
    "int64_t":$key_offset,
    DefaultValuedParameter<"int64_t", "0">:$page,
    DefaultValuedParameter<"int64_t", "-1">:$count,
    DefaultValuedParameter<"bool", "false">:$rest,
    DefaultValuedParameter<"int64_t", "-1">:$grouped,
    "::mlir::AffineMapAttr":$query,
    "::mlir::AffineMapAttr":$key,
    "::mlir::AffineMapAttr":$value,
    "::mlir::ArrayAttr":$indices,
    "::mlir::ArrayAttr":$extras,
    "::mlir::FloatAttr":$scale,
    "::mlir::ArrayAttr":$mods,
    "::mlir::hydragen::TileAttr":$tile);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    unsigned getNumDigits() const { return getDigits().size() / 2; }
    unsigned getDigitRow(unsigned i) const { return getDigits()[2 * i]; }
    int64_t getDigitStride(unsigned i) const { return getDigits()[2 * i + 1]; }
    ::mlir::AffineMap getIndexMap(unsigned i) const {
      return ::llvm::cast<::mlir::AffineMapAttr>(getIndices()[i]).getValue();
    }
    ::mlir::AffineMap getExtraMap(unsigned i) const {
      return ::llvm::cast<::mlir::AffineMapAttr>(getExtras()[i]).getValue();
    }
    bool coversAllRows() const { return getRowOffsets().empty(); }
    /// How many keys it has, a kernel finds out.
    bool isCut() const { return getCount() >= 0; }
    /// Dims of the domain: the keys (within a page), then these.
    unsigned getContractionDim() const {
      return getNumDigits() + (getPage() ? 2 : 1);
    }
    unsigned getColumnDim() const { return getContractionDim() + 1; }
    /// Which dims of the operands they are; most have them last.
    unsigned getQueryColumns() const;
    unsigned getKeyColumns() const;
    unsigned getValueColumns() const;
  }];
}

//===----------------------------------------------------------------------===//
// Reports
//===----------------------------------------------------------------------===//

def Hydragen_Outcome : Hydragen_I32Enum<"Outcome",
    "what became of an attention", [
      I32EnumAttrCase<"Shared", 0, "shared">,
      I32EnumAttrCase<"Plain", 1, "plain">,
      I32EnumAttrCase<"Refused", 2, "refused">]>;

def Hydragen_SharedBy : Hydragen_I32Enum<"SharedBy",
    "which sequences read one copy of a segment", [
      I32EnumAttrCase<"All", 0, "all">,
      I32EnumAttrCase<"Group", 1, "group">,
      I32EnumAttrCase<"Own", 2, "own">]>;

def Hydragen_SegmentRecordAttr
    : Hydragen_Attr<"SegmentRecord", "segment_record"> {
  let summary = "for a report: who reads a range of keys";
  let description = [{
    `#hydragen.segment_record<keys = [0, 24], shared_by = group, groups = 2,
    sequences = 3, level = 0, rows = [[0, 2, 2], [0, 3, 3]], copies_over = [0]>`:
    absolute keys [begin, end), of which there are `groups` copies, each read by
    `sequences` sequences (`?`: unknown). `level`: segments that lie above this
    one in the tree of sharing. `rows` says which sequences these are: the index
    of a sequence in mixed radix, most significant digit first, one [low, high,
    extent] per digit; there is one copy per value of the digits in `copies_over`.
    A report, no semantics.
  }];
  let parameters = (ins
    "int64_t":$begin,
    "int64_t":$end,
    "::mlir::hydragen::SharedBy":$sharedBy,
    "int64_t":$groups,
    "int64_t":$sequences,
    "int64_t":$level,
    OptionalArrayRefParameter<"int64_t">:$rows,
    OptionalArrayRefParameter<"int64_t">:$copiesOver);
  let assemblyFormat = [{
    `<` `keys` `=` `[` custom<Extent>($begin) `,` custom<Extent>($end) `]` `,`
    `shared_by` `=` $sharedBy `,` `groups` `=` custom<Extent>($groups) `,`
    `sequences` `=` custom<Extent>($sequences) `,` `level` `=` $level `,`
    `rows` `=` custom<Triples>($rows) `,`
    `copies_over` `=` `[` custom<Integers>($copiesOver) `]` `>`
  }];
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    unsigned getNumDigits() const { return getRows().size() / 3; }
    int64_t getLow(unsigned digit) const { return getRows()[3 * digit]; }
    int64_t getHigh(unsigned digit) const { return getRows()[3 * digit + 1]; }
    int64_t getExtent(unsigned digit) const { return getRows()[3 * digit + 2]; }
    bool hasCopiesOver(unsigned digit) const {
      return ::llvm::is_contained(getCopiesOver(), int64_t(digit));
    }
  }];
}

def Hydragen_AttentionRecordAttr
    : Hydragen_Attr<"AttentionRecord", "attention_record"> {
  let summary = "for a report: what became of one softmax attention";
  let description = [{
    `#hydragen.attention_record<location = loc("f.mlir":3:8), outcome = plain,
    reason_code = "nothing-shared", reason = "every key ...", segments = [...],
    bytes = [4096, 4096], guarded = false, predicted_us = [1.5 : f64, 1.5 : f64]>`.
    `reason` is a sentence
    without a full stop. `bytes` of K and V that plain and shared attention read
    (`?`: unknown), `predicted_us` what the cost model expects of both (absent:
    not asked). `guarded`: sharing is decided at run time. A function has the
    records of its attentions, in program order, as array `hydragen.records`;
    hydragen-compile writes its report from them.
  }];
  let parameters = (ins
    "::mlir::LocationAttr":$location,
    "::mlir::hydragen::Outcome":$outcome,
    StringRefParameter<"stable code">:$reasonCode,
    StringRefParameter<"sentence">:$reason,
    OptionalArrayRefParameter<"::mlir::hydragen::SegmentRecordAttr">:$segments,
    "int64_t":$bytesPlain,
    "int64_t":$bytesShared,
    "bool":$guarded,
    OptionalParameter<"::mlir::FloatAttr">:$predictedPlain,
    OptionalParameter<"::mlir::FloatAttr">:$predictedShared);
  let assemblyFormat = [{
    `<` `location` `=` $location `,` `outcome` `=` $outcome `,`
    `reason_code` `=` $reasonCode `,` `reason` `=` $reason `,`
    `segments` `=` `[` custom<Segments>($segments) `]` `,`
    `bytes` `=` `[` custom<Extent>($bytesPlain) `,` custom<Extent>($bytesShared)
    `]` `,` `guarded` `=` $guarded
    (`,` `predicted_us` `=` `[` $predictedPlain^ `,` $predictedShared `]`)? `>`
  }];
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// Array of these on a function.
    static constexpr ::llvm::StringLiteral kListName = "hydragen.records";
    /// On an attention op: the number of its record.
    static constexpr ::llvm::StringLiteral kNumberName = "hydragen.record";
    /// The records of a function, none without the attribute.
    static ::llvm::SmallVector<AttentionRecordAttr, 0> getList(
        ::mlir::Operation *function);
  }];
}

#endif // HYDRAGEN_IR_HYDRAGENATTRIBUTES_TD
