"""The PyTorch side of the benchmarks: a process that answers JSON lines on stdin with JSON lines on stdout.

    {"op": "start", "threads": 2}                    -> {"version": "2.15.0"}
    {"op": "case", "files": [...], "shapes": [...], "dtype": "f32", ...}   inputs from raw files
    {"op": "variants"}                               -> {"variants": [...]} for the case
    {"op": "run", "variant": "hand"}                 -> {"ms": 98.0} a call
    {"op": "compare", "variant": "hand", "file": F}  -> {"error": 1e-6} largest difference to raw F
    {"op": "sgemm"}                                  -> {"gflops": 187.0}

Variants: `written` as the model is written (prefix expanded, concatenated, attention), `ready` SDPA on K and V that
are concatenated beforehand, `hand` decomposed by matrix products, `hand_flash` decomposed by PyTorch's CPU flash
kernel, which gives the log-sum-exp.
"""

import json
import math
import statistics
import sys
import time

import torch
import torch.nn.functional as F

DTYPES = {"f32": torch.float32, "f16": torch.float16, "bf16": torch.bfloat16}


def read(path, shape, dtype):
    count = math.prod(shape)
    # A copy in memory of PyTorch's own: mapped files are slower to read.
    return torch.from_file(path, shared=False, size=count, dtype=dtype).clone().reshape(shape)


