//===- HydragenOps.td - attention over shared prefixes -----*- tablegen -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_IR_HYDRAGENOPS_TD
#define HYDRAGEN_IR_HYDRAGENOPS_TD

include "hydragen/IR/HydragenAttributes.td"
include "hydragen/IR/HydragenInterfaces.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/Interfaces/DestinationStyleOpInterface.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

class Hydragen_Op<string mnemonic, list<Trait> traits = []>
    : Op<Hydragen_Dialect, mnemonic, traits>;

// Tensors before bufferisation, memrefs after it.
def Hydragen_Shaped : AnyTypeOf<[AnyRankedTensor, AnyStridedMemRef]>;

//===----------------------------------------------------------------------===//
// attention
//===----------------------------------------------------------------------===//

def Hydragen_AttentionOp : Hydragen_Op<"attention", [
    AttrSizedOperandSegments, DestinationStyleOpInterface, Pure,
    DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface, ["reifyResultShapes"]>,
    SingleBlock]> {
  let summary = "softmax attention over key/value segments";
  let description = [{
    For every row r (an index of each row dim) over the keys n of the segments
    that cover r:

    ```
    s[r,n] = mods(scale * sum_t sum_d Q_t[r,d] * K_t[r,n,d])
    out[r,e] = factor[r] * (sum_n exp(s[r,n]) V[r,n,e])
             / (sum_n exp(s[r,n]) + sum_j exp(sink_j[r]))
    ```

    Every operand has an affine map over one domain of row, key, contraction and
    value dims, in any order; roles are inferred from the maps (AttentionDims).
    Sharing is a K/V map that does not use a row dim. See docs/spec.md.

    Results: the output; with three inits also the state's m (running maximum of
    s * log2(e)) and l (sum of 2^(s * log2(e) - m)) without the sinks.
  }];
  let arguments = (ins
    Variadic<AnyRankedTensor>:$queries,
    Variadic<AnyRankedTensor>:$keys,
    Variadic<AnyRankedTensor>:$values,
    Variadic<AnyRankedTensor>:$indices,
    Variadic<AnyRankedTensor>:$extras,
    Variadic<AnyRankedTensor>:$sinks,
    Optional<AnyRankedTensor>:$factor,
    Variadic<AnyRankedTensor>:$scales,
    Variadic<Index>:$sizes,
    Variadic<AnyRankedTensor>:$inits,
    AffineMapArrayAttr:$query_maps,
    AffineMapAttr:$output_map,
    TypedArrayAttrBase<Hydragen_SegmentAttr, "segments">:$segments,
    DefaultValuedAttr<AffineMapArrayAttr, "{}">:$index_maps,
    DefaultValuedAttr<AffineMapArrayAttr, "{}">:$extra_maps,
    DefaultValuedAttr<AffineMapArrayAttr, "{}">:$sink_maps,
    OptionalAttr<AffineMapAttr>:$factor_map,
    DefaultValuedAttr<AffineMapArrayAttr, "{}">:$scale_maps,
    DefaultValuedAttr<F64Attr, "1.0">:$scale,
    DefaultValuedAttr<ArrayAttr, "{}">:$score_mods,
    DefaultValuedAttr<Hydragen_MaskedRowsAttr,
                      "::mlir::hydragen::MaskedRows::NaN">:$masked_rows,
    UnitAttr:$accumulate);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let regions = (region MaxSizedRegion<1>:$score_region);

  let assemblyFormat = [{
    `queries` `(` $queries `:` type($queries) `)`
    `keys` `(` ($keys^ `:` type($keys))? `)`
    `values` `(` ($values^ `:` type($values))? `)`
    (`indices` `(` $indices^ `:` type($indices) `)`)?
    (`extras` `(` $extras^ `:` type($extras) `)`)?
    (`sinks` `(` $sinks^ `:` type($sinks) `)`)?
    (`factor` `(` $factor^ `:` type($factor) `)`)?
    (`scales` `(` $scales^ `:` type($scales) `)`)?
    (`sizes` `(` $sizes^ `)`)?
    `outs` `(` $inits `:` type($inits) `)`
    attr-dict-with-keyword ($score_region^)?
    `->` type($results)
  }];

  let extraClassDeclaration = [{
    /// Destination style: results are written over the inits.
    ::mlir::MutableOperandRange getDpsInitsMutable() { return getInitsMutable(); }

    unsigned getNumTerms() { return getQueries().size(); }
    unsigned getNumSegments() { return getSegments().size(); }
    ::mlir::hydragen::SegmentAttr getSegment(unsigned i) {
      return ::llvm::cast<::mlir::hydragen::SegmentAttr>(getSegments()[i]);
    }
    /// K of score term `term` of segment `segment`.
    ::mlir::Value getKey(unsigned segment, unsigned term) {
      return getKeys()[segment * getNumTerms() + term];
    }
    ::mlir::Value getSegmentValue(unsigned segment) { return getValues()[segment]; }
    /// First key position and number of keys; dynamic ones are `sizes` operands.
    ::mlir::OpFoldResult getSegmentBegin(unsigned segment);
    ::mlir::OpFoldResult getSegmentSize(unsigned segment);
    ::mlir::Value getOutput() { return getResults().front(); }
    ::mlir::RankedTensorType getOutputType() {
      return ::llvm::cast<::mlir::RankedTensorType>(getOutput().getType());
    }
    bool hasStateResults() { return getInits().size() == 3; }
    /// f64 when the output or a query is f64, else f32.
    ::mlir::FloatType getStateElementType();
  }];
  let hasVerifier = 1;
  let hasCanonicalizer = 1;
}

