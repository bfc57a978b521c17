/** A program with one job in a child process; prints the child's pid. Arguments: the workers' program, and the job's data. */
import { defineProcessor, Leviathan, MemoryStore } from '@leviathan/core';
import { WorkerPoolService } from '../src/index';

const [program = '', data = ''] = process.argv.slice(2);
const processor = defineProcessor({
  type: 'says-pid',
  input: { '~standard': { version: 1, vendor: 'test', validate: (value: unknown) => ({ value }) } },
  module: new URL('./jobs/tasks.mjs', import.meta.url),
  handler: 'saysPid',
  isolation: { kind: 'process' },
});
const leviathan = new Leviathan({
  store: new MemoryStore(),
  processors: [processor],
  services: [new WorkerPoolService({ program: new URL(program) })],
});
leviathan.on('log', ({ logs = [] }) => {
  for (const { message } of logs) process.stdout.write(`${message}\n`);
});
await leviathan.start();
await leviathan.add('says-pid', JSON.parse(data));
