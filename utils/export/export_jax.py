"""export_jax.py OUT_DIR [CASE ...]: attention over shared prefixes as JAX models write it, through IREE's importer.

Writes CASE.iree.mlir and CASE.npz (in0, ..., out0, ... as JAX computes them, ref64_0, ... in float64). Needs the packages
of requirements.txt; see docs/cookbook.md.
"""

import os
import subprocess
import sys
import tempfile

import jax
import jax.numpy as jnp
import numpy

jax.config.update("jax_enable_x64", True)

B, H, P, S, D = 4, 2, 24, 8, 16
CASES = {}


def case(function):
    CASES[function.__name__] = function
    return function


def join(prefix, suffix, axis):
    return jnp.concatenate([jnp.broadcast_to(prefix, suffix.shape[:1] + prefix.shape[1:]), suffix], axis=axis)


def standard(m=1, heads=H):
    """Queries [B, M, H, D], keys and values [B, N, Hk, D]."""
    return [(B, m, heads, D), (1, P, H, D), (1, P, H, D), (B, S, H, D), (B, S, H, D)]


@case
def jax_mla():
    """Latent attention, absorbed."""
    def forward(ql, qr, cp, rp, cs, rs):
        c, r = join(cp, cs, 1), join(rp, rs, 1)
        s = jnp.einsum("bmhc,bnc->bhmn", ql, c) + jnp.einsum("bmhr,bnr->bhmn", qr, r)
        return jnp.einsum("bhmn,bnc->bmhc", jax.nn.softmax(s * 40 ** -0.5, axis=-1), c)
    return forward, [(B, 1, 4, 32), (B, 1, 4, 8), (1, P, 32), (1, P, 8), (B, S, 32), (B, S, 8)]


@case
def jax_vmap():
    """One sequence's attention under vmap, the prefix not mapped."""
    def one(q, kp, vp, ks, vs):
        k, v = jnp.concatenate([kp, ks]), jnp.concatenate([vp, vs])
        p = jax.nn.softmax(jnp.einsum("mhd,nhd->hmn", q, k) / 4.0, axis=-1)
        return jnp.einsum("hmn,nhd->mhd", p, v)
    return jax.vmap(one, in_axes=(0, None, None, 0, 0)), [(B, 2, H, D), (P, H, D), (P, H, D), (B, S, H, D), (B, S, H, D)]


@case
def jax_nested_vmap():
    """Groups of samples: vmap over prompts, then over samples of one prompt."""
    def one(q, kp, vp, ks, vs):
        k, v = jnp.concatenate([kp, ks]), jnp.concatenate([vp, vs])
        p = jax.nn.softmax(jnp.einsum("mhd,nhd->hmn", q, k) / 4.0, axis=-1)
        return jnp.einsum("hmn,nhd->mhd", p, v)
    samples = jax.vmap(one, in_axes=(0, None, None, 0, 0))
    return jax.vmap(samples), [(2, 3, 1, H, D), (2, P, H, D), (2, P, H, D), (2, 3, S, H, D), (2, 3, S, H, D)]


@case
def jax_soft_cap_window():
    """Soft cap and a sliding window over the border (Gemma 2)."""
    def forward(q, kp, vp, ks, vs):
        k, v = join(kp, ks, 1), join(vp, vs, 1)
        s = jnp.einsum("bmhd,bnhd->bhmn", q * D ** -0.5, k)
        s = jnp.tanh(s / 20.0) * 20.0
        n, m = jnp.arange(P + S), jnp.arange(4)[:, None] + P + S - 4
        s = jnp.where((n <= m) & (n > m - 12), s, -2.3819763e38)
        return jnp.einsum("bhmn,bnhd->bmhd", jax.nn.softmax(s, axis=-1), v)
    return forward, standard(4)


@case
def jax_grouped_queries():
    """Five-dimensional products for grouped queries."""
    def forward(q, kp, vp, ks, vs):
        k, v = join(kp, ks, 1), join(vp, vs, 1)
        g = q.reshape(B, 2, H, 3, D)
        s = jnp.einsum("bmhgd,bnhd->bhgmn", g, k) / 4.0
        return jnp.einsum("bhgmn,bnhd->bmhgd", jax.nn.softmax(s, axis=-1), v).reshape(B, 2, 3 * H, D)
    return forward, standard(2, 3 * H)


@case
def jax_dot_product_attention():
    """jax.nn.dot_product_attention with a boolean mask."""
    def forward(q, kp, vp, ks, vs, lengths):
        mask = jnp.arange(P + S) < P + lengths[:, None, None, None]
        return jax.nn.dot_product_attention(q, join(kp, ks, 1), join(vp, vs, 1), mask=mask)
    return forward, [*standard(2), numpy.array([8, 1, 5, 3], numpy.int32)]


