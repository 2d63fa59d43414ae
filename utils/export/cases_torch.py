"""Attention over shared prefixes as PyTorch models write it: the cases of export_torch.py.

Each case is a function that returns (module, inputs) or (module, inputs, dynamic_shapes). Inputs are made with a fixed
seed; B sequences share P keys and own S.
"""

import math

import torch
import torch.nn.functional as F

B, H, P, S, D = 4, 2, 24, 8, 16
CASES = {}


def case(function):
    CASES[function.__name__] = function
    return function


def rand(*shape, dtype=torch.float32):
    return torch.randn(*shape).to(dtype)


def model(function):
    class Model(torch.nn.Module):
        def forward(self, *inputs):
            return function(*inputs)
    return Model()


def join(prefix, suffix, dim=2):
    """One prefix [1, ...] for all sequences, then each one's own."""
    return torch.cat([prefix.expand(suffix.shape[0], *prefix.shape[1:]), suffix], dim=dim)


def attend(q, k, v, scale=None, change=lambda s: s):
    s = torch.matmul(q, k.transpose(-1, -2)) * (scale or 1 / math.sqrt(q.shape[-1]))
    return torch.matmul(torch.softmax(change(s), dim=-1), v)


def standard(m=1, dtype=torch.float32):
    return (rand(B, H, m, D, dtype=dtype), rand(1, H, P, D, dtype=dtype), rand(1, H, P, D, dtype=dtype),
            rand(B, H, S, D, dtype=dtype), rand(B, H, S, D, dtype=dtype))


@case
def mla_absorbed():
    """Latent attention, absorbed: two score products, V is the latent part of K."""
    latent, rope, heads = 32, 8, 4

    def forward(q_latent, q_rope, c_prefix, r_prefix, c_own, r_own):
        c = torch.cat([c_prefix.expand(B, P, latent), c_own], dim=1)
        r = torch.cat([r_prefix.expand(B, P, rope), r_own], dim=1)
        s = torch.einsum("bhmc,bnc->bhmn", q_latent, c) + torch.einsum("bhmr,bnr->bhmn", q_rope, r)
        p = torch.softmax(s / math.sqrt(latent + rope), dim=-1)
        return torch.einsum("bhmn,bnc->bhmc", p, c)
    return model(forward), (rand(B, heads, 1, latent), rand(B, heads, 1, rope), rand(1, P, latent), rand(1, P, rope),
                            rand(B, S, latent), rand(B, S, rope))


@case
def sinks():
    """A learned sink logit per head as one more column of the softmax (gpt-oss)."""
    def forward(q, kp, vp, ks, vs, sink):
        k, v = join(kp, ks), join(vp, vs)
        s = torch.matmul(q, k.transpose(2, 3)) / math.sqrt(D)
        s = torch.cat([s, sink.reshape(1, -1, 1, 1).expand(q.shape[0], -1, q.shape[-2], -1)], dim=-1)
        s = s - s.max(dim=-1, keepdim=True).values
        return torch.matmul(torch.softmax(s, dim=-1)[..., :-1], v)
    return model(forward), (*standard(2), rand(H))


@case
def softmax_plus_one():
    """exp(x) / (1 + sum exp(x)), shifted by the maximum of the scores and 0."""
    def forward(q, kp, vp, ks, vs):
        k, v = join(kp, ks), join(vp, vs)
        s = torch.matmul(q, k.transpose(2, 3)) / math.sqrt(D)
        m = s.max(dim=-1, keepdim=True).values.clamp(min=0)
        e = torch.exp(s - m)
        return torch.matmul(e / (torch.exp(-m) + e.sum(dim=-1, keepdim=True)), v)
    return model(forward), standard()


@case
def window():
    """Sliding window over the border of prefix and suffix, several queries."""
    def forward(q, kp, vp, ks, vs):
        n = torch.arange(P + S)
        m = torch.arange(q.shape[2]).unsqueeze(1) + (P + S - q.shape[2])
        mask = (n <= m) & (n > m - 12)
        return F.scaled_dot_product_attention(q, join(kp, ks), join(vp, vs), attn_mask=mask)
    return model(forward), standard(4)


