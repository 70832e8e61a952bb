import type { CommandModule } from 'yargs';
import { weightsImportCommand } from './weights-import.ts';
import { weightsListCommand } from './weights-list.ts';
import { weightsPackCommand } from './weights-pack.ts';
import { weightsPullCommand } from './weights-pull.ts';
import { weightsTablesCommand } from './weights-tables.ts';
import { weightsUnpackCommand } from './weights-unpack.ts';

export const weightsCommand: CommandModule = {
  command: 'weights',
  describe: 'list, fetch, import, pack or unpack weights; make their tables',
  builder: (args) =>
    args
      .command(weightsListCommand)
      .command(weightsPullCommand)
      .command(weightsImportCommand)
      .command(weightsPackCommand)
      .command(weightsUnpackCommand)
      .command(weightsTablesCommand)
      .demandCommand(1, 'Say what to do: codec weights list, pull, import, pack, unpack or tables')
      .version(false),
  handler() {},
};