class Attention:
    def __init__(self, request):
        self.dtype = DTYPES[request["dtype"]]
        values = [read(path, shape, self.dtype) for path, shape in zip(request["files"], request["shapes"])]
        self.q, self.levels = values[0], list(zip(values[1::2], values[2::2]))
        self.batch, self.heads, self.rows, self.dim = self.q.shape
        self.kv_heads = self.levels[0][0].shape[1]
        self.group = self.heads // self.kv_heads
        self.causal, self.sdpa = request["causal"], request["sdpa"]
        self.scale = 1 / math.sqrt(self.dim)
        keys = sum(k.shape[2] for k, _ in self.levels)
        own = self.levels[-1][0].shape[2]
        mask = torch.ones(self.rows, keys, dtype=torch.bool).tril(keys - self.rows)
        self.mask, self.own_mask = (mask, mask[:, keys - own:]) if self.causal else (None, None)
        self.kept = None

    def join(self):
        """K and V of every sequence."""
        def wide(value):
            nodes = value.shape[0]
            if nodes == 1:
                return value.expand(self.batch, -1, -1, -1)
            return value.repeat_interleave(self.batch // nodes, 0)
        return [torch.cat([wide(pair[i]) for pair in self.levels], 2) for i in range(2)]

    def written(self):
        k, v = self.join()
        if self.group > 1:
            k, v = k.repeat_interleave(self.group, 1), v.repeat_interleave(self.group, 1)
        if self.sdpa:
            return F.scaled_dot_product_attention(self.q, k, v, attn_mask=self.mask)
        s = torch.matmul(self.q, k.transpose(2, 3)) * self.scale
        if self.mask is not None:
            s = s.masked_fill(~self.mask, -math.inf)
        return torch.matmul(torch.softmax(s.float(), -1).to(self.dtype), v)

    def ready(self):
        if self.kept is None:
            self.kept = self.join()
        return F.scaled_dot_product_attention(self.q, *self.kept, attn_mask=self.mask, enable_gqa=self.group > 1)

    def fold(self, nodes):
        """Queries with all rows that share a key in one matrix: [nodes, Hkv, B / nodes * G * M, D]."""
        shares = self.batch // nodes
        q = self.q.reshape(nodes, shares, self.kv_heads, self.group * self.rows, self.dim)
        return q.transpose(1, 2).reshape(nodes, self.kv_heads, shares * self.group * self.rows, self.dim)

    def unfold(self, value, nodes):
        """Back, to [B, Hkv, G * M, ...]."""
        shares = self.batch // nodes
        value = value.reshape(nodes, self.kv_heads, shares, self.group * self.rows, *value.shape[3:])
        return value.transpose(1, 2).reshape(self.batch, self.kv_heads, self.group * self.rows, *value.shape[4:])

    def merge(self, partials):
        """Partials are normalised outputs and log-sum-exps; the sum is in f32."""
        if len(partials) == 1:
            return partials[0][0].to(self.dtype).reshape(self.q.shape)
        lse = torch.stack([lse for _, lse in partials])
        weights = torch.exp(lse - torch.logsumexp(lse, 0))
        out = sum(weight.unsqueeze(-1) * o for weight, (o, _) in zip(weights, partials))
        return out.to(self.dtype).reshape(self.q.shape)

    def hand(self):
        partials = []
        for level, (k, v) in enumerate(self.levels):
            # Not a copy where it is f32 already.
            s = torch.matmul(self.fold(k.shape[0]), k.transpose(2, 3)).float().mul_(self.scale)
            if self.causal and level == len(self.levels) - 1:
                s = s.masked_fill(~self.own_mask.repeat(self.group, 1), -math.inf)
            lse = torch.logsumexp(s, -1)
            o = torch.matmul(torch.softmax(s, -1).to(self.dtype), v).float()
            partials.append((self.unfold(o, k.shape[0]), self.unfold(lse, k.shape[0])))
        return self.merge(partials)

    def hand_flash(self):
        partials = []
        for level, (k, v) in enumerate(self.levels):
            mask = None
            if self.causal and level == len(self.levels) - 1:
                mask = torch.zeros(self.own_mask.shape, dtype=self.dtype).masked_fill(~self.own_mask, -math.inf)
                mask = mask.repeat(self.group, 1)
            o, lse = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu(self.fold(k.shape[0]), k, v, 0.0, False,
                                                                               attn_mask=mask)
            # The kernel's log-sum-exp is laid out [batch, rows, heads] in memory; its shape is what counts.
            partials.append((self.unfold(o.float(), k.shape[0]), self.unfold(lse.float(), k.shape[0])))
        return self.merge(partials)

    def variants(self):
        return ["written", "ready", "hand", "hand_flash"]


def clock():
    """On one thread its processor time, which other load disturbs less."""
    return time.thread_time() if torch.get_num_threads() == 1 else time.perf_counter()


def timed(call, least=0.15):
    """As bench_tools.timed: the median ms of one call, called until `least` seconds are over, without the first."""
    values, begin = [], time.perf_counter()
    while not values or time.perf_counter() - begin < least:
        start = clock()
        call()
        values.append(1000 * (clock() - start))
    return statistics.median(values[1:] or values)


def sgemm():
    a, b = torch.randn(1024, 1024), torch.randn(1024, 1024)
    best = math.inf
    for _ in range(8):
        start = clock()
        torch.mm(a, b)
        best = min(best, clock() - start)
    return 2e-9 * 1024 ** 3 / best


def main():
    case = None
    for line in sys.stdin:
        request = json.loads(line)
        answer = {}
        try:
            with torch.inference_mode():
                if request["op"] == "start":
                    torch.set_num_threads(request["threads"])
                    answer["version"] = torch.__version__
                elif request["op"] == "case":
                    case = None
                    case = Attention(request)
                elif request["op"] == "variants":
                    answer["variants"] = case.variants()
                elif request["op"] == "run":
                    if request["variant"] == "ready" and case.kept is None:
                        case.kept = case.join()
                    answer["ms"] = timed(getattr(case, request["variant"]))
                elif request["op"] == "compare":
                    got = getattr(case, request["variant"])()
                    want = read(request["file"], got.shape, case.dtype)
                    answer["error"] = (got.float() - want.float()).abs().max().item()
                elif request["op"] == "sgemm":
                    answer["gflops"] = sgemm()
        except (RuntimeError, MemoryError) as error:
            answer = {"failed": str(error).splitlines()[0][:200]}
        print(json.dumps(answer), flush=True)


main()
