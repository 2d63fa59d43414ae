//===- Passes.td - passes on tensors ------------------------*- tablegen -*-==//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_TRANSFORMS_PASSES_TD
#define HYDRAGEN_TRANSFORMS_PASSES_TD

include "mlir/Pass/PassBase.td"

// Alphabetical.

def DecomposeAttention
    : Pass<"hydragen-decompose", "::mlir::func::FuncOp"> {
  let summary = "split attention into one partial attention per segment";
  let description = [{
    Expects `hydragen.attention` on tensors, best after
    `hydragen-share-segments`. Replaces each by one `hydragen.prefix_attention`
    (segments that some row dim shares) or `hydragen.suffix_attention` per
    segment, a `hydragen.combine` and a `hydragen.finalize`. Row dims that K/V
    maps read through floordiv, mod or sums are split into digits, so that the
    partial ops are in split form. Segments at the end of the keys that a set of
    visible keys hides from every row are left out (remark `keys-left-out`).
    Leaves no `hydragen.attention`.
    `convert-hydragen-to-linalg` or `convert-hydragen-to-cpu` should follow.

    Before:

    ```mlir
    #q = affine_map<(b, d, n, e) -> (b, d)>
    #prompt = affine_map<(b, d, n, e) -> (n, d)>
    #prompt_v = affine_map<(b, d, n, e) -> (n, e)>
    #own = affine_map<(b, d, n, e) -> (b, n, d)>
    #own_v = affine_map<(b, d, n, e) -> (b, n, e)>
    #o = affine_map<(b, d, n, e) -> (b, e)>
    func.func @f(%q: tensor<4x8xf32>, %p: tensor<16x8xf32>, %s: tensor<4x3x8xf32>, %init: tensor<4x8xf32>) -> tensor<4x8xf32> {
      %o = hydragen.attention queries(%q : tensor<4x8xf32>)
        keys(%p, %s : tensor<16x8xf32>, tensor<4x3x8xf32>) values(%p, %s : tensor<16x8xf32>, tensor<4x3x8xf32>)
        outs(%init : tensor<4x8xf32>) attributes {query_maps = [#q], output_map = #o,
          segments = [#hydragen.segment<begin = 0, size = 16, keys = [#prompt], value = #prompt_v>,
                      #hydragen.segment<begin = 16, size = 3, keys = [#own], value = #own_v>]} -> tensor<4x8xf32>
      return %o : tensor<4x8xf32>
    }
    ```

    After (shortened with `...`):

    ```mlir
    %6:3 = hydragen.prefix_attention queries(%arg0 ...) keys(%arg1 : tensor<16x8xf32>) value(%arg1 ...) at [0, 0] ...
    %13:3 = hydragen.suffix_attention queries(%arg0 ...) keys(%arg2 : tensor<4x3x8xf32>) value(%arg2 ...) at [0, 16] ...
    %14:3 = hydragen.combine ins(%13#0, %13#1, %13#2 ...) outs(%6#0, %6#1, %6#2 ...)
    %15 = hydragen.finalize state(%14#0, %14#1, %14#2 ...) outs(%arg3 ...)
    ```
  }];
  let options = [
    Option<"sharing", "sharing", "std::string", /*default=*/"\"auto\"",
           "auto and always (prefix attention where segments are shared), never "
           "(suffix attention for every segment)">];
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
    "::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect"];
}

