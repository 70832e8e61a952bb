import { readFileSync } from 'node:fs';
import type { CommandModule } from 'yargs';
import { toHex } from '../bitstream/fields.ts';
import { DEFAULT_LAMBDA, DEFAULT_STEP, packWeights, repackWeights } from '../weights/pack.ts';
import { loadWeights } from '../weights/store.ts';
import { isPacked } from '../weights/unpack.ts';
import { assertOtherFile, outputBeside, writeBytes } from './files.ts';
import { type JsonArgs, jsonOption, type OutputArgs, outputOptions } from './options.ts';

interface Args extends JsonArgs, OutputArgs {
  input: string;
  step: number | undefined;
  lambda: number | undefined;
}

export const weightsPackCommand: CommandModule<object, Args> = {
  command: 'pack <input>',
  describe:
    'quantize weights and code them with DeepCABAC; packed ones keep their values unless an option is given',
  builder: (args) =>
    outputOptions(jsonOption(args))
      .positional('input', { type: 'string', demandOption: true, describe: 'weights: a name or a file' })
      .option('step', {
        type: 'number',
        describe: `distance of two levels in a large tensor, in its root mean squares: smaller is finer [default: ${DEFAULT_STEP}]`,
      })
      .option('lambda', {
        type: 'number',
        describe: `squared steps of error that a bit is worth; 0 takes the nearest level [default: ${DEFAULT_LAMBDA}]`,
      })
      .example('$0 weights pack runs/a/model.safetensors -o models/encodec-24k.ncw', '')
      .version(false) as never,

  async handler({ input, output, step, lambda, force, json, quiet }) {
    const { tensors, metadata, file } = loadWeights(input);
    const target = output ?? outputBeside(input, file, '.ncw');
    assertOtherFile(file, target);
    const stored = readFileSync(file);
    const keep = isPacked(stored) && step === undefined && lambda === undefined;
    const options = {
      ...(step !== undefined && { step }),
      ...(lambda !== undefined && { lambda }),
      metadata,
    };
    const packed = keep ? repackWeights(stored) : packWeights(tensors, options);
    await writeBytes(target, packed.bytes, { force });
    const quantized = packed.tensors.filter(({ coding }) => coding === 'levels' || coding === 'planes');
    const sum = (of: readonly { values: number; bytes: number }[], what: 'values' | 'bytes') =>
      of.reduce((total, each) => total + each[what], 0);
    const report = {
      output: target,
      bytes: packed.bytes.length,
      values: sum(packed.tensors, 'values'),
      quantizedValues: sum(quantized, 'values'),
      bitsPerQuantizedValue: (8 * sum(quantized, 'bytes')) / Math.max(1, sum(quantized, 'values')),
      fingerprint: toHex(packed.fingerprint),
    };
    const stream = target === '-' ? process.stderr : process.stdout;
    if (json) stream.write(`${JSON.stringify({ ...report, tensors: packed.tensors })}\n`);
    else if (!quiet) {
      const { bytes, values, quantizedValues, bitsPerQuantizedValue, fingerprint } = report;
      stream.write(
        `${target}: ${bytes} bytes for ${values} values, ${quantizedValues} of them in ` +
          `${bitsPerQuantizedValue.toFixed(2)} bits each, ${fingerprint}\n`,
      );
    }
  },
};
