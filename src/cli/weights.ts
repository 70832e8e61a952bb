import type { CommandModule } from 'yargs';
import { weightsImportCommand } from './weights-import.ts';
import { weightsListCommand } from './weights-list.ts';
import { weightsPullCommand } from './weights-pull.ts';

export const weightsCommand: CommandModule = {
  command: 'weights',
  describe: 'list, fetch or import weights',
  builder: (args) =>
    args
      .command(weightsListCommand)
      .command(weightsPullCommand)
      .command(weightsImportCommand)
      .demandCommand(1, 'Say what to do: codec weights list, pull or import')
      .version(false),
  handler() {},
};