def GroupRows : Pass<"hydragen-group-rows", "::mlir::func::FuncOp"> {
  let summary = "put rows together that read the same keys at run time";
  let description = [{
    Expects the decomposed form on tensors. A `hydragen.suffix_attention` with
    the mark `hydragen.grouped` has one row digit that keys and values use
    through index operands alone (the prompt of a group). It becomes a
    `hydragen.group_rows` of these, a `hydragen.prefix_attention` of its tiles, a
    `hydragen.suffix_attention` of the rows left over, and
    `hydragen.ungroup_rows`. Where an operand depends on the row in another way
    the op stays, with a remark. For targets that work list in hand on the host;
    on a GPU the plan kernel sorts the rows.

    Before:

    ```mlir
    #q = affine_map<(b, n, d, e) -> (b, d)>
    #k = affine_map<(b, n, d, e)[group] -> (group, n, d)>
    #v = affine_map<(b, n, d, e)[group] -> (group, n, e)>
    #row = affine_map<(b, n, d, e) -> (b)>
    func.func @f(%q: tensor<40x8xf32>, %k: tensor<3x6x8xf32>, %g: tensor<40xi64>,
                 %o: tensor<40x8xf32>, %m: tensor<40xf32>, %l: tensor<40xf32>) -> (tensor<40x8xf32>, tensor<40xf32>, tensor<40xf32>) {
      %s:3 = hydragen.suffix_attention queries(%q : tensor<40x8xf32>) keys(%k : tensor<3x6x8xf32>) value(%k : tensor<3x6x8xf32>)
        indices(%g : tensor<40xi64>) at [0, 0] outs(%o, %m, %l : tensor<40x8xf32>, tensor<40xf32>, tensor<40xf32>)
        attributes {hydragen.grouped, query_maps = [#q], key_maps = [#k], value_map = #v, index_maps = [#row]}
        -> tensor<40x8xf32>, tensor<40xf32>, tensor<40xf32>
      return %s#0, %s#1, %s#2 : tensor<40x8xf32>, tensor<40xf32>, tensor<40xf32>
    }
    ```

    After (shortened with `...`):

    ```mlir
    %tiles, %singles, %slots = hydragen.group_rows ids(%arg2 : tensor<40xi64>) ... -> tensor<?x16xi64>, tensor<?xi64>, tensor<40xi64>
    hydragen.prefix_attention ...
    hydragen.suffix_attention ...
    hydragen.ungroup_rows %slots tiles(...
    ```
  }];
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
    "::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect"];
}

