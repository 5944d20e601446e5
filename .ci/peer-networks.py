"""Times networks of the published sizes in PyTorch or OpenVINO, with random weights: what `pvdm bench` is compared
with. They have the layers and the number of parameters of the authors' (a denoiser of 528,273,412), not their names.

    python3 .ci/peer-networks.py --device cpu --threads 2 --networks denoiser
    python3 .ci/peer-networks.py --device cuda:0 --compile
    python3 .ci/peer-networks.py --device cuda:0 --train --batch 7
    python3 .ci/peer-networks.py --engine openvino --threads 2 --precisions f32
"""

import argparse
import math
import time

import torch
from torch import nn
from torch.nn import functional as F

GRID, FRAMES = 32, 16  # side of a clip in patches, and its length


def norm(channels):
    return nn.GroupNorm(32, channels)


class ResidualBlock(nn.Module):
    def __init__(self, inputs, outputs, embedding, scale=None):
        super().__init__()
        self.norm1, self.conv1 = norm(inputs), nn.Conv2d(inputs, outputs, 3, padding=1)
        self.embedding = nn.Linear(embedding, 2 * outputs)
        self.norm2, self.conv2 = norm(outputs), nn.Conv2d(outputs, outputs, 3, padding=1)
        self.skip = nn.Identity() if inputs == outputs else nn.Conv2d(inputs, outputs, 1)
        self.scale = scale

    def resampled(self, x):
        if self.scale == "up":
            return F.interpolate(x, scale_factor=2, mode="nearest")
        return F.avg_pool2d(x, 2) if self.scale == "down" else x

    def forward(self, x, embedding):
        h = self.conv1(self.resampled(F.silu(self.norm1(x))))
        slope, shift = self.embedding(F.silu(embedding))[:, :, None, None].chunk(2, 1)
        h = self.conv2(F.silu(self.norm2(h) * (1 + slope) + shift))
        return self.skip(self.resampled(x)) + h


class Attention(nn.Module):
    def __init__(self, channels, heads=8):
        super().__init__()
        self.norm, self.heads = norm(channels), heads
        self.qkv, self.out = nn.Conv1d(channels, 3 * channels, 1), nn.Conv1d(channels, channels, 1)

    def forward(self, x):
        shape = x.shape
        x = x.flatten(2)
        batch, channels, tokens = x.shape
        q, k, v = self.qkv(self.norm(x)).reshape(batch, self.heads, 3, -1, tokens).transpose(-1, -2).unbind(2)
        a = F.scaled_dot_product_attention(q, k, v).transpose(-1, -2).reshape(batch, channels, tokens)
        return (x + self.out(a)).reshape(shape)