@case
def jax_cache_update():
    """A static cache: the prefix broadcast into it, own keys by dynamic_update_slice at a known place."""
    def forward(q, kp, vp, ks, vs):
        def cache(prefix, suffix):
            memory = jnp.zeros((B, 40, H, D), q.dtype).at[:, :P].set(prefix)
            return jax.lax.dynamic_update_slice(memory, suffix, (0, P, 0, 0))
        k, v = cache(kp, ks), cache(vp, vs)
        s = jnp.einsum("bmhd,bnhd->bhmn", q, k) / 4.0
        s = jnp.where(jnp.arange(40) < P + S, s, -jnp.inf)
        return jnp.einsum("bhmn,bnhd->bmhd", jax.nn.softmax(s, axis=-1), v)
    return forward, standard()


@case
def jax_groups_gather():
    """Prompts picked by a constant table of sequence to prompt."""
    def forward(q, kp, vp, ks, vs):
        group = numpy.array([0, 0, 0, 1])
        k = jnp.concatenate([kp[group], ks], axis=1)
        v = jnp.concatenate([vp[group], vs], axis=1)
        s = jnp.einsum("bmhd,bnhd->bhmn", q, k) / 4.0
        return jnp.einsum("bhmn,bnhd->bmhd", jax.nn.softmax(s, axis=-1), v)
    return forward, [(B, 1, H, D), (2, P, H, D), (2, P, H, D), (B, S, H, D), (B, S, H, D)]


@case
def jax_sinks():
    """A sink logit per head inside the log-sum-exp."""
    def forward(q, kp, vp, ks, vs, sink):
        k, v = join(kp, ks, 1), join(vp, vs, 1)
        s = jnp.einsum("bmhd,bnhd->bhmn", q, k) / 4.0
        top = jnp.maximum(s.max(axis=-1, keepdims=True), sink[:, None, None])
        e = jnp.exp(s - top)
        p = e / (e.sum(axis=-1, keepdims=True) + jnp.exp(sink[:, None, None] - top))
        return jnp.einsum("bhmn,bnhd->bmhd", p, v)
    return forward, [*standard(2), (H,)]


@case
def jax_bf16():
    """bf16 operands, scores and softmax in f32."""
    def forward(q, kp, vp, ks, vs):
        k, v = join(kp, ks, 1), join(vp, vs, 1)
        s = jnp.einsum("bmhd,bnhd->bhmn", q, k, preferred_element_type=jnp.promote_types(q.dtype, jnp.float32)) / 4.0
        p = jax.nn.softmax(s, axis=-1).astype(q.dtype)
        return jnp.einsum("bhmn,bnhd->bmhd", p, v)
    return forward, standard(2), jnp.bfloat16


def export(name, out):
    function, shapes, *rest = CASES[name]()
    dtype = rest[0] if rest else jnp.float32
    rng = numpy.random.default_rng(sum(map(ord, name)))
    inputs = [jnp.asarray(s) if isinstance(s, numpy.ndarray) else jnp.asarray(rng.standard_normal(s), dtype)
              for s in shapes]
    outputs = jax.tree.leaves(jax.jit(function)(*inputs))
    wide = [i.astype(jnp.float64) if jnp.issubdtype(i.dtype, jnp.floating) else i for i in inputs]
    exact = jax.tree.leaves(jax.jit(function)(*wide))
    to_array = lambda a: numpy.asarray(a).view(numpy.uint16) if a.dtype == jnp.bfloat16 else numpy.asarray(a)
    arrays = {f"in{i}": to_array(a) for i, a in enumerate(inputs)}
    arrays |= {f"out{i}": to_array(a) for i, a in enumerate(outputs)}
    arrays |= {f"ref64_{i}": numpy.asarray(a) for i, a in enumerate(exact)}
    numpy.savez_compressed(os.path.join(out, name + ".npz"), **arrays)
    text = str(jax.jit(function).lower(*inputs).compiler_ir("stablehlo"))
    with tempfile.TemporaryDirectory() as folder:
        source = os.path.join(folder, "in.mlir")
        with open(source, "w", encoding="utf-8") as file:
            file.write(text)
        tool = os.path.join(os.path.dirname(sys.executable), "iree-compile")
        done = subprocess.run([tool, "--iree-input-type=stablehlo", "--compile-to=input", source, "-o", "-"],
                              capture_output=True, text=True)
    if done.returncode:
        print(f"{name}.iree: {done.stderr.strip().splitlines()[0][:200]}")
        return
    text = done.stdout.replace("util.func public", "func.func").replace("util.return", "return")
    doc = " ".join((CASES[name].__doc__ or name).split())
    with open(os.path.join(out, name + ".iree.mlir"), "w", encoding="utf-8") as file:
        file.write(f"// name: {name}.iree\n// produced by: JAX {jax.__version__}, iree-compile --compile-to=input "
                   f"(utils/export/export_jax.py)\n// shows: {doc}\n{text}")
    print(f"{name}.iree: ok")


if __name__ == "__main__":
    os.makedirs(sys.argv[1], exist_ok=True)
    for one in sys.argv[2:] or CASES:
        export(one, sys.argv[1])