//===----------------------------------------------------------------------===//
// prefix_attention, suffix_attention
//===----------------------------------------------------------------------===//

class Hydragen_PartialAttentionOp<string mnemonic>
    : Hydragen_Op<mnemonic, [
        AttrSizedOperandSegments, DestinationStyleOpInterface,
        DeclareOpInterfaceMethods<MemoryEffectsOpInterface>,
        DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface, ["reifyResultShapes"]>,
        Hydragen_PartialAttentionOpInterface, SingleBlock]> {
  let arguments = (ins
    Variadic<Hydragen_Shaped>:$queries,
    Variadic<Hydragen_Shaped>:$keys,
    Hydragen_Shaped:$value,
    Variadic<Hydragen_Shaped>:$indices,
    Variadic<Hydragen_Shaped>:$extras,
    Variadic<Index>:$offsets,
    Variadic<Hydragen_Shaped>:$inits,
    DenseI64ArrayAttr:$static_offsets,
    AffineMapArrayAttr:$query_maps,
    AffineMapArrayAttr:$key_maps,
    AffineMapAttr:$value_map,
    DefaultValuedAttr<AffineMapArrayAttr, "{}">:$index_maps,
    DefaultValuedAttr<AffineMapArrayAttr, "{}">:$extra_maps,
    DefaultValuedAttr<F64Attr, "1.0">:$scale,
    DefaultValuedAttr<ArrayAttr, "{}">:$score_mods);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let regions = (region MaxSizedRegion<1>:$score_region);

  let assemblyFormat = [{
    `queries` `(` $queries `:` type($queries) `)`
    `keys` `(` $keys `:` type($keys) `)`
    `value` `(` $value `:` type($value) `)`
    (`indices` `(` $indices^ `:` type($indices) `)`)?
    (`extras` `(` $extras^ `:` type($extras) `)`)?
    `at` custom<DynamicIndexList>($offsets, $static_offsets)
    `outs` `(` $inits `:` type($inits) `)`
    attr-dict-with-keyword ($score_region^)?
    (`->` type($results)^)?
  }];

  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() { return getInitsMutable(); }
    ::llvm::SmallVector<::mlir::AffineMap> getQueryMapsVector() {
      return ::llvm::to_vector(getQueryMaps().getAsValueRange<::mlir::AffineMapAttr>());
    }
    ::llvm::SmallVector<::mlir::AffineMap> getKeyMapsVector() {
      return ::llvm::to_vector(getKeyMaps().getAsValueRange<::mlir::AffineMapAttr>());
    }
    ::llvm::SmallVector<::mlir::AffineMap> getIndexMapsVector() {
      return ::llvm::to_vector(getIndexMaps().getAsValueRange<::mlir::AffineMapAttr>());
    }
    ::llvm::SmallVector<::mlir::AffineMap> getExtraMapsVector() {
      return ::llvm::to_vector(getExtraMaps().getAsValueRange<::mlir::AffineMapAttr>());
    }
  }];
  let hasVerifier = 1;
  let hasCanonicalizer = 1;
}

