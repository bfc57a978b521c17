/**
 * The command as a process: real streams, signals and stores.
 *
 * @module
 */
import { createInterface } from 'node:readline/promises';
import { report } from './errors';
import { EXIT } from './exit-codes';
import { oneLine } from './format/safe';
import type { Io } from './io';
import { main } from './main';
import { ProcessSignals } from './signals';

/** Runs the command with this process's arguments, and ends the process with its exit code. */
export async function runProcess(): Promise<void> {
  const signals = new ProcessSignals((code) => process.exit(code));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => signals.receive(signal));
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      // The reader is gone (`leviathan list | head`): no fault of anybody.
      if (error.code === 'EPIPE' || error.code === 'ERR_STREAM_DESTROYED') signals.receive('EPIPE');
      else process.exit(EXIT.failure);
    });
  }
  const io: Io = {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    cwd: process.cwd(),
    now: Date.now,
    stores: {
      async defaultRoot() {
        const { defaultRoot } = await import('@leviathan/fs-store');
        return defaultRoot();
      },
      async open(root, options) {
        const { fsStore } = await import('@leviathan/fs-store');
        return fsStore({
          ...options,
          root,
          // Damage that was worked around, a file in quarantine: the command goes on, and the person should know.
          onError: (error) => process.stderr.write(`warning: ${oneLine(report(error).message)}\n`),
        });
      },
      async doctor(root, repair) {
        const { doctor } = await import('@leviathan/fs-store');
        return doctor({ root, repair });
      },
    },
    signals,
    ask,
  };
  const code = await main(process.argv.slice(2), io);
  await Promise.all([flushed(process.stdout), flushed(process.stderr)]);
  // Not by running dry: a socket that a library keeps must not keep the shell waiting.
  process.exit(code);
}

async function ask(question: string): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    // Ctrl-D and Ctrl-C at the question mean no; readline holds the terminal in raw mode and eats the signal.
    const left = new Promise<string>((resolve) => lines.once('close', () => resolve('')));
    lines.once('SIGINT', () => process.kill(process.pid, 'SIGINT'));
    return await Promise.race([lines.question(question), left]);
  } finally {
    lines.close();
  }
}

function flushed(stream: NodeJS.WriteStream): Promise<void> {
  if (stream.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    stream.write('', () => resolve());
  });
}