class Denoiser(nn.Module):
    """The UNet over three planes, with an attention over all of them after each block."""

    def __init__(self, base=256, multiples=(1, 2, 4, 4), blocks=2, attended=(1, 2, 4)):
        super().__init__()
        self.base, embedding = base, 4 * base
        self.time = nn.Sequential(nn.Linear(base, embedding), nn.SiLU(), nn.Linear(embedding, embedding))
        self.first = nn.Conv2d(8, base, 3, padding=1)
        self.inputs, self.input_crosses = nn.ModuleList(), nn.ModuleList()
        channels, side, skips = base, 1, [base]

        def add(entries, crosses, parts):
            entries.append(nn.ModuleList(parts))
            crosses.append(Attention(channels))

        for level, multiple in enumerate(multiples):
            for _ in range(blocks):
                parts, channels = [ResidualBlock(channels, base * multiple, embedding)], base * multiple
                if side in attended:
                    parts.append(Attention(channels))
                add(self.inputs, self.input_crosses, parts)
                skips.append(channels)
            if level < len(multiples) - 1:
                add(self.inputs, self.input_crosses, [ResidualBlock(channels, channels, embedding, "down")])
                skips.append(channels)
                side *= 2
        self.middle = nn.ModuleList(
            [ResidualBlock(channels, channels, embedding), Attention(channels),
             ResidualBlock(channels, channels, embedding)])
        self.middle_cross = Attention(channels)
        self.outputs, self.output_crosses = nn.ModuleList(), nn.ModuleList()
        for level, multiple in reversed(list(enumerate(multiples))):
            for block in range(blocks + 1):
                parts = [ResidualBlock(channels + skips.pop(), base * multiple, embedding)]
                channels = base * multiple
                if side in attended:
                    parts.append(Attention(channels))
                if level and block == blocks:
                    parts.append(ResidualBlock(channels, channels, embedding, "up"))
                    side //= 2
                add(self.outputs, self.output_crosses, parts)
        self.last = nn.Sequential(norm(channels), nn.SiLU(), nn.Conv2d(channels, 4, 3, padding=1))

    def inputs_of(self, batch, **options):
        tokens = GRID * GRID + 2 * FRAMES * GRID
        steps = torch.full((batch,), 500.0, device=options.get("device"))
        return torch.randn(batch, 4, tokens, **options), torch.zeros(batch, 4, tokens, **options), steps

    @staticmethod
    def cross(attention, planes):
        joined = attention(torch.cat([plane.flatten(2) for plane in planes], -1))
        parts = joined.split([plane[0, 0].numel() for plane in planes], -1)
        return [part.reshape(plane.shape) for part, plane in zip(parts, planes)]

    @staticmethod
    def block(parts, planes, embedding):
        for part in parts:
            planes = [part(x, embedding) if isinstance(part, ResidualBlock) else part(x) for x in planes]
        return planes

    def forward(self, x, condition, step):
        half = self.base // 2
        frequencies = torch.exp(-math.log(10000) * torch.arange(half, device=x.device) / half)
        angles = step[:, None].float() * frequencies[None]
        embedding = self.time(torch.cat([angles.cos(), angles.sin()], -1))
        x = torch.cat([x, condition], 1)
        xy, yt, xt = x.split([GRID * GRID, FRAMES * GRID, FRAMES * GRID], -1)
        planes = [xy.unflatten(-1, (GRID, GRID)), yt.unflatten(-1, (FRAMES, GRID)), xt.unflatten(-1, (FRAMES, GRID))]
        planes = [self.first(plane) for plane in planes]
        skips = [planes]
        for parts, cross in zip(self.inputs, self.input_crosses):
            planes = self.cross(cross, self.block(parts, planes, embedding))
            skips.append(planes)
        planes = self.cross(self.middle_cross, self.block(self.middle, planes, embedding))
        for parts, cross in zip(self.outputs, self.output_crosses):
            planes = [torch.cat([a, b], 1) for a, b in zip(planes, skips.pop())]
            planes = self.cross(cross, self.block(parts, planes, embedding))
        return torch.cat([self.last(plane).flatten(2) for plane in planes], -1)


def turned(x):
    return torch.stack((-x[..., 1::2], x[..., 0::2]), -1).flatten(-2)


