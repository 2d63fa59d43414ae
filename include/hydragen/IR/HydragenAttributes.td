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
    DefaultValuedParameter<"bool", "false">:$shared);
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
                   ::mlir::AffineMapAttr::get(valueMap), -1, -1, shared);
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

#endif // HYDRAGEN_IR_HYDRAGENATTRIBUTES_TD
