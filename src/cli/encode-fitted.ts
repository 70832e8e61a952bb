import type { Argv } from 'yargs';
import { removeFitCheckpoints } from '../codec/fit-checkpoints.ts';
import { rateUnitsOf } from '../codec/fitted-formats.ts';
import { signalFiles } from '../codec/signal-files.ts';
import { CodecError } from '../core/errors.ts';
import { loadFittedCodec } from '../recipe/fitted.ts';
import { type ContainerName, containerNames, containers } from './containers.ts';
import { assertWritable, writeBytes } from './files.ts';
import { type CodecArgs, type JsonArgs, loadOptions, type OutputArgs, wholeNumbers } from './options.ts';
import { fitLine } from './report.ts';

const INTERRUPTS = ['discard', 'save'] as const;

export interface FittedArgs extends CodecArgs, OutputArgs, JsonArgs {
  preset: string | undefined;
  steps: number | undefined;
  quality: number | undefined;
  bpp: number | undefined;
  seed: number;
  onInterrupt: (typeof INTERRUPTS)[number];
  checkpoint: string | undefined;
}

/** Options that do nothing with other recipes, and have no default. */
export const fittedOptionNames = ['preset', 'steps', 'quality', 'bpp', 'checkpoint'] as const;

/** Options of encoding with recipes that are fitted to the signal. */
export function fittedOptions<T>(args: Argv<T>) {
  return args
    .option('preset', {
      type: 'string',
      requiresArg: true,
      describe: "fitted recipes: how long to fit, one of the recipe's presets",
    })
    .option('steps', {
      type: 'number',
      describe: "fitted recipes: how long, instead of a preset's",
    })
    .option('quality', { type: 'number', describe: 'fitted recipes: 1 to 100' })
    .option('bpp', {
      type: 'number',
      describe: 'fitted recipes: at most so many bits per pixel or sample, of the whole file',
    })
    .option('seed', {
      type: 'number',
      default: 0,
      describe: 'fitted recipes: of all randomness',
    })
    .option('on-interrupt', {
      choices: INTERRUPTS,
      default: 'discard' as const,
      describe: 'fitted recipes: what Ctrl-C does with the best so far',
    })
    .option('checkpoint', {
      type: 'string',
      requiresArg: true,
      describe: 'fitted recipes: a folder to keep the fit in; the same command goes on from there',
    })
    .check(({ preset, steps, quality, bpp, seed }) => {
      if (quality !== undefined && !(quality >= 1 && quality <= 100)) {
        throw new Error('--quality takes a number from 1 to 100');
      }
      if (!(bpp === undefined || bpp > 0)) throw new Error('--bpp takes a number above 0');
      if (bpp !== undefined && quality !== undefined)
        throw new Error('--bpp and --quality exclude each other');
      if (steps !== undefined && preset !== undefined)
        throw new Error('--steps and --preset exclude each other');
      if (!Number.isSafeInteger(seed)) throw new Error('--seed takes a whole number');
      return wholeNumbers({ steps });
    });
}

/** Encodes a file with a recipe that is fitted to it. */
export async function encodeFitted(
  recipe: string,
  args: FittedArgs & {
    readonly input: string;
    readonly output: string;
    readonly container: ContainerName;
    readonly bitrate: number | undefined;
  },
): Promise<void> {
  const startedAt = performance.now();
  const { input, output, container } = args;
  if (!containers[container].fitted) {
    throw new CodecError('bad-argument', {
      what: `${recipe} cannot write .${container} files`,
      expected: containerNames
        .filter((name) => containers[name].fitted)
        .map((name) => `.${name}`)
        .join(', '),
    });
  }
  await assertWritable(output, args);
  const codec = await loadFittedCodec(recipe, loadOptions(args));
  const signal = await signalFiles[codec.parts.media].read(input, (what, why) => {
    if (!args.quiet) process.stderr.write(`codec: ${input}: ${what} is left behind; ${why}\n`);
  });
  const line = fitLine(args, rateUnitsOf(signal));
  const stop = new AbortController();
  const onSignal = () => stop.abort(args.onInterrupt === 'save' ? undefined : stopped(args.checkpoint));
  const signals = signalsHeard(args);
  for (const name of signals) process.once(name, onSignal);
  try {
    const file = await codec.encode(signal, {
      ...(args.preset !== undefined && { preset: args.preset }),
      ...(args.steps !== undefined && { steps: args.steps }),
      ...(args.quality !== undefined && { quality: args.quality }),
      ...(args.bpp !== undefined && { bpp: args.bpp }),
      ...(args.bitrate !== undefined && { bitrateKbps: args.bitrate }),
      seed: args.seed,
      abort: stop.signal,
      ...(args.checkpoint !== undefined && { checkpoint: args.checkpoint }),
      onProgress: line.update,
    });
    line.stop();
    await writeBytes(output, file.bytes, args);
    const { bytes, bpp, kbps, psnrDb, lambda, interrupted, partBytes } = file;
    const about = codec.inspect(await openedAgain(bytes));
    if (args.checkpoint !== undefined && !interrupted) removeFitCheckpoints(args.checkpoint);
    const wallSeconds = file.earlierSeconds + (performance.now() - startedAt) / 1000;
    const summary = {
      input,
      output,
      recipe: codec.parts.name,
      bytes: bytes.length,
      bpp,
      kbps,
      psnrDb,
      lambda,
    };
    const stream = output === '-' ? process.stderr : process.stdout;
    if (args.json) {
      stream.write(`${JSON.stringify({ ...summary, interrupted, partBytes, ...about, wallSeconds })}\n`);
    } else if (!args.quiet) {
      const rate = kbps === undefined ? `${bpp.toFixed(4)} bpp` : `${kbps.toFixed(2)} kbps`;
      const { macPerPixel, macPerSample } = about;
      const mac = macPerPixel ? `${macPerPixel} MAC/pixel` : macPerSample && `${macPerSample} MAC/sample`;
      stream.write(
        `${output}: ${bytes.length} bytes, ${rate}, ${psnrDb.toFixed(2)} dB${mac ? `, decoder ${mac}` : ''}, ` +
          `in ${wallSeconds.toFixed(1)} s${interrupted ? ' (interrupted)' : ''}\n`,
      );
    }
  } finally {
    line.stop();
    for (const name of signals) process.off(name, onSignal);
  }
}

/** What does not end the process at once: there is something to save first. */
function signalsHeard({ onInterrupt, checkpoint }: FittedArgs): readonly ('SIGINT' | 'SIGTERM')[] {
  if (checkpoint !== undefined) return ['SIGINT', 'SIGTERM'];
  return onInterrupt === 'save' ? ['SIGINT'] : [];
}

function stopped(checkpoint: string | undefined): CodecError {
  return new CodecError('interrupted', {
    what: `stopped, the fit is kept in ${checkpoint}`,
    remedy: 'The same command goes on from there.',
  });
}

async function openedAgain(bytes: Uint8Array) {
  const [{ openContainer }, { openFitted }] = await Promise.all([
    import('../bitstream/container-reader.ts'),
    import('../codec/fitted-codec.ts'),
  ]);
  return openFitted(await openContainer(bytes));
}
