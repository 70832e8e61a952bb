import type { CommandModule } from 'yargs';
import { toHex } from '../bitstream/fields.ts';
import { writeSafetensors } from '../weights/safetensors.ts';
import { loadWeights } from '../weights/store.ts';
import { assertOtherFile, outputBeside, writeBytes } from './files.ts';
import { type JsonArgs, jsonOption, type OutputArgs, outputOptions } from './options.ts';

interface Args extends JsonArgs, OutputArgs {
  input: string;
}

export const weightsUnpackCommand: CommandModule<object, Args> = {
  command: 'unpack <input>',
  describe: 'write weights as a .safetensors file in float32, with the values that a codec computes with',
  builder: (args) =>
    outputOptions(jsonOption(args))
      .positional('input', { type: 'string', demandOption: true, describe: 'weights: a name or a file' })
      .version(false) as never,

  async handler({ input, output, force, json, quiet }) {
    const { tensors, metadata, file, fingerprint } = loadWeights(input);
    const target = output ?? outputBeside(input, file, '.safetensors');
    assertOtherFile(file, target);
    const bytes = writeSafetensors(tensors, metadata);
    await writeBytes(target, bytes, { force });
    const report = {
      output: target,
      bytes: bytes.length,
      tensors: tensors.size,
      fingerprint: toHex(fingerprint),
    };
    const stream = target === '-' ? process.stderr : process.stdout;
    if (json) stream.write(`${JSON.stringify(report)}\n`);
    else if (!quiet) {
      stream.write(`${target}: ${bytes.length} bytes, ${tensors.size} tensors, ${report.fingerprint}\n`);
    }
  },
};
