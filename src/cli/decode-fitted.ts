import type { OpenFitted } from '../codec/fitted-codec.ts';
import { signalFiles } from '../codec/signal-files.ts';
import { CodecError } from '../core/errors.ts';
import type { RasterImage } from '../core/signal.ts';
import type { Media, SignalOf } from '../fitting/representation.ts';
import type { SampleFormat } from '../media/audio-stream.ts';
import { loadFittedCodec } from '../recipe/fitted.ts';
import { assertOtherFile, replaceExtension } from './files.ts';
import { type CodecArgs, type JsonArgs, loadOptions, type OutputArgs } from './options.ts';

/** Decodes a file that was fitted to its signal. */
export async function decodeFitted(
  recipe: string,
  file: OpenFitted,
  args: CodecArgs &
    OutputArgs &
    JsonArgs & {
      readonly input: string;
      readonly startedAt: number;
      /** Only this frame of a video. */
      readonly frame: number | undefined;
      /** Samples of a WAV. */
      readonly format: SampleFormat;
      bytes(): number;
    },
): Promise<void> {
  const { input, force, frame, format } = args;
  const one = frame !== undefined;
  const { extension, write } = signalFiles[one ? 'image' : file.media];
  const output = args.output ?? replaceExtension(input, one ? `-${frame}${extension}` : extension);
  assertOtherFile(input, output);
  const codec = await loadFittedCodec(recipe, loadOptions(args));
  const signal = await codec.decode(file, one ? { from: frame, to: frame + 1 } : undefined);
  await write(output, one ? pictureOf(signal) : signal, { force, format });
  const wallSeconds = (performance.now() - args.startedAt) / 1000;
  const stream = output === '-' ? process.stderr : process.stdout;
  if (args.json) {
    const summary = {
      input,
      output,
      recipe: codec.parts.name,
      bytes: args.bytes(),
      ...file.format,
    };
    stream.write(`${JSON.stringify({ ...summary, wallSeconds })}\n`);
  } else if (!args.quiet) {
    const about = Object.entries(file.format).map(([name, value]) => `${name} ${value}`);
    stream.write(`${output}: ${about.join(', ')}, in ${wallSeconds.toFixed(2)} s\n`);
  }
}

function pictureOf(signal: SignalOf[Media]): RasterImage {
  if (signal.kind !== 'clip') {
    throw new CodecError('bad-argument', { what: 'this file has no frames', expected: 'a video' });
  }
  const { width, height, pictures } = signal;
  return { kind: 'image', width, height, channels: 3, data: pictures[0]! };
}
