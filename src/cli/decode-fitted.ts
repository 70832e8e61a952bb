import type { OpenFitted } from '../codec/fitted-codec.ts';
import { loadFittedCodec } from '../recipe/fitted.ts';
import { assertOtherFile, replaceExtension } from './files.ts';
import { type CodecArgs, type JsonArgs, loadOptions, type OutputArgs } from './options.ts';
import { signalFiles } from './signal-files.ts';

/** Decodes a file that was fitted to its signal. */
export async function decodeFitted(
  recipe: string,
  file: OpenFitted,
  args: CodecArgs &
    OutputArgs &
    JsonArgs & {
      readonly input: string;
      readonly startedAt: number;
      bytes(): number;
    },
): Promise<void> {
  const { input, force } = args;
  const { extension, write } = signalFiles[file.media];
  const output = args.output ?? replaceExtension(input, extension);
  assertOtherFile(input, output);
  const codec = await loadFittedCodec(recipe, loadOptions(args));
  await write(output, await codec.decode(file), { force });
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
    const format = Object.entries(file.format).map(([name, value]) => `${name} ${value}`);
    stream.write(`${output}: ${format.join(', ')}, in ${wallSeconds.toFixed(2)} s\n`);
  }
}