def Hydragen_PrefixAttentionOp : Hydragen_PartialAttentionOp<"prefix_attention"> {
  let summary = "partial attention over a segment that several sequences share";
  let description = [{
    Folds the attention of all rows over one segment into the incoming state
    `(o, m, l)`. Split form: the domain is (rows..., keys..., contraction...,
    values...) with the rows first, in the order of the state's dims: o has the
    shape (rows..., values...), m and l the shape (rows...). Every result of a
    query, key, value or index map is a dim, a symbol or the constant 0.

    The maps of keys and value leave out the row dims that the segment is shared
    over: those and all others that they leave out (query positions, the query
    heads of one key head) become the rows of one matrix product per key tile
    (inter-sequence batching, section 3.2 of the paper).

    `at [row offsets..., key offset]` are added to the indices that score
    modifications see, so masks and windows stay absolute under slicing, tiling
    and splitting.
  }];
}

def Hydragen_SuffixAttentionOp : Hydragen_PartialAttentionOp<"suffix_attention"> {
  let summary = "partial attention of each sequence over its own segment";
  let description = [{
    The same partial attention as `hydragen.prefix_attention` for keys that each
    sequence has for itself: few rows (query positions, the query heads of one
    key head) meet each key, so reading K and V bounds it.
  }];
}

//===----------------------------------------------------------------------===//
// States
//===----------------------------------------------------------------------===//

class Hydragen_StateOp<string mnemonic, list<Trait> traits = []>
    : Hydragen_Op<mnemonic, traits # [
        DestinationStyleOpInterface,
        DeclareOpInterfaceMethods<MemoryEffectsOpInterface>,
        DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface, ["reifyResultShapes"]>]> {
  let hasVerifier = 1;
}

def Hydragen_CombineOp : Hydragen_StateOp<"combine", [AttrSizedOperandSegments]> {
  let summary = "merges attention states";
  let description = [{
    Merges the states `ins` into the state `outs`:

    ```
    m = max(m_a, m_b)      w_x = m_x == -inf ? 0 : 2^(m_x - m)
    o = w_a o_a + w_b o_b  l = w_a l_a + w_b l_b
    ```

    Exact, associative and commutative up to rounding; (0, -inf, 0) is the
    identity. Operands are o_0, m_0, l_0, o_1, m_1, l_1, ... all of the shapes of
    the outs. In the stacked form (unit attribute `stacked`) there is one state
    whose first dim numbers the states to merge (split KV).
  }];
  let arguments = (ins Variadic<Hydragen_Shaped>:$states,
                       Variadic<Hydragen_Shaped>:$inits,
                       UnitAttr:$stacked);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let assemblyFormat = [{
    `ins` `(` $states `:` type($states) `)`
    `outs` `(` $inits `:` type($inits) `)` attr-dict (`->` type($results)^)?
  }];
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() { return getInitsMutable(); }
    /// Number of states merged into the outs (1 in the stacked form).
    unsigned getNumStates() { return getStates().size() / 3; }
  }];
}

def Hydragen_FinalizeOp : Hydragen_StateOp<"finalize", [AttrSizedOperandSegments]> {
  let summary = "turns a state into the attention's output";
  let description = [{
    ```
    out[r,e] = factor[r] * o[r,e] * 2^(m[r] - M)
             / (l[r] * 2^(m[r] - M) + sum_j 2^(sink_j[r] * log2(e) - M)) (+ init)
    M = max(m[r], max_j sink_j[r] * log2(e))
    ```

    cast to the init's element type. A row with l = 0 and no sink gives 0 or NaN
    as `masked_rows` says; with a sink it gives 0. With `accumulate` the init's
    value is added (before the cast), else the init is only a destination.
    `sink_maps` and `factor_map` are over the row dims.
  }];
  let arguments = (ins
    Hydragen_Shaped:$o, Hydragen_Shaped:$m, Hydragen_Shaped:$l,
    Variadic<Hydragen_Shaped>:$sinks,
    Optional<Hydragen_Shaped>:$factor,
    Hydragen_Shaped:$init,
    DefaultValuedAttr<AffineMapArrayAttr, "{}">:$sink_maps,
    OptionalAttr<AffineMapAttr>:$factor_map,
    DefaultValuedAttr<Hydragen_MaskedRowsAttr,
                      "::mlir::hydragen::MaskedRows::NaN">:$masked_rows,
    UnitAttr:$accumulate);
  let results = (outs Optional<AnyRankedTensor>:$result);
  let assemblyFormat = [{
    `state` `(` $o `,` $m `,` $l `:` type($o) `,` type($m) `,` type($l) `)`
    (`sinks` `(` $sinks^ `:` type($sinks) `)`)?
    (`factor` `(` $factor^ `:` type($factor) `)`)?
    `outs` `(` $init `:` type($init) `)` attr-dict (`->` type($result)^)?
  }];
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() { return getInitMutable(); }
  }];
}

