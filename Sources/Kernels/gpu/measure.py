#!/usr/bin/env python3
"""Times on one GPU what `medley measure` times on a processor, and what only a GPU has, into the same CSV.

NOT RUN YET: no accelerator was at hand when this was written. It was compiled and its plan listed (--dry-run); no
figure of this repository comes from it.

Every trial runs in rounds over all trials, after a warm-up; a row is the median of its samples. *Cold* variants write a
buffer larger than the L2 cache before each call, so that weights come from memory as they do when serving; *warm* ones
loop over the same operands. Times are of CUDA events, except those of the host (launch, dispatch), which are of its
clock. The columns are those of Sources/Kernels/TIMINGS.md; what a GPU adds is named in the column `operator`.
"""
import argparse
import csv
import datetime
import statistics
import subprocess
import sys
import threading
import time

COLUMNS = (
    "device threads operator format rows queries outputs inputs heads kv_heads head_size context experts chosen used "
    "depth operations bytes time_us spread samples undisturbed provenance"
).split()
FORMATS = ("fp32", "bf16", "int8", "int4")
LAYER = dict(hidden=4096, width=14336, heads=32, kv_heads=8, head_size=128)
MOE = dict(hidden=4096, width=1408, experts=64, chosen=6)
BYTES = {"fp32": 4, "bf16": 2, "int8": 1, "int4": 0.5}


class Trial:
    """A row without its time; `make(torch)` allocates operands and returns what runs it once."""

    def __init__(self, operator, make, format="", cold=False, host=False, operations=0, bytes=0, **shape):
        self.operator = operator + ("-cold" if cold else "")
        self.make, self.format, self.cold, self.host = make, format, cold, host
        self.operations, self.bytes, self.shape = operations, bytes, shape

    def __str__(self):
        shape = " ".join(f"{name}={value}" for name, value in self.shape.items())
        return f"{self.operator} {self.format} {shape}".strip()


