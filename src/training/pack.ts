import { type HostTensor, int32 } from '../core/tensor.ts';
import { frequenciesFromCounts } from '../entropy/frequency-table.ts';
import { Codec, FREQUENCIES } from '../recipe/codec.ts';
import type { Recipe } from '../recipe/schema.ts';
import { readSafetensors, writeSafetensors } from '../weights/safetensors.ts';
import type { Clip } from './dataset.ts';

/**
 * A trained model as it ships: weights in float16, and beside them the frequency tables [codebooks, codebookSize] that
 * the static entropy coder needs, counted over the codes of `clips`.
 */
export async function packModel(
  recipe: Recipe,
  weights: ReadonlyMap<string, HostTensor>,
  clips: readonly Clip[],
  options: { readonly engine: string; readonly maxSeconds: number },
): Promise<Uint8Array> {
  // The tables must describe the model as it will be: with its weights already rounded.
  const { tensors } = readSafetensors(writeSafetensors(weights, {}, () => 'F16'));
  const codec = await Codec.create(recipe, tensors, { engine: options.engine });
  const { codebooks, codebookSize } = recipe.quantizer;
  const counts = new Float64Array(codebooks * codebookSize);
  const { sampleRateHz } = recipe.signal;
  let seconds = 0;
  for (const { samples } of clips) {
    if (seconds > options.maxSeconds) break;
    const channel = Float32Array.from(samples, (v) => v / 32768);
    const channels = Array.from({ length: recipe.signal.channels }, () => channel);
    const { indices, frames } = await codec.toCodes(
      { kind: 'audio', sampleRateHz, channels },
      { bitrateKbps: Math.max(...recipe.bitrates.kbps) },
    );
    for (const [i, index] of indices.entries()) counts[Math.floor(i / frames) * codebookSize + index]! += 1;
    seconds += channel.length / sampleRateHz;
  }
  await codec.dispose();
  const frequencies = new Int32Array(codebooks * codebookSize);
  for (let q = 0; q < codebooks; q++) {
    // Half a count more everywhere: what the clips never show may still come.
    const row = counts.subarray(q * codebookSize, (q + 1) * codebookSize).map((count) => 2 * count + 1);
    frequencies.set(frequenciesFromCounts(row), q * codebookSize);
  }
  const packed = new Map<string, HostTensor>([
    ...tensors,
    [FREQUENCIES, int32([codebooks, codebookSize], frequencies)],
  ]);
  return writeSafetensors(packed, { recipe: recipe.name }, (_, t) => (t.dtype === 'float32' ? 'F16' : 'I32'));
}
