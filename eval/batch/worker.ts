import { RowMaker, type Task } from './work.ts';

// A process of the batch: tasks come and rows go as messages. It ends with the process that started it.
const [threads, scratch] = process.argv.slice(2);
const maker = new RowMaker(Number(threads), scratch!);

process.on('disconnect', () => process.exit());
// Ctrl-C reaches all processes of a terminal; the one that started this decides.
process.on('SIGINT', () => {});
process.on('message', async (task: Task) => {
  process.send!(await maker.make(task));
});