def Hydragen_StateLseOp : Hydragen_StateOp<"state_lse"> {
  let summary = "log-sum-exp of a state, in the named base";
  let description = [{
    `lse = m + log2(l)` for base two, the same times ln(2) for base e; -inf for a
    row without a visible key. The only place where a state loses the separation
    of m and l: (o, lse) is less exact than (o, m, l) (docs/spec.md).
  }];
  let arguments = (ins Hydragen_Shaped:$m, Hydragen_Shaped:$l,
                       Hydragen_Shaped:$init, Hydragen_LseBaseAttr:$base);
  let results = (outs Optional<AnyRankedTensor>:$result);
  let assemblyFormat = [{
    $base `state` `(` $m `,` $l `:` type($m) `,` type($l) `)`
    `outs` `(` $init `:` type($init) `)` attr-dict (`->` type($result)^)?
  }];
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() { return getInitMutable(); }
  }];
}

//===----------------------------------------------------------------------===//
// group_rows, ungroup_rows
//===----------------------------------------------------------------------===//

def Hydragen_IntegerList
    : 1DTensorOf<[AnySignlessInteger, Index]>;

def Hydragen_GroupRowsOp : Hydragen_Op<"group_rows", [Pure]> {
  let summary = "puts rows together whose numbers are equal at run time";
  let description = [{
    Rows i and j belong to one group if every list of `ids` has the same number
    at i and j. Groups stand in the order of their first rows, rows of a group in
    ascending order. A group fills tiles of `width` rows one after the other; a
    rest of at least `least` rows gets a tile too, whose other places repeat the
    group's first row. A smaller rest is left over:

    - `tiles[t, r]` is a row, all rows of a tile are of one group,
    - `singles[u]` are the rows left over, in the order of the groups,
    - `slots[i]` is where row i stands: `t * width + r`, or `tiles' count * width
      + u`. Every row has exactly one slot.

    So a group of any size costs at most `least - 1` singles or one tile that is
    not full, and rows without a partner are singles.
  }];
  let arguments = (ins Variadic<Hydragen_IntegerList>:$ids,
                       I64Attr:$width, I64Attr:$least);
  let results = (outs AnyRankedTensor:$tiles, AnyRankedTensor:$singles,
                      AnyRankedTensor:$slots);
  let assemblyFormat = [{
    `ids` `(` $ids `:` type($ids) `)` attr-dict `->` type($tiles) `,`
    type($singles) `,` type($slots)
  }];
  let hasVerifier = 1;
}