def RaiseAttention
    : Pass<"hydragen-raise-attention", "::mlir::func::FuncOp"> {
  let summary = "find softmax attention and write it as hydragen.attention";
  let description = [{
    Expects linalg on tensors (any mix of named and generic ops). Evaluates one
    element of each contraction at symbolic indices; where its factor is a
    softmax over the contracted axis of a score made of contractions, the result
    becomes a `hydragen.attention` with one segment over all keys, reading the
    operands of the contractions. Leaves everything else as it is; a contraction
    that looks like attention and cannot be proved one gives a remark with a
    reason code. Extents of arguments that only the products equate (V has as
    many keys as K) are asserted. `hydragen-share-segments` should follow.

    Before:

    ```mlir
    func.func @f(%q: tensor<4x1x8xf32>, %k: tensor<4x8x19xf32>, %v: tensor<4x19x8xf32>) -> tensor<4x1x8xf32> {
      %zero = arith.constant 0.0 : f32
      %se = tensor.empty() : tensor<4x1x19xf32>
      %s0 = linalg.fill ins(%zero : f32) outs(%se : tensor<4x1x19xf32>) -> tensor<4x1x19xf32>
      %s = linalg.batch_matmul ins(%q, %k : tensor<4x1x8xf32>, tensor<4x8x19xf32>) outs(%s0 : tensor<4x1x19xf32>) -> tensor<4x1x19xf32>
      %p = linalg.softmax dimension(2) ins(%s : tensor<4x1x19xf32>) outs(%se : tensor<4x1x19xf32>) -> tensor<4x1x19xf32>
      %oe = tensor.empty() : tensor<4x1x8xf32>
      %o0 = linalg.fill ins(%zero : f32) outs(%oe : tensor<4x1x8xf32>) -> tensor<4x1x8xf32>
      %o = linalg.batch_matmul ins(%p, %v : tensor<4x1x19xf32>, tensor<4x19x8xf32>) outs(%o0 : tensor<4x1x8xf32>) -> tensor<4x1x8xf32>
      return %o : tensor<4x1x8xf32>
    }
    ```

    After (shortened with `...`):

    ```mlir
    func.func @f(%arg0: tensor<4x1x8xf32>, %arg1: tensor<4x8x19xf32>, %arg2: tensor<4x19x8xf32>) -> tensor<4x1x8xf32> ...
      hydragen.attention queries(%arg0 ...) keys(%arg1 ...) values(%arg2 ...) ... segments = [#hydragen.segment<begin = 0, size = 19, ...>]
      return
    ```
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::cf::ControlFlowDialect",
    "::mlir::hydragen::HydragenDialect",
    "::mlir::linalg::LinalgDialect", "::mlir::math::MathDialect",
    "::mlir::tensor::TensorDialect"];
}

def ScheduleAttention
    : Pass<"hydragen-schedule", "::mlir::func::FuncOp"> {
  let summary = "choose tiles and split KV for GPU kernels";
  let description = [{
    Expects the decomposed form on tensors. Each `hydragen.finalize` whose state
    comes from partial attentions that nothing else uses gets a
    `#hydragen.schedule`, each of these a `#hydragen.tile`: few rows that read
    keys of their own get tiles of 16 rows, rows that share keys tiles of 64;
    long key ranges are split where there are fewer items than the first GPU of
    `targets` has room for. The function gets the GPUs as `hydragen.gpu_targets`.
    Attention that no kernel can compute is left alone, with a remark.
    `convert-hydragen-to-gpu` should follow.

    Before:

    ```mlir
    func.func @f(%q: tensor<64x64xf16>, %k: tensor<128x64xf16>, %out: tensor<64x64xf16>) -> tensor<64x64xf16> {
      %hidden = arith.constant 0xFF800000 : f32
      %zero = arith.constant 0.0 : f32
      %eo = tensor.empty() : tensor<64x64xf32>
      %em = tensor.empty() : tensor<64xf32>
      %o = linalg.fill ins(%zero : f32) outs(%eo : tensor<64x64xf32>) -> tensor<64x64xf32>
      %m = linalg.fill ins(%hidden : f32) outs(%em : tensor<64xf32>) -> tensor<64xf32>
      %l = linalg.fill ins(%zero : f32) outs(%em : tensor<64xf32>) -> tensor<64xf32>
      %p:3 = hydragen.prefix_attention queries(%q : tensor<64x64xf16>) keys(%k : tensor<128x64xf16>) value(%k : tensor<128x64xf16>)
        at [0, 0] outs(%o, %m, %l : tensor<64x64xf32>, tensor<64xf32>, tensor<64xf32>)
        attributes {query_maps = [affine_map<(b, n, d, e) -> (b, d)>], key_maps = [affine_map<(b, n, d, e) -> (n, d)>],
          value_map = affine_map<(b, n, d, e) -> (n, e)>} -> tensor<64x64xf32>, tensor<64xf32>, tensor<64xf32>
      %r = hydragen.finalize state(%p#0, %p#1, %p#2 : tensor<64x64xf32>, tensor<64xf32>, tensor<64xf32>)
        outs(%out : tensor<64x64xf16>) -> tensor<64x64xf16>
      return %r : tensor<64x64xf16>
    }
    ```

    After (shortened with `...`):

    ```mlir
    func.func @f(... attributes {hydragen.gpu_targets = [#hydragen.gpu_target<chip = "sm_80", ...>]}
      hydragen.prefix_attention ... attributes {hydragen.tile = #hydragen.tile<rows = 64, keys = 64>, ...
      hydragen.finalize ... {hydragen.schedule = #hydragen.schedule<warps = 4, blocks = 3, float32 = tf32x3>} ...
    ```
  }];
  let options = [
    ListOption<"targets", "targets", "std::string",
               "GPUs by name (a100, rtx3090, l40s, h100, h200) or architecture "
               "(sm_80, sm_86, sm_89, sm_90)">,
    Option<"float32", "float32", "std::string", /*default=*/"\"tf32x3\"",
           "products of f32: tf32x3, tf32 or exact">,
    Option<"invariant", "invariant", "bool", /*default=*/"false",
           "sharing does not change a bit of the result">,
    Option<"separate", "separate", "bool", /*default=*/"false",
           "one launch per partial attention">,
    Option<"tile", "tile", "std::string", /*default=*/"\"\"",
           "rows, or rows and keys (64x32), of all tiles">,
    Option<"split", "split", "int64_t", /*default=*/"-1",
           "keys per item; 0: no split, -1: by the GPU">];
  let dependentDialects = ["::mlir::hydragen::HydragenDialect"];
}

def ShareSegments
    : Pass<"hydragen-share-segments", "::mlir::func::FuncOp"> {
  let summary = "split keys and values into segments by what they depend on";
  let description = [{
    Expects `hydragen.attention`. Evaluates the elements of K and V of every
    segment down to their sources; where pieces of the key range do not depend on
    a row dim, the segment is replaced by one segment per piece that reads the
    source, so that concatenations and broadcasts of K and V die. Leaves the op
    as it is, with a remark, where nothing is shared, a piece cannot be written or
    (sizes and `target` known) plain attention is predicted to be faster.
    `hydragen-decompose` should follow.

    Before:

    ```mlir
    #q = affine_map<(b, d, n, e) -> (b, d)>
    #k = affine_map<(b, d, n, e) -> (b, n, d)>
    #v = affine_map<(b, d, n, e) -> (b, n, e)>
    #o = affine_map<(b, d, n, e) -> (b, e)>
    func.func @f(%q: tensor<4x8xf32>, %prompt: tensor<16x8xf32>, %own: tensor<4x3x8xf32>, %init: tensor<4x8xf32>) -> tensor<4x8xf32> {
      %e = tensor.empty() : tensor<4x16x8xf32>
      %p = linalg.broadcast ins(%prompt : tensor<16x8xf32>) outs(%e : tensor<4x16x8xf32>) dimensions = [0]
      %kv = tensor.concat dim(1) %p, %own : (tensor<4x16x8xf32>, tensor<4x3x8xf32>) -> tensor<4x19x8xf32>
      %o = hydragen.attention queries(%q : tensor<4x8xf32>) keys(%kv : tensor<4x19x8xf32>) values(%kv : tensor<4x19x8xf32>)
        outs(%init : tensor<4x8xf32>) attributes {query_maps = [#q], output_map = #o,
          segments = [#hydragen.segment<begin = 0, size = 19, keys = [#k], value = #v>]} -> tensor<4x8xf32>
      return %o : tensor<4x8xf32>
    }
    ```

    After (shortened with `...`):

    ```mlir
    #map2 = affine_map<(d0, d1, d2, d3) -> (d2, d1)>
    #map3 = affine_map<(d0, d1, d2, d3) -> (d2, d3)>
    hydragen.attention queries(%arg0 ...) keys(%arg1, %arg2 ...) values(%arg1, %arg2 ...) ... segments = [#hydragen.segment<begin = 0, size = 16, keys = [#map2], value = #map3, shared>, #hydragen.segment<begin = 16, size = 3, ...>]
    ```
  }];
  let options = [
    Option<"guards", "guards", "bool", /*default=*/"true",
           "look at block tables and group numbers when the function runs">,
    Option<"sharing", "sharing", "std::string", /*default=*/"\"auto\"",
           "auto (where the cost model of the target says that it pays), always, "
           "never (nothing, and no word of sharing)">,
    Option<"pieces", "pieces", "bool", /*default=*/"false",
           "attention that is not shared reads the pieces of K and V, too, and not "
           "the tensor that the model makes of them">,
    Option<"target", "target", "std::string", /*default=*/"\"\"",
            "what to ask the cost model for: cpu:128, cpu:256 or cpu:512 (bits of a "
            "vector), or a GPU; none: all that is proved is shared">];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::hydragen::HydragenDialect",
    "::mlir::linalg::LinalgDialect", "::mlir::math::MathDialect",
    "::mlir::tensor::TensorDialect"];
}

