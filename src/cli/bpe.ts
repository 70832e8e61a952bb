import type { CommandModule } from 'yargs';
import { type JsonArgs, jsonOption, type OutputArgs, outputOptions, wholeNumbers } from './options.ts';

interface Args extends OutputArgs, JsonArgs {
  dataset: string;
  size: number;
  stream: number | undefined;
}

export const bpeCommand: CommandModule<object, Args> = {
  command: 'bpe <dataset>',
  describe: 'learn pieces of tokens that often follow each other, as a tokenizer.json of Hugging Face',
  builder: (args) =>
    jsonOption(outputOptions(args))
      .positional('dataset', {
        type: 'string',
        demandOption: true,
        describe: 'folder of codec tokenize, best with --layout flatten',
      })
      .option('size', {
        type: 'number',
        demandOption: true,
        describe: "ids in all: the dataset's vocabulary and pieces",
      })
      .option('stream', { type: 'number', describe: 'which stream, where the layout has several' })
      .check(({ size }) => wholeNumbers({ size }))
      .example('$0 bpe tokens --size 16384 -o tokenizer.json', '')
      .version(false) as never,

  async handler({ dataset, output = 'tokenizer.json', size, stream, force, json, quiet }) {
    const { openTokenDataset } = await import('../tokens/dataset/read-dataset.ts');
    const { trainBpe } = await import('../tokens/bpe/train-on-dataset.ts');
    const { toTokenizerJson } = await import('../tokens/bpe/tokenizer-json.ts');
    const { writeBytes } = await import('./files.ts');
    const { bpe, trained, heldOut } = await trainBpe(openTokenDataset(dataset), {
      size,
      ...(stream !== undefined && { stream }),
    });
    await writeBytes(output, Buffer.from(JSON.stringify(toTokenizerJson(bpe))), { force });
    const ids = bpe.end - bpe.shape.baseId;
    const about = { output, ids, merges: bpe.merges.length, trained, ...(heldOut && { heldOut }) };
    const target = output === '-' ? process.stderr : process.stdout;
    if (json) target.write(`${JSON.stringify(about)}\n`);
    else if (!quiet) {
      const on = heldOut ? `, ${heldOut.ratio.toFixed(3)} on ${heldOut.ids} held out` : '';
      target.write(
        `${output}: ${ids} ids, ${bpe.merges.length} merges; ${trained.ratio.toFixed(3)} ids a piece on ${trained.ids} trained on${on}\n`,
      );
    }
  },
};
