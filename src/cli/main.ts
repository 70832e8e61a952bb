#!/usr/bin/env node
import yargs from 'yargs';
import { hideBin } from 'yargs/helpers';
import { bpeCommand } from './bpe.ts';
import { decodeCommand } from './decode.ts';
import { detokenizeCommand } from './detokenize.ts';
import { doctorCommand } from './doctor.ts';
import { encodeCommand } from './encode.ts';
import { evalCommand } from './eval.ts';
import { exportCommand } from './export.ts';
import { fail } from './fail.ts';
import { findCloseCommand } from './find-close.ts';
import { infoCommand } from './info.ts';
import { metricsCommand } from './metrics.ts';
import { recipesCommand } from './recipes.ts';
import { tokenizeCommand } from './tokenize.ts';
import { trainCommand } from './train.ts';
import { weightsCommand } from './weights.ts';

const cli = yargs(hideBin(process.argv))
  .scriptName('codec')
  .usage('$0 <command>\n\nNeural codecs: sound to few bits and back.')
  .command(encodeCommand)
  .command(decodeCommand)
  .command(infoCommand)
  .command(recipesCommand)
  .command(weightsCommand)
  .command(exportCommand)
  .command(trainCommand)
  .command(doctorCommand)
  .command(metricsCommand)
  .command(evalCommand)
  .command(findCloseCommand)
  .command(tokenizeCommand)
  .command(detokenizeCommand)
  .command(bpeCommand)
  .demandCommand(1, 'Say what to do, e.g. codec encode speech.wav')
  .strict()
  .check(givenOnce)
  .check(numbersAreNumbers)
  .recommendCommands()
  .exitProcess(false)
  // All else this program says is English.
  .detectLocale(false)
  .wrap(Math.min(110, process.stdout.columns ?? 110))
  // Errors of the arguments, those thrown by checks too, come with a message; errors of the work itself without.
  .fail((message: string | null, error) => {
    throw message === null ? error : new UsageError(message);
  });

class UsageError extends Error {}

/** An option given twice arrives as a list; only --set and inputs may be one. */
function givenOnce(args: Record<string, unknown>): true {
  const twice = Object.keys(args).find(
    (name) => Array.isArray(args[name]) && name.length > 1 && !['set', 'input'].includes(name),
  );
  if (twice === undefined) return true;
  throw new Error(`--${twice} can be given only once`);
}

/** What cannot be read as a number arrives as NaN. */
function numbersAreNumbers(args: Record<string, unknown>): true {
  const wrong = Object.keys(args).find((name) => Number.isNaN(args[name]));
  if (wrong === undefined) return true;
  throw new Error(`--${wrong} takes a number`);
}

// Whoever reads what is printed may stop early, as head does: that is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

try {
  await cli.parseAsync();
} catch (error) {
  process.exitCode = fail(error, error instanceof UsageError);
  // Input that goes on must not keep a command alive that has failed.
  process.stdin.destroy();
}
