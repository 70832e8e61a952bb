import type { Argv, CommandModule } from 'yargs';
import { CodecError } from '../core/errors.ts';
import { jsonOption } from './options.ts';

interface Args {
  reference: string;
  degraded: string;
  metrics: string | undefined;
  json: boolean;
}

export const metricsCommand: CommandModule<object, Args> = {
  command: 'metrics <reference> <degraded>',
  describe: 'measure how far a file is from its original: sound, picture or video',
  builder: (async (args: Argv) => {
    const { metricNames } = await import('../../eval/index.ts');
    return jsonOption(args)
      .positional('reference', { type: 'string', demandOption: true, describe: 'the original' })
      .positional('degraded', { type: 'string', demandOption: true, describe: 'what became of it' })
      .option('metrics', {
        type: 'string',
        requiresArg: true,
        describe: `some of ${metricNames.join(', ')}, separated by commas; all that fit if not said`,
      })
      .example('$0 metrics speech.wav decoded.wav --metrics pesq-wb,stoi', '')
      .version(false);
  }) as never,

  async handler({ reference, degraded, metrics: wanted, json }) {
    const { compareFiles, metrics } = await import('../../eval/index.ts');
    const { parseMetricNames } = await import('./metric-names.ts');
    const names = await parseMetricNames(wanted);
    const { metrics: values, failures } = await compareFiles(reference, degraded, names);
    const failed = Object.entries(failures);
    const first = failed[0];
    if (first && (names !== undefined || Object.keys(values).length === 0)) {
      const [name, { message, code }] = first;
      throw new CodecError(code === 'unexpected' ? 'bad-argument' : (code as 'bad-audio'), {
        what: `${name}: ${message.replace(/\.$/, '')}`,
      });
    }
    for (const [name, { message }] of failed) process.stderr.write(`codec: without ${name}: ${message}\n`);
    if (json) {
      const text = JSON.stringify({ metrics: values }, (_, value) =>
        typeof value === 'number' && !Number.isFinite(value) ? String(value) : value,
      );
      process.stdout.write(`${text}\n`);
      return;
    }
    for (const [name, value] of Object.entries(values)) {
      const { unit, better } = metrics[name as keyof typeof metrics];
      process.stdout.write(`${name.padEnd(14)} ${value.toFixed(4)} ${unit} (${better} is better)\n`);
    }
  },
};
