"""Makes this folder's networks' values with PyTorch, and compares the networks as written here with the
original code's.

    make.py OUT            writes denoiser-*.safetensors, autoencoder-64.safetensors, sampling-*.safetensors
    make.py --check DIR    prints how far the networks below are from the files that the original code wrote

Needs torch, numpy and safetensors. Weights come from a formula, so that no checkpoint lies here.
"""

import math
import os
import sys

import numpy as np
import torch
import torch.nn.functional as F
from safetensors import safe_open
from safetensors.torch import load_file, save_file


# ---- Weights ---------------------------------------------------------------------------------------

def uniform(name, count):
    """The formula's numbers in [0, 1), 24 bits each: splitmix64's finaliser after FNV-1a of the name."""
    with np.errstate(over="ignore"):
        state = np.uint64(0xCBF29CE484222325)
        for byte in name.encode():
            state = (state ^ np.uint64(byte)) * np.uint64(0x100000001B3)
        z = state + np.arange(count, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    return (z >> np.uint64(40)).astype(np.float32) / np.float32(1 << 24)


class Formula:
    """Weights by name and extents, made on the first request."""

    def __init__(self):
        self.tensors = {}

    def __call__(self, name, *shape):
        if name not in self.tensors:
            self.tensors[name] = self.make(name, shape)
        assert tuple(self.tensors[name].shape) == shape, name
        return self.tensors[name]

    @staticmethod
    def make(name, shape):
        kind, count = name.split(".")[-1], math.prod(shape)
        if kind == "zeros":
            return torch.zeros(shape)
        if kind == "inv_freqs":
            return 10000 ** (-torch.arange(count) / count)
        if kind == "scales":
            return 5 ** (torch.arange(count) / (count - 1))
        u = 2 * torch.from_numpy(uniform(name, count)) - 1
        if len(shape) > 1:
            u = u * np.float32(math.sqrt(6 / (count / shape[0])))
        elif kind == "bias":
            u = 0.05 * u
        else:
            u = 1 + 0.1 * u
        return u.reshape(shape)


class File:
    """Weights of a checkpoint."""

    def __init__(self, path):
        stored = torch.load(path, map_location="cpu", weights_only=True)
        self.tensors = {k.removeprefix("diffusion_model."): v for k, v in stored.items()}

    def __call__(self, name, *shape):
        assert tuple(self.tensors[name].shape) == shape, f"{name}: {self.tensors[name].shape}, {shape}"
        return self.tensors[name]


def linear(w, name, x, inputs, outputs, bias=True):
    return F.linear(x, w(f"{name}.weight", outputs, inputs), w(f"{name}.bias", outputs) if bias else None)


# ---- Denoiser --------------------------------------------------------------------------------------

class Denoiser:
    """The UNet over three planes, with the published options."""

    def __init__(self, weights, side, base, multipliers, blocks, factors, heads, conditional, frames=16):
        self.w, self.base, self.heads, self.conditional = weights, base, heads, conditional
        self.multipliers, self.blocks, self.factors = multipliers, blocks, factors
        self.sizes = [(side, side), (frames, side), (frames, side)]
        self.tokens = sum(h * v for h, v in self.sizes)

    def norm(self, name, x, channels):
        return F.group_norm(x, 32, self.w(f"{name}.weight", channels), self.w(f"{name}.bias", channels))

    def convolution(self, name, x, inputs, outputs, kernel=3):
        weight = self.w(f"{name}.weight", outputs, inputs, kernel, kernel)
        return F.conv2d(x, weight, self.w(f"{name}.bias", outputs), padding=kernel // 2)

    def residual(self, name, planes, inputs, outputs, resample=None):
        scale, shift = linear(
            self.w, f"{name}.emb_layers.1", F.silu(self.embedding), 4 * self.base, 2 * outputs
        )[:, :, None, None].chunk(2, dim=1)
        result = []
        for x in planes:
            h = F.silu(self.norm(f"{name}.in_layers.0", x, inputs))
            if resample:
                h, x = resample(h), resample(x)
            h = self.convolution(f"{name}.in_layers.2", h, inputs, outputs)
            h = self.norm(f"{name}.out_layers.0", h, outputs) * (1 + scale) + shift
            h = self.convolution(f"{name}.out_layers.3", F.silu(h), outputs, outputs)
            if inputs != outputs:
                x = self.convolution(f"{name}.skip_connection", x, inputs, outputs, kernel=1)
            result.append(x + h)
        return result

    def attention(self, name, x, channels):
        """x: [batch, channels, tokens]."""
        qkv = F.conv1d(
            self.norm(f"{name}.norm", x, channels), self.w(f"{name}.qkv.weight", 3 * channels, channels, 1),
            self.w(f"{name}.qkv.bias", 3 * channels))
        width = channels // self.heads
        q, k, v = qkv.reshape(len(x), self.heads, 3 * width, -1).split(width, dim=2)
        share = torch.softmax(torch.einsum("bhcq,bhck->bhqk", q, k) / math.sqrt(width), dim=-1)
        h = torch.einsum("bhqk,bhck->bhcq", share, v).reshape(x.shape)
        return x + F.conv1d(
            h, self.w(f"{name}.proj_out.weight", channels, channels, 1), self.w(f"{name}.proj_out.bias", channels))

    def in_planes(self, name, planes, channels):
        return [self.attention(name, x.flatten(2), channels).reshape(x.shape) for x in planes]

    def across(self, name, planes, channels):
        joined = self.attention(name, torch.cat([x.flatten(2) for x in planes], dim=2), channels)
        parts = joined.split([x.shape[2] * x.shape[3] for x in planes], dim=2)
        return [part.reshape(x.shape) for part, x in zip(parts, planes)]

    def __call__(self, x, t, condition=None):
        base = self.base
        if self.conditional:
            zeros = self.w("zeros", 1, 4, self.tokens).expand(len(x), -1, -1)
            x = torch.cat([x, zeros if condition is None else condition], dim=1)
        angles = t[:, None].float() * torch.exp(-math.log(10000) * torch.arange(base // 2) / (base // 2))
        embedding = linear(
            self.w, "time_embed.0", torch.cat([angles.cos(), angles.sin()], dim=1), base, 4 * base)
        self.embedding = linear(self.w, "time_embed.2", F.silu(embedding), 4 * base, 4 * base)

        parts = x.split([h * v for h, v in self.sizes], dim=2)
        planes = [part.reshape(len(x), -1, *size) for part, size in zip(parts, self.sizes)]
        width = base * self.multipliers[0]
        planes = [self.convolution("input_blocks.0.0", p, x.shape[1], width) for p in planes]
        skips, widths, number, factor = [planes], [width], 1, 1
        for level, multiplier in enumerate(self.multipliers):
            for _ in range(self.blocks):
                planes = self.residual(f"input_blocks.{number}.0", planes, width, base * multiplier)
                width = base * multiplier
                if factor in self.factors:
                    planes = self.in_planes(f"input_blocks.{number}.1", planes, width)
                planes = self.across(f"input_attns.{number}", planes, width)
                skips.append(planes), widths.append(width)
                number += 1
            if level + 1 < len(self.multipliers):
                planes = self.residual(
                    f"input_blocks.{number}.0", planes, width, width, lambda h: F.avg_pool2d(h, 2))
                planes = self.across(f"input_attns.{number}", planes, width)
                skips.append(planes), widths.append(width)
                number, factor = number + 1, factor * 2

        planes = self.residual("middle_block.0", planes, width, width)
        planes = self.in_planes("middle_block.1", planes, width)
        planes = self.residual("middle_block.2", planes, width, width)
        planes = self.across("mid_attn", planes, width)

        number = 0
        for level, multiplier in reversed(list(enumerate(self.multipliers))):
            for block in range(self.blocks + 1):
                skip, name = widths.pop(), f"output_blocks.{number}"
                planes = [torch.cat(pair, dim=1) for pair in zip(planes, skips.pop())]
                planes = self.residual(f"{name}.0", planes, width + skip, base * multiplier)
                width, part = base * multiplier, 1
                if factor in self.factors:
                    planes, part = self.in_planes(f"{name}.1", planes, width), 2
                if level > 0 and block == self.blocks:
                    planes = self.residual(
                        f"{name}.{part}", planes, width, width,
                        lambda h: F.interpolate(h, scale_factor=2, mode="nearest"))
                    factor //= 2
                planes = self.across(f"output_attns.{number}", planes, width)
                number += 1

        planes = [self.convolution("out.2", F.silu(self.norm("out.0", p, width)), width, 4) for p in planes]
        return torch.cat([p.flatten(2) for p in planes], dim=2)


# ---- Autoencoder -----------------------------------------------------------------------------------

class Autoencoder:
    """The transformer that writes a clip as three planes; 8 layers, 8 heads of 64 channels."""

    def __init__(self, weights, resolution, width, patch=8, frames=16):
        self.w, self.width, self.patch, self.frames = weights, width, patch, frames
        self.side = resolution // patch

    def norm(self, name, x):
        return F.layer_norm(
            x, (self.width,), self.w(f"{name}.weight", self.width), self.w(f"{name}.bias", self.width))

    def attention(self, name, x, heads, head_width, angles=None):
        """x: [..., tokens, width]."""
        inner = heads * head_width
        qkv = linear(self.w, f"{name}.fn.to_qkv", self.norm(f"{name}.norm", x), self.width, 3 * inner, bias=False)
        q, k, v = (
            part.unflatten(-1, (heads, head_width)).transpose(-2, -3) for part in qkv.chunk(3, dim=-1))
        q = q * head_width ** -0.5
        if angles is not None:
            q, k = (self.rotated(part, angles) for part in (q, k))
        h = torch.softmax(q @ k.transpose(-1, -2), dim=-1) @ v
        return x + linear(self.w, f"{name}.fn.to_out.0", h.transpose(-2, -3).flatten(-2), inner, self.width)

    @staticmethod
    def rotated(x, angles):
        pairs = x.unflatten(-1, (-1, 2))
        turned = torch.stack([-pairs[..., 1], pairs[..., 0]], dim=-1).flatten(-2)
        return x * angles.cos() + turned * angles.sin()

    def transformer(self, name, x):
        """x: [frames, sites, width]."""
        time = torch.arange(self.frames)[:, None] * self.w(f"{name}.frame_rot_emb.inv_freqs", 32)
        time = torch.cat([time, time], dim=1)
        line = torch.linspace(-1, 1, self.side)[:, None] * self.w(f"{name}.image_rot_emb.scales", 16) * math.pi
        rows, columns = line.repeat_interleave(self.side, dim=0), line.repeat(self.side, 1)
        space = torch.cat([rows, columns], dim=1).repeat_interleave(2, dim=1)
        for layer in range(8):
            block = f"{name}.layers.{layer}"
            x = self.attention(f"{block}.0", x.transpose(0, 1), 8, 64, time).transpose(0, 1)
            x = self.attention(f"{block}.1", x, 8, 64, space)
            value, gate = linear(
                self.w, f"{block}.2.fn.net.0", self.norm(f"{block}.2.norm", x), self.width, 8 * self.width
            ).chunk(2, dim=-1)
            x = x + linear(self.w, f"{block}.2.fn.net.3", value * F.gelu(gate), 4 * self.width, self.width)
        return x

    def encoder_tokens(self, clip):
        """clip: [frames, side, side, 3] in -1 ... 1; [frames, sites, width]."""
        patches = clip.unflatten(2, (-1, self.patch)).unflatten(1, (-1, self.patch))
        patches = patches.permute(0, 1, 3, 2, 4, 5).reshape(self.frames, self.side * self.side, -1)
        return self.transformer(
            "encoder",
            linear(self.w, "encoder.to_patch_embedding", patches, 3 * self.patch ** 2, self.width))

    def projection(self, plane, sequences):
        """sequences: [sites, length, width]; [sites, 4]."""
        length = sequences.shape[1] + 1
        token = self.w(f"{plane}_token", 1, 1, self.width).expand(len(sequences), -1, -1)
        x = torch.cat([sequences, token], dim=1) + self.w(f"{plane}_pos_embedding", 1, length, self.width)
        for layer in range(4):
            block = f"{plane}_quant_attn.layers.{layer}"
            x = self.attention(f"{block}.0", x, 4, self.width // 8)
            hidden = linear(self.w, f"{block}.1.fn.net.0", self.norm(f"{block}.1.norm", x), self.width, 512)
            x = x + linear(self.w, f"{block}.1.fn.net.3", F.gelu(hidden), 512, self.width)
        weight = self.w(f"pre_{plane}.weight", 4, self.width, 1, 1)[:, :, 0, 0]
        return torch.tanh(F.linear(x[:, 0], weight, self.w(f"pre_{plane}.bias", 4)))

    def encode(self, clip):
        """[1, 4, tokens of the planes]."""
        x = self.encoder_tokens(clip).unflatten(1, (self.side, self.side))  # t, h, w
        planes = [
            self.projection(plane, x.movedim(axis, 2).flatten(0, 1))
            for plane, axis in (("xy", 0), ("yt", 1), ("xt", 2))]
        return torch.cat(planes).T[None]

    def decode(self, latent):
        """latent: [1, 4, tokens]; [frames, 3, side, side]."""
        side, frames = self.side, self.frames
        planes = latent[0].T.split([side * side, frames * side, frames * side])
        xy, yt, xt = (
            F.linear(x, self.w(f"post_{p}.weight", self.width, 4, 1, 1)[:, :, 0, 0],
                     self.w(f"post_{p}.bias", self.width)).reshape(-1, side, self.width)
            for p, x in zip(("xy", "yt", "xt"), planes))
        tokens = xy[None] + yt[:, None] + xt[:, :, None]
        x = self.transformer("decoder", tokens.flatten(1, 2)).transpose(1, 2).unflatten(2, (side, side))
        weight = self.w("to_pixel.1.weight", self.width, 3, self.patch, self.patch)
        pixels = F.conv_transpose2d(x, weight, self.w("to_pixel.1.bias", 3), stride=self.patch)
        return 2 * torch.sigmoid(pixels) - 1


# ---- Sampling --------------------------------------------------------------------------------------

def alphas_cumulative():
    betas = torch.linspace(0.0015 ** 0.5, 0.0195 ** 0.5, 1000, dtype=torch.float64) ** 2
    return torch.cumprod(1 - betas, dim=0).float()


def sample(denoiser, steps, eta, seed, condition=None, guidance=0.0):
    """DDIM of one clip from a seed: what every step begins with, and the result."""
    products = alphas_cumulative()
    torch.manual_seed(seed)
    x = torch.randn(1, 4, denoiser.tokens)
    states = [x]
    times = list(reversed(torch.linspace(-1, 999, steps + 1).int().tolist()))
    for t, following in zip(times, times[1:]):
        step = torch.tensor([t])
        noise = denoiser(x, step, condition)
        if condition is not None and guidance != 0:
            noise = (1 + guidance) * noise - guidance * denoiser(x, step)
        a = products[t]
        clean = ((1 / a).sqrt() * x - (1 / a - 1).sqrt() * noise).clamp(-1, 1)
        if following < 0:
            x = clean
        else:
            b = products[following]
            sigma = eta * ((1 - a / b) * (1 - b) / (1 - a)).sqrt()
            x = b.sqrt() * clean + (1 - b - sigma ** 2).sqrt() * noise + sigma * torch.randn_like(x)
        states.append(x)
    return states


# ---- The folder's files ----------------------------------------------------------------------------

SETTINGS = {
    "8x16": dict(side=8, base=32, multipliers=[1, 2], blocks=1, factors={1, 2}, heads=4, conditional=True),
    "8x16-uncond": dict(side=8, base=32, multipliers=[1, 2], blocks=1, factors={1}, heads=2, conditional=False),
    "32x16": dict(
        side=32, base=32, multipliers=[1, 2, 4, 4], blocks=2, factors={1, 2, 4}, heads=8, conditional=True),
}


def save(tensors, path, metadata=None):
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, path, metadata)
    os.chmod(path, 0o644)


def gradients(denoiser, clean, t, condition, noise):
    """The mean square error and, of its gradient by every parameter, the length and the first numbers."""
    weights = denoiser.w.tensors
    for weight in weights.values():
        weight.requires_grad_(True)
    share = alphas_cumulative()[t][:, None, None]
    noisy = share.sqrt() * clean + (1 - share).sqrt() * noise
    loss = F.mse_loss(denoiser(noisy, t, condition), noise)
    loss.backward()
    result = {"loss": loss.detach()}
    for name, weight in weights.items():
        if name == "zeros":
            continue
        result[f"grad.length.{name}"] = weight.grad.norm()
        result[f"grad.first.{name}"] = weight.grad.flatten()[:8].clone()
        weight.requires_grad_(False)
    return result


def make(folder):
    for name, settings in SETTINGS.items():
        denoiser = Denoiser(Formula(), **settings)
        torch.manual_seed(11)
        count = 1 if name == "32x16" else 2
        x = torch.randn(count, 4, denoiser.tokens)
        condition = torch.randn(count, 4, denoiser.tokens).clamp(-1, 1)
        t = torch.tensor([37, 803][-count:])
        with torch.no_grad():
            values = {"x": x, "t": t, "eps_uncond": denoiser(x, t)}
            if settings["conditional"]:
                values |= {"cond": condition, "eps_cond": denoiser(x, t, condition)}
        if name == "8x16":
            noise = torch.randn_like(x)
            values |= {"noise": noise} | gradients(denoiser, x, t, condition, noise)
        save(values, f"{folder}/denoiser-{name}.safetensors")
        if name == "32x16":
            continue
        with torch.no_grad():
            runs = {"free": (None, 0.0)}
            if settings["conditional"]:
                runs["guided"] = (condition[:1], 1.5)
            for run, (c, guidance) in runs.items():
                states = torch.cat(sample(denoiser, 4, 1.0, 301, c, guidance))
                save(
                    {"states": states} | ({} if c is None else {"cond": c}),
                    f"{folder}/sampling-{name}-{run}.safetensors",
                    {"net": name, "steps": "4", "eta": "1", "w": str(guidance), "seed": "301"})

    autoencoder = Autoencoder(Formula(), 64, 32)
    grid = np.mgrid[0:16, 0:64, 0:64].astype(np.float64)
    time, row, column = grid * np.array([0.35, 0.11, 0.07]).reshape(3, 1, 1, 1)
    video = np.stack([
        128 + 100 * np.sin(row + time), 128 + 100 * np.cos(column - time),
        128 + 80 * np.sin(row + column + time)], axis=-1)
    video = torch.from_numpy(video.astype(np.uint8))
    with torch.no_grad():
        clip = video.float() / 127.5 - 1
        latent = autoencoder.encode(clip)
        frames = [0, 7, 15]
        save(
            {"video_u8": video, "latent": latent,
             "encoder_tokens_first64": autoencoder.encoder_tokens(clip)[0, :64],
             "decoded": autoencoder.decode(latent)[frames], "decoded_frame_index": torch.tensor(frames)},
            f"{folder}/autoencoder-64.safetensors")


# ---- Against the original --------------------------------------------------------------------------

def check(golden):
    def report(what, found, expected):
        print(f"{what}: at most {(found - expected).abs().max():.1e} apart, of {expected.abs().max():.1f}")

    torch.set_grad_enabled(False)
    nets = {n: Denoiser(File(f"{golden}/unet-{n}/ema_model.pth"), **s) for n, s in SETTINGS.items()}
    for name, denoiser in nets.items():
        io = load_file(f"{golden}/unet-{name}/forward.safetensors")
        report(f"unet-{name}", denoiser(io["x"], io["t"]), io["eps_uncond"])
        if "eps_cond" in io and denoiser.conditional:
            report(f"unet-{name}, with a condition", denoiser(io["x"], io["t"], io["cond"]), io["eps_cond"])
    for resolution in (64, 256):
        autoencoder = Autoencoder(File(f"{golden}/ae-{resolution}/model.pth"), resolution, 32)
        io = load_file(f"{golden}/ae-{resolution}/io.safetensors")
        clip = io["video_u8"].float() / 127.5 - 1
        report(f"ae-{resolution}, tokens", autoencoder.encoder_tokens(clip)[0, :64], io["encoder_tokens_first64"][0])
        report(f"ae-{resolution}, latent", autoencoder.encode(clip), io["latent"])
        frames = autoencoder.decode(io["latent"])[io["decoded_frame_index"]]
        report(f"ae-{resolution}, frames", frames, io["decoded"])
    for run in ("ddim-eta1-uncond", "ddim-eta1-cond-w0", "ddim-eta1-32x16"):
        path = f"{golden}/sampling/{run}.safetensors"
        with safe_open(path, "pt") as file:
            settings = file.metadata()
        io = load_file(path)
        found = sample(
            nets[settings["net"].removeprefix("unet-")], int(settings["steps"]), float(settings["eta"]),
            int(settings["seed"]), io.get("cond"), float(settings.get("w", 0)))[-1]
        report(run, found, io["latent"])


if __name__ == "__main__":
    torch.set_num_threads(2)
    if sys.argv[1] == "--check":
        check(sys.argv[2])
    else:
        os.makedirs(sys.argv[1], exist_ok=True)
        make(sys.argv[1])
