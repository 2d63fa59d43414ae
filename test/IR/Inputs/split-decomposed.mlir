// Split KV: three states for the prefix, two for the pages of the suffix.
module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %prefix = transform.structured.match ops{["hydragen.prefix_attention"]} in %root : (!transform.any_op) -> !transform.any_op
    %f0:3, %t0, %c0, %l0 = transform.structured.tile_reduction_using_forall %prefix by num_threads = [0, 0, 0, 3]
      : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op)
    %suffix = transform.structured.match ops{["hydragen.suffix_attention"]} in %root : (!transform.any_op) -> !transform.any_op
    %f1:3, %t1, %c1, %l1 = transform.structured.tile_reduction_using_forall %suffix reduction_dims = [3] by num_threads = [0, 0, 0, 2]
      : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op)
    transform.yield
  }
}