@case
def soft_cap():
    """Soft-capped scores and a causal mask of the lowest finite value (Gemma 2)."""
    def forward(q, kp, vp, ks, vs):
        def change(s):
            s = 5.0 * torch.tanh(s / 5.0)
            n = torch.arange(P + S)
            m = torch.arange(s.shape[2]).unsqueeze(1) + (P + S - s.shape[2])
            return s + torch.where(n <= m, 0.0, torch.finfo(s.dtype).min)
        return attend(q, join(kp, ks), join(vp, vs), change=change)
    return model(forward), standard(3)


@case
def alibi():
    """Linear biases: a slope per head times the distance."""
    def forward(q, kp, vp, ks, vs, slopes):
        n = torch.arange(P + S, dtype=torch.float32)
        m = torch.arange(q.shape[2], dtype=torch.float32).unsqueeze(1) + (P + S - q.shape[2])
        bias = slopes.reshape(-1, 1, 1) * (n - m)
        return attend(q, join(kp, ks), join(vp, vs), change=lambda s: s + bias)
    return model(forward), (*standard(3), torch.tensor([0.25, 0.0625]))


@case
def relative_bias():
    """A learned bias per head, query and key (T5)."""
    def forward(q, kp, vp, ks, vs, bias):
        return attend(q, join(kp, ks), join(vp, vs), scale=1.0, change=lambda s: s + bias)
    return model(forward), (*standard(3), rand(1, H, 3, P + S))


@case
def uneven_tree():
    """Three sequences under one prompt, one under another, all under a system prompt."""
    def forward(q, k0, v0, k1, v1, k2, v2, ks, vs):
        def tree(root, left, right, own):
            node = torch.cat([left.expand(3, H, 8, D), right], dim=0)
            return torch.cat([root.expand(B, H, P, D), node, own], dim=2)
        return attend(q, tree(k0, k1, k2, ks), tree(v0, v1, v2, vs))
    q, kp, vp, ks, vs = standard()
    return model(forward), (q, kp, vp, *(rand(1, H, 8, D) for _ in range(4)), ks, vs)


@case
def deep_tree():
    """2 x 2 x 2 sequences: four levels."""
    def forward(q, k0, v0, k1, v1, k2, v2, k3, v3):
        def tree(a, b, c, d):
            a = a.expand(8, H, 16, D)
            b = b[:, None].expand(2, 4, H, 8, D).reshape(8, H, 8, D)
            c = c[:, None].expand(4, 2, H, 4, D).reshape(8, H, 4, D)
            return torch.cat([a, b, c, d], dim=2)
        return attend(q, tree(k0, k1, k2, k3), tree(v0, v1, v2, v3))
    pair = lambda b, n: (rand(b, H, n, D), rand(b, H, n, D))
    return model(forward), (rand(8, H, 1, D), *pair(1, 16), *pair(2, 8), *pair(4, 4), *pair(8, 2))


@case
def several_runs():
    """System prompt, own turn, a shared document, own turn."""
    def forward(q, k0, v0, k1, v1, k2, v2, k3, v3):
        def run(a, b, c, d):
            return torch.cat([a.expand(B, H, P, D), b, c.expand(B, H, 12, D), d], dim=2)
        return attend(q, run(k0, k1, k2, k3), run(v0, v1, v2, v3))
    pair = lambda b, n: (rand(b, H, n, D), rand(b, H, n, D))
    return model(forward), (rand(B, H, 1, D), *pair(1, P), *pair(B, 4), *pair(1, 12), *pair(B, 3))


@case
def suffix_first():
    """The own keys stand before the shared ones."""
    def forward(q, kp, vp, ks, vs):
        k = torch.cat([ks, kp.expand(B, H, P, D)], dim=2)
        v = torch.cat([vs, vp.expand(B, H, P, D)], dim=2)
        return attend(q, k, v)
    return model(forward), standard()