def VerifyCover
    : Pass<"hydragen-verify-cover", "::mlir::func::FuncOp"> {
  let summary = "check that segments cover every key of every row exactly once";
  let description = [{
    Expects `hydragen.attention` or its decomposed form with the cover
    certificate (`hydragen.cover`). Checks, independently of the passes that
    made the segments, that their rectangles over (rows x keys) are disjoint and
    have the volume of the original. Fails at the op otherwise; changes nothing.

    Before:

    ```mlir
    #q = affine_map<(b, d, n, e) -> (b, d)>
    #prompt = affine_map<(b, d, n, e) -> (n, d)>
    #prompt_v = affine_map<(b, d, n, e) -> (n, e)>
    #own = affine_map<(b, d, n, e) -> (b, n, d)>
    #own_v = affine_map<(b, d, n, e) -> (b, n, e)>
    #o = affine_map<(b, d, n, e) -> (b, e)>
    func.func @f(%q: tensor<4x8xf32>, %p: tensor<16x8xf32>, %s: tensor<4x3x8xf32>, %init: tensor<4x8xf32>) -> tensor<4x8xf32> {
      %o = hydragen.attention queries(%q : tensor<4x8xf32>)
        keys(%p, %s : tensor<16x8xf32>, tensor<4x3x8xf32>) values(%p, %s : tensor<16x8xf32>, tensor<4x3x8xf32>)
        outs(%init : tensor<4x8xf32>) attributes {hydragen.cover = #hydragen.cover<rows = [4], keys = 19,
            pieces = [[[0, 4], [0, 16]], [[0, 4], [16, 3]]]>, query_maps = [#q], output_map = #o,
          segments = [#hydragen.segment<begin = 0, size = 16, keys = [#prompt], value = #prompt_v>,
                      #hydragen.segment<begin = 16, size = 3, keys = [#own], value = #own_v>]} -> tensor<4x8xf32>
      return %o : tensor<4x8xf32>
    }
    ```

    After (shortened with `...`):

    ```mlir
    hydragen.attention ... {hydragen.cover = #hydragen.cover<rows = [4], keys = 19, pieces = [[[0, 4], [0, 16]], [[0, 4], [16, 3]]]>, ...
    ```
  }];
}

#endif // HYDRAGEN_TRANSFORMS_PASSES_TD