def Hydragen_UngroupRowsOp : Hydragen_Op<"ungroup_rows", [Pure]> {
  let summary = "brings what was computed for tiles and singles back to rows";
  let description = [{
    `tiles` has the shape (tile, row of the tile, others...), `singles` (single,
    others...). The result has the others with the rows as dim `dim`; its element
    for row i is the one at `slots[i]` of a `hydragen.group_rows`.
  }];
  let arguments = (ins AnyRankedTensor:$slots, AnyRankedTensor:$tiles,
                       AnyRankedTensor:$singles, I64Attr:$dim);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = [{
    $slots `tiles` `(` $tiles `:` type($tiles) `)` `singles` `(` $singles `:`
    type($singles) `)` attr-dict `:` type($slots) `->` type($result)
  }];
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// attend
//===----------------------------------------------------------------------===//

def Hydragen_AttendOp : Hydragen_Op<"attend", [
    AttrSizedOperandSegments, DestinationStyleOpInterface,
    DeclareOpInterfaceMethods<MemoryEffectsOpInterface>,
    DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface, ["reifyResultShapes"]>]> {
  let summary = "one attention as one launch of a GPU kernel";
  let description = [{
    The partial attentions, the combine and the finalize of one attention, with
    their schedule. `convert-hydragen-to-gpu` makes it of them; the op has tensors
    until bufferisation and memrefs after it.

    The rows are those of the finalize op, their extents `row_sizes`. Each part
    has one query, key and value operand, and as many index and extra operands
    as its attribute has maps. `output_dims` are pairs (row, stride) per dim of
    the output, (-1, 0) for the value columns. `sizes` holds dynamic row sizes,
    then the dynamic key offsets of the parts, `counts` the tensors of one
    integer where parts are cut at a number of the call. A region holds the code
    of the custom score modifications of all parts: a block of (number of the
    part, score, row digits, key, each part's extras in turn).
  }];
  let arguments = (ins
    Variadic<Hydragen_Shaped>:$queries,
    Variadic<Hydragen_Shaped>:$keys,
    Variadic<Hydragen_Shaped>:$values,
    Variadic<Hydragen_Shaped>:$indices,
    Variadic<Hydragen_Shaped>:$extras,
    Variadic<Hydragen_Shaped>:$counts,
    Variadic<Hydragen_Shaped>:$sinks,
    Optional<Hydragen_Shaped>:$factor,
    Variadic<Index>:$sizes,
    Hydragen_Shaped:$init,
    TypedArrayAttrBase<Hydragen_PartAttr, "parts">:$parts,
    DenseI64ArrayAttr:$row_sizes,
    DenseI64ArrayAttr:$output_dims,
    DefaultValuedAttr<AffineMapArrayAttr, "{}">:$sink_maps,
    OptionalAttr<AffineMapAttr>:$factor_map,
    DefaultValuedAttr<Hydragen_MaskedRowsAttr,
                      "::mlir::hydragen::MaskedRows::NaN">:$masked_rows,
    UnitAttr:$accumulate,
    Hydragen_ScheduleAttr:$schedule);
  let results = (outs Optional<AnyRankedTensor>:$result);
  let regions = (region VariadicRegion<MaxSizedRegion<1>>:$score_regions);
  let assemblyFormat = [{
    `queries` `(` $queries `:` type($queries) `)`
    `keys` `(` $keys `:` type($keys) `)`
    `values` `(` $values `:` type($values) `)`
    (`indices` `(` $indices^ `:` type($indices) `)`)?
    (`extras` `(` $extras^ `:` type($extras) `)`)?
    (`counts` `(` $counts^ `:` type($counts) `)`)?
    (`sinks` `(` $sinks^ `:` type($sinks) `)`)?
    (`factor` `(` $factor^ `:` type($factor) `)`)?
    (`sizes` `(` $sizes^ `)`)?
    `outs` `(` $init `:` type($init) `)`
    attr-dict-with-keyword $score_regions
    (`->` type($result)^)?
  }];
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() { return getInitMutable(); }
    unsigned getNumParts() { return getParts().size(); }
    ::mlir::hydragen::PartAttr getPart(unsigned i) {
      return ::llvm::cast<::mlir::hydragen::PartAttr>(getParts()[i]);
    }
    /// The index and extra operands of a part.
    ::mlir::OperandRange getPartIndices(unsigned part);
    ::mlir::OperandRange getPartExtras(unsigned part);
    /// Extent of a row; a constant or an operand of `sizes`.
    ::mlir::OpFoldResult getRowSize(unsigned row);
    ::mlir::OpFoldResult getKeyOffset(unsigned part);
  }];
  let hasVerifier = 1;
}

def Hydragen_YieldOp : Hydragen_Op<"yield", [Pure, ReturnLike, Terminator,
    ParentOneOf<["AttentionOp", "PrefixAttentionOp", "SuffixAttentionOp",
                 "AttendOp"]>]> {
  let summary = "gives the new score out of a score region";
  let arguments = (ins AnyFloat:$score);
  let assemblyFormat = "$score attr-dict `:` type($score)";
}

#endif // HYDRAGEN_IR_HYDRAGENOPS_TD