class RotaryAttention(nn.Module):
    def __init__(self, width, heads=8, head_width=64):
        super().__init__()
        self.norm, self.heads = nn.LayerNorm(width), heads
        self.qkv = nn.Linear(width, 3 * heads * head_width, bias=False)
        self.out = nn.Linear(heads * head_width, width)

    def forward(self, x, cosine, sine):
        batch, tokens, _ = x.shape
        q, k, v = self.qkv(self.norm(x)).reshape(batch, tokens, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        q, k = q * cosine + turned(q) * sine, k * cosine + turned(k) * sine
        a = F.scaled_dot_product_attention(q, k, v)
        return x + self.out(a.transpose(1, 2).reshape(batch, tokens, -1))


class FeedForward(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.norm, self.expand, self.contract = nn.LayerNorm(width), nn.Linear(width, 8 * width), nn.Linear(4 * width, width)

    def forward(self, x):
        value, gate = self.expand(self.norm(x)).chunk(2, -1)
        return x + self.contract(value * F.gelu(gate))


class Decoder(nn.Module):
    """The half of the autoencoder that makes frames of planes."""

    def __init__(self, width=384, layers=8, patch=8):
        super().__init__()
        self.planes = nn.ModuleList([nn.Conv2d(4, width, 1) for _ in range(3)])
        self.layers = nn.ModuleList(
            [nn.ModuleList([RotaryAttention(width), RotaryAttention(width), FeedForward(width)]) for _ in range(layers)])
        self.pixels = nn.ConvTranspose2d(width, 3, patch, patch)
        for name, tokens in (("time", FRAMES), ("space", GRID * GRID)):
            angles = torch.rand(tokens, 64)
            self.register_buffer(f"{name}_cosine", angles.cos())
            self.register_buffer(f"{name}_sine", angles.sin())

    def inputs_of(self, batch, **options):
        return (torch.randn(batch, 4, GRID * GRID + 2 * FRAMES * GRID, **options).tanh(),)

    def forward(self, z):
        batch = z.shape[0]
        xy, yt, xt = z.split([GRID * GRID, FRAMES * GRID, FRAMES * GRID], -1)
        xy = self.planes[0](xy.unflatten(-1, (GRID, GRID)))[:, :, None]
        yt = self.planes[1](yt.unflatten(-1, (FRAMES, GRID)))[:, :, :, None]
        xt = self.planes[2](xt.unflatten(-1, (FRAMES, GRID)))[:, :, :, :, None]
        h = (xy + yt + xt).permute(0, 2, 3, 4, 1).reshape(batch * FRAMES, GRID * GRID, -1)
        width = h.shape[-1]
        for time_attention, space_attention, feed_forward in self.layers:
            h = h.reshape(batch, FRAMES, GRID * GRID, width).transpose(1, 2).reshape(-1, FRAMES, width)
            h = time_attention(h, self.time_cosine, self.time_sine)
            h = h.reshape(batch, GRID * GRID, FRAMES, width).transpose(1, 2).reshape(-1, GRID * GRID, width)
            h = feed_forward(space_attention(h, self.space_cosine, self.space_sine))
        return self.pixels(h.unflatten(1, (GRID, GRID)).permute(0, 3, 1, 2)).tanh()


class Projection(nn.Module):
    """Reads the tokens along one axis, with one more at the end, and keeps what becomes of the first."""

    def __init__(self, width, length, layers=4, heads=4, hidden=512):
        super().__init__()
        self.token, self.positions = nn.Parameter(torch.zeros(width)), nn.Parameter(torch.zeros(length + 1, width))
        inner, self.heads = heads * (width // 8), heads
        self.layers = nn.ModuleList(
            [nn.ModuleList([nn.LayerNorm(width), nn.Linear(width, 3 * inner, bias=False), nn.Linear(inner, width),
                            nn.LayerNorm(width), nn.Linear(width, hidden), nn.Linear(hidden, width)])
             for _ in range(layers)])
        self.latent = nn.Linear(width, 4)

    def forward(self, x):
        sequences, length, width = x.shape
        x = torch.cat([x, self.token.expand(sequences, 1, width)], 1) + self.positions
        for norm1, qkv, out, norm2, expand, contract in self.layers:
            q, k, v = qkv(norm1(x)).reshape(sequences, length + 1, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
            a = F.scaled_dot_product_attention(q, k, v)
            x = x + out(a.transpose(1, 2).reshape(sequences, length + 1, -1))
            x = x + contract(F.gelu(expand(norm2(x))))
        return self.latent(x[:, 0])


class Autoencoder(nn.Module):
    """Writes a clip as planes, and reads it back."""

    def __init__(self, width=384, layers=8, patch=8):
        super().__init__()
        self.patches = nn.Conv2d(3, width, patch, patch)
        self.decoder = Decoder(width, layers, patch)
        self.layers = nn.ModuleList(
            [nn.ModuleList([RotaryAttention(width), RotaryAttention(width), FeedForward(width)]) for _ in range(layers)])
        self.projections = nn.ModuleList([Projection(width, length) for length in (FRAMES, GRID, GRID)])

    def inputs_of(self, batch, **options):
        return (torch.randn(batch * FRAMES, 3, 8 * GRID, 8 * GRID, **options).tanh(),)

    def forward(self, frames):
        decoder, h = self.decoder, self.patches(frames).flatten(2).transpose(1, 2)
        batch, width = h.shape[0] // FRAMES, h.shape[-1]
        for time_attention, space_attention, feed_forward in self.layers:
            h = h.reshape(batch, FRAMES, GRID * GRID, width).transpose(1, 2).reshape(-1, FRAMES, width)
            h = time_attention(h, decoder.time_cosine, decoder.time_sine)
            h = h.reshape(batch, GRID * GRID, FRAMES, width).transpose(1, 2).reshape(-1, GRID * GRID, width)
            h = feed_forward(space_attention(h, decoder.space_cosine, decoder.space_sine))
        h = h.reshape(batch, FRAMES, GRID, GRID, width)
        planes = []
        for axis, projection in zip((1, 3, 2), self.projections):
            lines = h.movedim(axis, 3)
            plane = projection(lines.reshape(-1, lines.shape[3], width)).reshape(batch, -1, 4)
            planes.append(plane.transpose(1, 2).tanh())
        return decoder(torch.cat(planes, -1))


NETWORKS = {"denoiser": Denoiser, "decoder": Decoder}
# Those that are trained, with the share of the average that a step takes over; 0 for none.
TRAINED = {"denoiser": (Denoiser, 1e-4), "autoencoder": (Autoencoder, 0)}


def median(times):
    return sorted(times)[len(times) // 2]


def timed_on_host(work, runs):
    work()
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return median(times)


def timed_on_card(work, runs):
    for _ in range(3):
        work()
    times = []
    for _ in range(runs):
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        start.record()
        work()
        end.record()
        torch.cuda.synchronize()
        times.append(start.elapsed_time(end) / 1e3)
    return median(times)


def graphed(network, arguments):
    """The network's pass as a CUDA graph."""
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):
            network(*arguments)
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        network(*arguments)
    return graph.replay


def report(network, precision, batch, what, seconds):
    print(f"{network:12}{precision:6}batch {batch}  {what:24}{seconds * 1e3:10.3f} ms", flush=True)


def measure_pytorch(name, precision, batch, options):
    device = torch.device(options.device)
    on_card = device.type == "cuda"
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = precision == "tf32"
    kind = torch.bfloat16 if precision == "bf16" else torch.float32
    network = NETWORKS[name]().eval().to(device=device, dtype=kind)
    if on_card and name == "denoiser":
        network = network.to(memory_format=torch.channels_last)
    arguments = network.inputs_of(batch, device=device, dtype=kind)

    def work(*given):
        with torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16"):
            return network(*given)

    timed = timed_on_card if on_card else timed_on_host
    report(name, precision, batch, "eager", timed(lambda: work(*arguments), options.runs))
    if on_card:
        report(name, precision, batch, "as a graph", timed(graphed(work, arguments), options.runs))
    if options.compile:
        start = time.perf_counter()
        compiled = torch.compile(work)
        compiled(*arguments)
        what = f"compiled in {time.perf_counter() - start:.0f} s"
        work_again = graphed(compiled, arguments) if on_card else lambda: compiled(*arguments)
        report(name, precision, batch, what, timed(work_again, options.runs))


def measure_training(name, precision, batch, options):
    """A step: forward, backward, AdamW, and the moving average of the denoiser's weights."""
    device = torch.device(options.device)
    on_card = device.type == "cuda"
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = precision == "tf32"
    kind, share = TRAINED[name]
    network = kind().to(device=device)
    if on_card and name == "denoiser":
        network = network.to(memory_format=torch.channels_last)
    parameters = list(network.parameters())
    averages = [parameter.detach().clone() for parameter in parameters] if share else []
    optimizer = torch.optim.AdamW(parameters, lr=1e-4, fused=on_card)
    arguments = network.inputs_of(batch, device=device)
    target = torch.randn_like(arguments[0])
    pass_once = torch.compile(network) if options.compile else network

    def work():
        with torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16"):
            loss = F.mse_loss(pass_once(*arguments).float(), target)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        with torch.no_grad():
            if averages:
                torch._foreach_lerp_(averages, parameters, share)

    if on_card:
        torch.cuda.reset_peak_memory_stats(device)
    seconds = (timed_on_card if on_card else timed_on_host)(work, options.runs)
    what = "step, compiled" if options.compile else "step, eager"
    if on_card:
        what += f" {torch.cuda.max_memory_allocated(device) / 1e9:.2f} GB"
    report(name, precision, batch, what, seconds)


def measure_openvino(name, precision, batch, options):
    import openvino

    network = NETWORKS[name]().eval()
    arguments = network.inputs_of(batch)
    model = openvino.convert_model(network, example_input=arguments)
    hints = {"INFERENCE_NUM_THREADS": options.threads, "INFERENCE_PRECISION_HINT": precision}
    request = openvino.Core().compile_model(model, "CPU", hints).create_infer_request()
    numbers = [argument.numpy() for argument in arguments]
    report(name, precision, batch, "OpenVINO", timed_on_host(lambda: request.infer(numbers), options.runs))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--engine", choices=["pytorch", "openvino"], default="pytorch")
    parser.add_argument("--device", default="cpu", help="cpu or cuda:N")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads(), help="of the processor")
    parser.add_argument("--networks", nargs="+", choices=[*NETWORKS, "autoencoder"])
    parser.add_argument("--precisions", nargs="+", choices=["f32", "tf32", "bf16"])
    parser.add_argument("--batch", type=int, nargs="+", default=[1, 4], help="of the denoiser")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--compile", action="store_true", help="also with torch.compile")
    parser.add_argument("--train", action="store_true", help="steps of training in place of passes")
    options = parser.parse_args()
    torch.set_grad_enabled(options.train)
    torch.set_num_threads(options.threads)
    torch.backends.cudnn.benchmark = True
    if options.train:
        for name in options.networks or TRAINED:
            for precision in options.precisions or ["f32", "tf32", "bf16"]:
                for batch in options.batch if name == "denoiser" else [1]:
                    measure_training(name, precision, batch, options)
        return
    measure = measure_openvino if options.engine == "openvino" else measure_pytorch
    usual = ["f32", "tf32", "bf16"] if options.device.startswith("cuda") else ["f32", "bf16"]
    for name in options.networks or NETWORKS:
        for precision in options.precisions or usual:
            for batch in options.batch if name == "denoiser" else [1]:
                measure(name, precision, batch, options)


if __name__ == "__main__":
    main()
