import { type EncoderSpec, encodeItem, type ItemTask, loadEncoder } from './item-encoder.ts';

// A process of `tokenizeDataset`: items come and results go as messages. It ends with the process that started it.
const spec = JSON.parse(process.argv[2]!) as EncoderSpec;
const tokenizer = loadEncoder(spec);

process.on('disconnect', () => process.exit());
// Ctrl-C reaches all processes of a terminal; the one that started this decides.
process.on('SIGINT', () => {});
process.on('message', async ({ item }: ItemTask) => {
  process.send!(await encodeItem(await tokenizer, item));
});