def product(torch, format, rows, outputs, inputs):
    """y = x W^T: fp32 without TF32, bf16, int8 by torch._int_mm, int4 by a grouped dequantisation before bf16."""
    device = "cuda"
    if format in ("fp32", "bf16"):
        kind = torch.float32 if format == "fp32" else torch.bfloat16
        x, w = torch.randn(rows, inputs, device=device, dtype=kind), torch.randn(outputs, inputs, device=device, dtype=kind)
        y = torch.empty(rows, outputs, device=device, dtype=kind)
        return lambda: torch.mm(x, w.t(), out=y)
    if format == "int8":
        padded = max(rows, 32)  # cuBLAS takes no fewer than 17 rows
        x = torch.randint(-127, 128, (padded, inputs), device=device, dtype=torch.int8)
        w = torch.randint(-127, 128, (outputs, inputs), device=device, dtype=torch.int8)
        scale = torch.rand(outputs, device=device)
        return lambda: torch._int_mm(x, w.t())[:rows] * scale
    x = torch.randn(rows, inputs, device=device, dtype=torch.bfloat16)
    packed = torch.randint(0, 256, (outputs, inputs // 2), device=device, dtype=torch.uint8)
    scale = torch.rand(outputs, inputs // 128, 1, device=device, dtype=torch.bfloat16)

    @torch.compile(dynamic=False)
    def run():
        values = torch.stack((packed & 15, packed >> 4), dim=-1).to(torch.bfloat16) - 8
        return x @ (values.view(outputs, -1, 128) * scale).view(outputs, inputs).t()

    return run


def attention(torch, format, sequences, queries, context, heads, kv_heads, size):
    kind = torch.float32 if format == "fp32" else torch.bfloat16
    q = torch.randn(sequences, heads, queries, size, device="cuda", dtype=kind)
    k, v = (torch.randn(sequences, kv_heads, context, size, device="cuda", dtype=kind) for _ in range(2))
    causal = queries == context
    mask = None
    if queries > 1 and not causal:
        mask = torch.ones(queries, context, device="cuda", dtype=torch.bool).tril(context - queries)
    return lambda: torch.nn.functional.scaled_dot_product_attention(
        q, k, v, attn_mask=mask, is_causal=causal, enable_gqa=True)


def feed_forward(torch, format, rows, size, width):
    both, down = product(torch, format, rows, 2 * width, size), product(torch, format, rows, size, width)

    def run():
        gate, up = both().to(torch.bfloat16).chunk(2, dim=-1)
        torch.nn.functional.silu(gate) * up
        down()

    return run


def mixture(torch, format, rows, hidden, width, experts, chosen):
    """Experts with rows run one after another, as unfused servers do; rows are routed by random logits."""
    gate = torch.randn(rows, experts, device="cuda")
    picks = torch.topk(gate, chosen).indices.flatten().bincount(minlength=experts).tolist()
    blocks = [feed_forward(torch, format, count, hidden, width) for count in picks if count]
    return lambda: [block() for block in blocks]


def layer(torch, format, sequences, queries, context):
    size, own = LAYER["hidden"], LAYER["heads"] * LAYER["head_size"]
    stored, rows = 2 * LAYER["kv_heads"] * LAYER["head_size"], sequences * queries
    x, weight = torch.randn(rows, size, device="cuda"), torch.ones(size, device="cuda")
    parts = [
        product(torch, format, rows, own + stored, size),
        attention(torch, "bf16", sequences, queries, context, LAYER["heads"], LAYER["kv_heads"], LAYER["head_size"]),
        product(torch, format, rows, size, own),
        feed_forward(torch, format, rows, size, LAYER["width"]),
    ]

    def run():
        torch.nn.functional.rms_norm(x, (size,), weight)
        for part in parts[:3]:
            part()
        torch.nn.functional.rms_norm(x, (size,), weight)
        parts[3]()

    return run


def copy(torch, bytes, to_device, pinned=True):
    host = torch.empty(bytes, dtype=torch.uint8, pin_memory=pinned)
    device = torch.empty(bytes, dtype=torch.uint8, device="cuda")
    return (lambda: device.copy_(host, non_blocking=True)) if to_device else (
        lambda: host.copy_(device, non_blocking=True))


def both_ways(torch, bytes):
    """Both copy engines at once: as long as one copy where they are apart, as two where they share the link."""
    streams = [torch.cuda.Stream() for _ in range(2)]
    copies = [copy(torch, bytes, True), copy(torch, bytes, False)]
    return on_streams(torch, streams, copies)


def overlap(torch, bytes):
    """A copy beside a product: as long as the longer of them where they overlap."""
    streams = [torch.cuda.Stream() for _ in range(2)]
    return on_streams(torch, streams, [copy(torch, bytes, True), product(torch, "bf16", 4096, 4096, 4096)])


def two_kernels(torch):
    streams = [torch.cuda.Stream() for _ in range(2)]
    return on_streams(torch, streams, [product(torch, "bf16", 1, 4096, 4096) for _ in range(2)])


def on_streams(torch, streams, works):
    def run():
        current = torch.cuda.current_stream()
        for stream, work in zip(streams, works):
            stream.wait_stream(current)
            with torch.cuda.stream(stream):
                work()
        for stream in streams:
            current.wait_stream(stream)

    return run


def streamed_layers(torch, count, bytes, buffers):
    """Layers whose weights come from the host: with two buffers the next is copied while one computes."""
    side, rows, size = torch.cuda.Stream(), 16, 4096
    host = [torch.empty(bytes, dtype=torch.uint8, pin_memory=True) for _ in range(count)]
    place = [torch.empty(bytes, dtype=torch.uint8, device="cuda") for _ in range(buffers)]
    x = torch.randn(rows, size, device="cuda", dtype=torch.bfloat16)
    weights = [buffer.view(torch.bfloat16).view(-1, size) for buffer in place]

    def run():
        main = torch.cuda.current_stream()
        free = [torch.cuda.Event() for _ in place]
        for event in free:
            event.record(main)
        for index in range(count):
            slot, ready = index % buffers, torch.cuda.Event()
            stream = side if buffers > 1 else main
            with torch.cuda.stream(stream):
                stream.wait_event(free[slot])
                place[slot].copy_(host[index], non_blocking=True)
                ready.record(stream)
            main.wait_event(ready)
            x @ weights[slot].t()
            free[slot].record(main)

    return run


def offloaded_experts(torch, prefetch):
    """Six experts of a layer fetched from the host: after routing, or while the attention before it runs."""
    work = attention(torch, "bf16", 16, 1, 4096, 32, 8, 128)
    experts = streamed_layers(torch, MOE["chosen"], 3 * MOE["hidden"] * MOE["width"] * 2, 2)
    if not prefetch:
        return lambda: (work(), experts())
    return on_streams(torch, [torch.cuda.Stream(), torch.cuda.Stream()], [work, experts])


def decode_loop(torch, batch, context, layers=8, tokens=8):
    step = layer(torch, "bf16", batch, 1, context)
    return lambda: [step() for _ in range(layers * tokens)]


def draft_and_verify(torch, drafted, context):
    """Drafted tokens by a model an eighth as deep, and one step of the large model that checks them."""
    draft, verify = layer(torch, "bf16", 1, 1, context), layer(torch, "bf16", 1, drafted + 1, context)
    return lambda: ([draft() for _ in range(drafted)], [verify() for _ in range(8)])


def plan(quick):
    trials = []
    add = lambda *arguments, **options: trials.append(Trial(*arguments, **options))
    empty = lambda torch: (lambda x=torch.zeros(1, device="cuda"): x.add_(1))
    add("launch", empty)
    add("dispatch", empty, host=True)
    for cold in (False, True):
        for format in FORMATS:
            for rows in (1, 8, 64, 512, 4096):
                for outputs, inputs in ((4096, 4096), (28672, 4096), (4096, 14336)):
                    add("product", lambda t, f=format, r=rows, o=outputs, i=inputs: product(t, f, r, o, i), format, cold,
                        rows=rows, outputs=outputs, inputs=inputs, operations=2 * rows * outputs * inputs,
                        bytes=outputs * inputs * BYTES[format])
        for format in ("fp32", "bf16"):
            for sequences, queries, context in ((1, 1, 4096), (16, 1, 1024), (64, 1, 4096), (1, 512, 512), (1, 2048, 8192)):
                for kv_heads in (8, 32):
                    add("attention",
                        lambda t, f=format, s=sequences, q=queries, c=context, k=kv_heads: attention(t, f, s, q, c, 32, k, 128),
                        format, cold, rows=sequences * queries, queries=queries, heads=32, kv_heads=kv_heads, head_size=128,
                        context=context, bytes=2 * sequences * context * kv_heads * 128 * BYTES[format])
        for format in FORMATS:
            for rows in (1, 16, 256):
                add("ffn", lambda t, f=format, r=rows: feed_forward(t, f, r, 4096, 14336), format, cold, rows=rows,
                    outputs=14336, inputs=4096, bytes=3 * 4096 * 14336 * BYTES[format])
                add("moe", lambda t, f=format, r=rows: mixture(t, f, r, **MOE), format, cold, rows=rows,
                    outputs=MOE["width"], inputs=MOE["hidden"], experts=MOE["experts"], chosen=MOE["chosen"])
            for sequences, queries, context in ((1, 1, 1024), (32, 1, 1024), (1, 512, 512), (1, 2048, 2048)):
                add("layer", lambda t, f=format, s=sequences, q=queries, c=context: layer(t, f, s, q, c), format, cold,
                    rows=sequences * queries, queries=queries, context=context, heads=32, kv_heads=8, head_size=128,
                    outputs=14336, inputs=4096)
    for size in (1 << 20, 1 << 24, 1 << 28, 1 << 30):
        add("read", lambda t, n=size: (lambda x=t.empty(n // 4, device="cuda"): x.sum()), "fp32", bytes=size)
        add("triad", lambda t, n=size: (lambda a=t.empty(n // 4, device="cuda"), b=t.rand(n // 4, device="cuda"),
                                        c=t.rand(n // 4, device="cuda"): t.add(b, c, alpha=3, out=a)), "fp32", bytes=3 * size)
    for size in (1 << 12, 1 << 16, 1 << 20, 1 << 24, 1 << 28):
        add("copy-to-device", lambda t, n=size: copy(t, n, True), bytes=size)
        add("copy-to-host", lambda t, n=size: copy(t, n, False), bytes=size)
        add("copy-to-device-pageable", lambda t, n=size: copy(t, n, True, pinned=False), bytes=size)
    add("copy-both-ways", lambda t: both_ways(t, 1 << 28), bytes=2 << 28)
    add("copy-beside-product", lambda t: overlap(t, 1 << 28), "bf16", bytes=1 << 28)
    add("two-kernels", two_kernels, "bf16")
    for buffers in (1, 2):
        add("streamed-layers", lambda t, b=buffers: streamed_layers(t, 8, 1 << 27, b), "bf16", depth=buffers, bytes=8 << 27)
    for prefetch in (False, True):
        add("offloaded-experts" + ("-prefetched" if prefetch else ""), lambda t, p=prefetch: offloaded_experts(t, p), "bf16",
            experts=MOE["experts"], chosen=MOE["chosen"])
    for batch in (1, 8, 32, 128):
        for context in (512, 4096):
            add("decode-loop", lambda t, b=batch, c=context: decode_loop(t, b, c), "bf16", rows=batch, context=context)
    for drafted in (2, 4, 8):
        add("draft-and-verify", lambda t, d=drafted: draft_and_verify(t, d, 2048), "bf16", rows=drafted + 1, context=2048)
    return trials[:: 8 if quick else 1]


class Power(threading.Thread):
    """Samples the board's power ten times a second; a trial's mean goes into its provenance."""

    def __init__(self):
        super().__init__(daemon=True)
        self.samples, self.process = [], None

    def run(self):
        try:
            self.process = subprocess.Popen(
                ["nvidia-smi", "--query-gpu=power.draw", "--format=csv,noheader,nounits", "-lms", "100"],
                stdout=subprocess.PIPE, text=True)
        except OSError:
            return
        for line in self.process.stdout:
            try:
                self.samples.append((time.monotonic(), float(line)))
            except ValueError:
                return

    def mean(self, start, end):
        watts = [value for moment, value in self.samples if start <= moment <= end]
        return f" {statistics.mean(watts):.0f} W of {len(watts)} samples" if watts else ""


def sample(torch, run, trial, calls, flush):
    """Seconds of each call."""
    torch.cuda.synchronize()
    if trial.host:
        start = time.perf_counter()
        for _ in range(calls):
            run()
        end = time.perf_counter()
        torch.cuda.synchronize()
        return (end - start) / calls
    total, repeats = 0.0, calls if trial.cold else 1
    for _ in range(repeats):
        if trial.cold:
            flush.zero_()
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        start.record()
        for _ in range(1 if trial.cold else calls):
            run()
        end.record()
        end.synchronize()
        total += start.elapsed_time(end) * 1e-3
    return total / calls


def measure(torch, trials, rounds, batch, power):
    """Trials are timed in batches that fit the memory together, in rounds over each batch."""
    flush = torch.empty(256 << 20, dtype=torch.uint8, device="cuda")
    for first in range(0, len(trials), batch):
        ready = []
        for trial in trials[first:first + batch]:
            try:
                run = trial.make(torch)
                for _ in range(3):
                    run()
                each = sample(torch, run, trial, 3, flush)
                ready.append((trial, run, max(1, min(1000, int(0.02 / max(each, 1e-7)))), [], [0.0, 0.0]))
            except (RuntimeError, TypeError, AttributeError) as error:
                print(f"note: no rows for {trial}: {str(error).splitlines()[0]}", file=sys.stderr)
        for _ in range(rounds):
            for trial, run, calls, samples, span in ready:
                span[0] = span[0] or time.monotonic()
                samples.append(sample(torch, run, trial, calls, flush))
                span[1] = time.monotonic()
        print(f"{min(first + batch, len(trials))} of {len(trials)} trials", file=sys.stderr)
        for trial, _, _, samples, span in ready:
            yield trial, samples, power.mean(*span)
        del ready
        torch.cuda.empty_cache()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", default="timings-gpu.csv")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--quick", action="store_true", help="every eighth trial, three rounds")
    parser.add_argument("--dry-run", action="store_true", help="list the trials and end; needs neither torch nor a GPU")
    options = parser.parse_args()
    trials = plan(options.quick)
    if options.dry_run:
        for trial in trials:
            print(trial)
        print(f"{len(trials)} trials", file=sys.stderr)
        return 0
    try:
        import torch
    except ImportError:
        print("error: torch is not installed; --dry-run lists the plan without it", file=sys.stderr)
        return 1
    if not torch.cuda.is_available():
        print("error: torch sees no GPU; nothing was measured", file=sys.stderr)
        return 1
    torch.backends.cuda.matmul.allow_tf32 = False
    power = Power()
    power.start()
    name = torch.cuda.get_device_name()
    origin = f"gpu/measure.py {datetime.date.today()} torch {torch.__version__} cuda {torch.version.cuda}"
    with open(options.out, "w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, restval="", lineterminator="\n")
        writer.writeheader()
        for trial, samples, watts in measure(torch, trials, 3 if options.quick else options.rounds, 8, power):
            middle = statistics.median(samples)
            quartiles = statistics.quantiles(samples, n=4) if len(samples) > 1 else [middle] * 3
            writer.writerow(dict(
                trial.shape, device=name, threads=1, operator=trial.operator, format=trial.format,
                operations=trial.operations or "", bytes=int(trial.bytes) or "", time_us=f"{middle * 1e6:.6g}",
                spread=f"{(quartiles[2] - quartiles[0]) / middle:.3f}", samples=len(samples), undisturbed=len(samples),
                provenance=origin + watts))
    if power.process:
        power.process.terminate()
    return 0


if __name__ == "__main__":
    sys.exit(main())