@case
def vmap_sequences():
    """One sequence's attention, vmapped over the batch; the prefix is not."""
    def one(q, kp, vp, ks, vs):
        return attend(q, torch.cat([kp, ks], dim=1), torch.cat([vp, vs], dim=1))

    def forward(q, kp, vp, ks, vs):
        return torch.vmap(one, in_dims=(0, None, None, 0, 0))(q, kp, vp, ks, vs)
    q, kp, vp, ks, vs = standard()
    return model(forward), (q, kp[0], vp[0], ks, vs)


@case
def bf16_eager():
    """bf16 with the softmax in f32, as Llama's eager attention writes it."""
    def forward(q, kp, vp, ks, vs):
        s = torch.matmul(q, join(kp, ks).transpose(2, 3)) * (1 / math.sqrt(D))
        p = torch.softmax(s, dim=-1, dtype=torch.float32).to(q.dtype)
        return torch.matmul(p, join(vp, vs))
    return model(forward), standard(2, torch.bfloat16)


@case
def bf16_sdpa():
    def forward(q, kp, vp, ks, vs):
        return F.scaled_dot_product_attention(q, join(kp, ks), join(vp, vs))
    return model(forward), standard(1, torch.bfloat16)


@case
def dynamic_prefix():
    def forward(q, kp, vp, ks, vs):
        return attend(q, join(kp, ks), join(vp, vs))
    n = torch.export.Dim("prefix", min=2, max=4096)
    return model(forward), standard(), ({}, {2: n}, {2: n}, {}, {})


@case
def dynamic_all():
    """Batch, prefix and suffix are unknown."""
    def forward(q, kp, vp, ks, vs):
        return attend(q, join(kp, ks), join(vp, vs))
    b, n, s = (torch.export.Dim(name, min=2, max=4096) for name in ("batch", "prefix", "suffix"))
    return model(forward), standard(), ({0: b}, {2: n}, {2: n}, {0: b, 2: s}, {0: b, 2: s})


@case
def dynamic_suffix_mask():
    """An unknown number of own keys, ragged lengths."""
    def forward(q, kp, vp, ks, vs, lengths):
        def change(s):
            n = torch.arange(s.shape[-1])
            return s.masked_fill(n >= P + lengths.reshape(-1, 1, 1, 1), float("-inf"))
        return attend(q, join(kp, ks), join(vp, vs), change=change)
    s = torch.export.Dim("suffix", min=2, max=4096)
    return model(forward), (*standard(), torch.tensor([8, 3, 1, 5])), ({}, {}, {}, {2: s}, {2: s}, {})


@case
def transposed_cache():
    """K is cached as [B, H, D, N]."""
    def forward(q, kp, vp, ks, vs):
        k = torch.cat([kp.expand(B, H, D, P), ks], dim=3)
        p = torch.softmax(torch.matmul(q, k) / math.sqrt(D), dim=-1)
        return torch.matmul(p, join(vp, vs))
    q, kp, vp, ks, vs = standard()
    return model(forward), (q, kp.transpose(2, 3).contiguous(), vp, ks.transpose(2, 3).contiguous(), vs)


@case
def static_cache():
    """A cache of fixed length, written by slices; the rest is masked."""
    def forward(q, kp, vp, ks, vs):
        def cache(prefix, suffix):
            memory = torch.zeros(B, H, 48, D)
            memory[:, :, :P] = prefix
            memory[:, :, P:P + S] = suffix
            return memory
        change = lambda s: s.masked_fill(torch.arange(48) >= P + S, float("-inf"))
        return attend(q, cache(kp, ks), cache(vp, vs), change=change)
    return model(forward), standard()


@case
def groups_mod():
    """Sequences take turns: sequence b has the prefix b mod 2."""
    def forward(q, kp, vp, ks, vs):
        k = torch.cat([kp.repeat(2, 1, 1, 1), ks], dim=2)
        v = torch.cat([vp.repeat(2, 1, 1, 1), vs], dim=2)
        return attend(q, k, v)
    q, _, _, ks, vs = standard()
    return model(forward), (q, rand(2, H, P, D), rand(2, H, P, D), ks, vs)


