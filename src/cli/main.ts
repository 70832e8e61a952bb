#!/usr/bin/env node
import yargs from 'yargs';
import { hideBin } from 'yargs/helpers';
import { decodeCommand } from './decode.ts';
import { encodeCommand } from './encode.ts';
import { fail } from './fail.ts';
import { infoCommand } from './info.ts';
import { recipesCommand } from './recipes.ts';
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
  .command(trainCommand)
  .demandCommand(1, 'Say what to do, e.g. codec encode speech.wav')
  .strict()
  .recommendCommands()
  .exitProcess(false)
  .wrap(Math.min(110, process.stdout.columns ?? 110))
  .fail((message, error) => {
    throw error ?? new UsageError(message);
  });

class UsageError extends Error {}

try {
  await cli.parseAsync();
} catch (error) {
  process.exitCode = fail(error, error instanceof UsageError);
}
