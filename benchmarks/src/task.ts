/**
 * A measured process: told over its IPC channel which task to do and with what, it answers with the result, or the error, and ends.
 *
 * Each measurement has fresh ones, so that no engine runs in a process that another one has warmed or filled.
 */
import { type Channel, messagesOf } from './channel';
import { tasks } from './tasks';

interface Order {
  task: string;
  params: unknown;
}

async function main(channel: Channel): Promise<void> {
  const { task, params } = (await channel.receive()) as Order;
  const run = tasks[task];
  if (run === undefined) throw new Error(`No such task: ${task}`);
  await channel.send({ finished: true, result: await run(params as never, channel) });
}

function fail(error: unknown): void {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.exitCode = 1;
  process.send?.({ error: text }, () => process.exit(1));
}

process.on('uncaughtException', fail);
// Without the runner nobody cleans up behind this process.
process.on('disconnect', () => process.exit(1));
// The runner decides what a Ctrl-C means.
process.on('SIGINT', () => {});
main(messagesOf(process)).then(() => process.exit(), fail);