@case
def paged_leading():
    """A block table whose first columns are one row, put together in the model."""
    def forward(q, kc, vc, shared_pages, own_pages):
        table = torch.cat([shared_pages.expand(B, 3), own_pages], dim=1)

        def read(cache):
            return cache[table].reshape(B, 5 * 8, H, D).transpose(1, 2)
        return attend(q, read(kc), read(vc))
    return model(forward), (rand(B, H, 1, D), rand(24, 8, H, D), rand(24, 8, H, D),
                            torch.tensor([[7, 2, 11]]), torch.tensor([[0, 1], [3, 4], [5, 6], [8, 9]]))


@case
def multi_query():
    """One key head for all query heads, several queries, a padding mask per sequence."""
    def forward(q, kp, vp, ks, vs, mask):
        k, v = join(kp, ks), join(vp, vs)
        return attend(q, k, v, change=lambda s: s + mask)
    mask = torch.zeros(B, 1, 1, P + S)
    mask[1, :, :, :5] = torch.finfo(torch.float32).min
    return model(forward), (rand(B, 8, 3, D), rand(1, 1, P, D), rand(1, 1, P, D), rand(B, 1, S, D), rand(B, 1, S, D),
                            mask)


@case
def head_temperature():
    """Cosine attention: normalised queries and keys, a learned temperature per head."""
    def forward(q, kp, vp, ks, vs, temperature):
        k, v = join(F.normalize(kp, dim=-1), F.normalize(ks, dim=-1)), join(vp, vs)
        s = torch.matmul(F.normalize(q, dim=-1), k.transpose(2, 3)) * temperature.reshape(1, -1, 1, 1)
        return torch.matmul(torch.softmax(s, dim=-1), v)
    return model(forward), (*standard(2), torch.tensor([4.0, 9.0]))


@case
def normalised_after_join():
    """Keys normalised after they were put together (QK norm on the whole cache)."""
    def forward(q, kp, vp, ks, vs):
        return attend(F.normalize(q, dim=-1), F.normalize(join(kp, ks), dim=-1), join(vp, vs), scale=8.0)
    return model(forward), standard(2)


@case
def merged_by_hand():
    """Prefix and suffix attended apart and merged through log-sum-exp."""
    def forward(q, kp, vp, ks, vs):
        def partial(k, v):
            s = torch.matmul(q, k.transpose(-1, -2)) / math.sqrt(D)
            lse = torch.logsumexp(s, dim=-1, keepdim=True)
            return torch.matmul(torch.exp(s - lse), v), lse
        (a, x), (b, y) = partial(kp, vp), partial(ks, vs)
        m = torch.maximum(x, y)
        wx, wy = torch.exp(x - m), torch.exp(y - m)
        return (a * wx + b * wy) / (wx + wy)
    return model(forward), standard()


@case
def nan_guard():
    """softmax, then 0 where it is NaN (what ONNX exporters write around boolean masks)."""
    def forward(q, kp, vp, ks, vs, mask):
        s = torch.matmul(q, join(kp, ks).transpose(2, 3)) / math.sqrt(D)
        p = torch.softmax(s.masked_fill(~mask, float("-inf")), dim=-1)
        return torch.matmul(torch.where(torch.isnan(p), 0.0, p), join(vp, vs))
    mask = torch.rand(B, 1, 2, P + S) < 0.7
    mask[2, :, 1] = False
    return model(forward), (*standard(2), mask)


# These are also exported with scaled_dot_product_attention left whole (route tm_tensor).

def sdpa(*mask):
    def forward(q, kp, vp, ks, vs, *rest):
        return F.scaled_dot_product_attention(q, join(kp, ks), join(vp, vs), attn_mask=rest[0] if rest else None)
    return model(forward), (*standard(2), *mask)


@case
def whole_sdpa():
    """scaled_dot_product_attention without a mask."""
    return sdpa()


@case
def whole_sdpa_boolean():
    """scaled_dot_product_attention with a boolean mask that hides one row's keys."""
    mask = torch.rand(B, 1, 2, P + S) < 0.7
    mask[2, :, 1] = False
    return sdpa(mask)


@case
def whole_sdpa_additive():
    """scaled_dot_product_attention with an additive mask."""
    return sdpa(rand(B, 1, 2, P + S))
