"""EnCodec: audio to codes, and codes back to audio in chunks that join as if decoded whole.

transformers' codec modules do the work; only their order is ours. The decoder is a convolution over codec frames, an
LSTM over them, and upsampling convolutions to audio samples. So a chunk needs three things to come out as it would in
the whole: a few frames on both sides of the convolution, the LSTM's state from the frames before, and a few of the
LSTM's outputs on both sides of the upsampling. Frames too close to the end wait until those after them have come.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from generation.clip import Clip, Samples
from generation.engines.musicgen.inference import inference
from generation.engines.musicgen.shape import ModelShape


class Codec:
    """transformers' EncodecModel with MusicGen's interleaving of channels: codes int64 [codebooks, frames]."""

    def __init__(self, model: Any, shape: ModelShape) -> None:
        self.model, self.shape = model.eval(), shape
        self.device = next(model.parameters()).device

    @inference
    def encode(self, clip: Clip) -> Tensor:
        """The codes of a clip at the model's rate and channels; a last frame that is not full is padded."""
        samples = torch.from_numpy(np.array(clip.samples)).to(self.device)[:, None]
        codes = self.model.encode(samples).audio_codes[0]
        return codes.permute(1, 0, 2).flatten(0, 1).long()

    def decoder(self) -> ChunkDecoder:
        """A decoder for one take."""
        return ChunkDecoder(self)


class ChunkDecoder:
    """Decodes one take's codes as they come."""

    def __init__(self, codec: Codec) -> None:
        self.codec = codec
        layers = codec.model.decoder.layers
        self.convolution, self.lstm, self.upsampling = layers[0], layers[1].lstm, layers[2:]
        self.reach = self.convolution.conv.kernel_size[0] // 2 * (2 if codec.model.config.use_causal_conv else 1)
        self.upsampling_reach = upsampling_reach_frames(codec.model.config)
        self.state: tuple[Tensor, Tensor] | None = None
        self.hidden: Tensor | None = None
        self.num_decoded = 0

    def ready(self, num_frames: int) -> int:
        """How many more codec frames could be decoded once there are `num_frames`."""
        return max(num_frames - int(self.reach) - self.upsampling_reach - self.num_decoded, 0)

    @inference
    def decode(self, codes: Tensor, *, last: bool = False) -> Samples:
        """The audio that has become certain.

        Args:
            codes: int64 [codebooks, frames], all of the take from its first frame on.
            last: nothing comes after them, so that everything is certain.

        Returns:
            float32 [channels, samples], to be put after what was returned before; may be empty.
        """
        hidden = self._remember(codes, last)
        end = hidden.shape[2] - (0 if last else self.upsampling_reach)
        start, hop = self.num_decoded, self.codec.shape.hop_samples
        if end <= start:
            return np.zeros((self.codec.shape.num_channels, 0), np.float32)
        low, high = max(start - self.upsampling_reach, 0), min(end + self.upsampling_reach, hidden.shape[2])
        audio = hidden[:, :, low:high]
        for layer in self.upsampling:
            audio = layer(audio)
        self.num_decoded = end
        samples: Samples = audio[:, 0, (start - low) * hop : (end - low) * hop].cpu().numpy()
        return samples

    def _remember(self, codes: Tensor, last: bool) -> Tensor:
        """Take the LSTM as far as it is certain; all its outputs so far, [channels, width, frames]."""
        channels, num_frames = self.codec.shape.num_channels, codes.shape[1]
        start = 0 if self.hidden is None else self.hidden.shape[2]
        end = num_frames if last else num_frames - self.reach
        if end > start:
            low, high = max(start - self.reach, 0), min(end + self.reach, num_frames)
            sides = codes[:, low:high].to(self.codec.device).unflatten(0, (-1, channels))
            frames = self.convolution(self.codec.model.quantizer.decode(sides))[:, :, start - low : end - low]
            output, state = self.lstm(frames.permute(2, 0, 1), self.state)
            new = frames + output.permute(1, 2, 0)
            hidden = new if self.hidden is None else torch.cat([self.hidden, new], dim=2)
            self.state, self.hidden = state, hidden  # both or, where memory runs out, neither
        if self.hidden is None:
            return torch.zeros(channels, 1, 0)
        return self.hidden


def upsampling_reach_frames(config: Any) -> int:
    """How many codec frames on each side the upsampling half of EnCodec's decoder looks at, rounded up.

    A transposed convolution with kernel 2r and stride r reaches one of its input steps to each side, a residual block
    the dilated half of its kernel, at a rate that each ratio multiplies; a causal codec puts both sides on the left.
    """
    rate, reach = 1.0, 0.0
    for ratio in config.upsampling_ratios:
        reach += 1 / rate
        rate *= ratio
        for block in range(config.num_residual_layers):
            reach += (config.residual_kernel_size // 2) * config.dilation_growth_rate**block / rate
    reach += (config.last_kernel_size // 2) / rate
    reach_frames: float = reach * (2 if config.use_causal_conv else 1)
    return math.ceil(reach_frames)
