import { CodecError } from '../core/errors.ts';
import { type AudioSignal, assertValidAudio, lengthSamples } from '../core/signal.ts';
import type { HostTensor } from '../core/tensor.ts';
import type { Engine } from '../engine/engine.ts';
import { badPayload } from '../entropy/entropy-coder.ts';
import { countBits } from '../fitting/latents/coding.ts';
import { roundedGrid } from '../fitting/latents/padded-grid.ts';
import { runFit } from '../fitting/loop.ts';
import { memo } from '../fitting/memo.ts';
import { packNetwork } from '../fitting/network.ts';
import type { FitOptions, Fitted, FormatOf, Representation } from '../fitting/representation.ts';
import { storedNetwork } from '../fitting/start.ts';
import { AudioGeometry, MAX_CHANNELS, macPerSample, networkParts } from './latent-audio/geometry.ts';
import { encoderOptions, type LatentAudioOptions, type Loudness, options } from './latent-audio/options.ts';
import { codedFine, codedGains, type Latents, parsePayload, writePayload } from './latent-audio/payload.ts';
import { LatentAudioProblem } from './latent-audio/problem.ts';
import { rotated } from './latent-audio/spectrum.ts';
import { freshStart, restepped, type Start, stepFor } from './latent-audio/start.ts';
import { Target } from './latent-audio/target.ts';
import { Judge, synthesise } from './latent-audio/tiles.ts';
import { assertDecodable, assertFittable } from './limits.ts';

type Network = ReadonlyMap<string, HostTensor>;
type Format = FormatOf['audio'];

/**
 * A sound as integer latents on two grids, coarse gains of critical bands and coefficients of a lapped transform in units of
 * them, with an autoregressive context model in integers for each and a small synthesis network, all fitted to the sound: what
 * COOL-CHIC (Ladune et al., arXiv:2212.05458) and C3 (Kim et al., arXiv:2312.02753) do for pictures.
 */
class LatentAudio implements Representation<'audio'> {
  private readonly options: LatentAudioOptions;
  private readonly loudness: Loudness;

  constructor(chosen: LatentAudioOptions & Loudness) {
    this.options = chosen;
    this.loudness = chosen;
  }

  async fit(sound: AudioSignal, fitOptions: FitOptions): Promise<Fitted> {
    assertValidAudio(sound, 'cannot encode this sound');
    if (sound.channels.length > MAX_CHANNELS) {
      throw new CodecError('bad-audio', {
        what: 'cannot encode this sound',
        found: `${sound.channels.length} channels`,
        expected: `at most ${MAX_CHANNELS}`,
        remedy: 'Mix it down, e.g. to two.',
      });
    }
    const { engine, lambda, seed } = fitOptions;
    const { sampleRateHz, channels } = sound;
    assertFittable(lengthSamples(sound) * channels.length, 'bad-audio');
    const format = { sampleRateHz, channels: channels.length, lengthSamples: lengthSamples(sound) };
    const target = new Target(sound, new AudioGeometry(this.options, format), this.loudness);
    const { geometry, level } = target;
    const step = stepFor(lambda);
    const from = fitOptions.from as Start | undefined;
    const start = from ? restepped(from, step) : freshStart(this.options, target, () => step, seed);
    const problem = new LatentAudioProblem(target, this.options, start, [{ step, lambda }]);
    const { parameters, interrupted } = await runFit(problem, fitOptions);
    const { values } = problem.grids.get('fine')!;
    const latents = {
      fine: roundedGrid(values, geometry.fineSize),
      gains: start.gains,
      level,
      step,
    };
    const packed = await this.pack(target, latents, parameters, fitOptions);
    const payload = writePayload(packed.bytes, latents, packed.network, geometry, this.options);
    const decoded = await this.decode(payload, format, engine);
    return {
      payload,
      meanSquaredError: meanSquaredError(decoded.channels, channels),
      interrupted,
      bytes: { ...packed.partBytes, latents: payload.length - packed.bytes.length },
      end: { network: parameters, fine: values, gains: start.gains, step } satisfies Start,
    };
  }

  async decode(payload: Uint8Array, format: Format, engine: Engine): Promise<AudioSignal> {
    const geometry = this.geometryOf(format);
    const parsed = parsePayload(payload, geometry, this.options);
    const channels = rotated(await synthesise(parsed, geometry, engine));
    return { kind: 'audio', sampleRateHz: format.sampleRateHz, channels };
  }

  inspect(payload: Uint8Array, format: Format) {
    const geometry = this.geometryOf(format);
    const { networkBytes, latentBytes, level, step } = parsePayload(payload, geometry, this.options);
    return {
      macPerSample: macPerSample(this.options, geometry),
      networkBytes,
      latentBytes,
      hopSamples: geometry.hop,
      bands: geometry.bands,
      levelDb: (level / 4) * OCTAVE_DB,
      stepDb: (step / 4) * OCTAVE_DB,
    };
  }

  private geometryOf(format: Format): AudioGeometry {
    if (format.channels > MAX_CHANNELS) {
      throw badPayload(`${format.channels} channels`, `at most ${MAX_CHANNELS}`);
    }
    assertDecodable(format.lengthSamples * format.channels);
    return new AudioGeometry(this.options, format);
  }

  /** Quantizes the networks: the context models by the bits of the latents, the synthesis by the error of some tiles. */
  private async pack(target: Target, latents: Latents, parameters: Network, { engine, lambda }: FitOptions) {
    const { geometry } = target;
    const judge = await Judge.create(engine, parameters, target);
    // A part changes either some of the bits or the error: the others are as they were.
    const of = (name: string) => (tensor: string) => tensor.startsWith(`${name}.`);
    const gainBits = memo(
      (network) => countBits([codedGains(latents, network, geometry, this.options)]),
      of('gain-context'),
    );
    const fineBits = memo(
      (network) => countBits([codedFine(latents, network, geometry, this.options)]),
      of('fine-context'),
    );
    const error = memo((network) => judge.errorOf(network, latents), of('synthesis'));
    const parts = networkParts(this.options);
    try {
      return await packNetwork(
        parameters,
        parts,
        async (candidate, bits) =>
          (await error(candidate)) + lambda * (gainBits(candidate) + fineBits(candidate) + bits),
        storedNetwork(parts, this.options.weights),
      );
    } finally {
      await judge.dispose();
    }
  }
}

const OCTAVE_DB = 20 * Math.log10(2);

export const latentAudio = {
  media: 'audio',
  options,
  encoderOptions,
  create: (chosen: LatentAudioOptions & Loudness): Representation<'audio'> => new LatentAudio(chosen),
} as const;

function meanSquaredError(a: readonly Float32Array[], b: readonly Float32Array[]): number {
  let sum = 0;
  for (const [c, samples] of a.entries()) {
    for (let t = 0; t < samples.length; t++) sum += (samples[t]! - b[c]![t]!) ** 2;
  }
  return sum / (a.length * a[0]!.length);
}
