import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

/** A real second process that runs a module of this folder; killed, if it still runs, when the test ends. */
export interface Child {
  process: ChildProcess;
  /** The next message it sends; rejects when it ends instead. */
  message(): Promise<unknown>;
  send(message: string): void;
  /** SIGKILL: no handler, no `finally`, no flush. Resolves when it is gone. */
  kill(): Promise<void>;
  /** Resolves with the exit code. */
  ended: Promise<number | null>;
}

export function startChild(module: string, args: string[]): Child {
  const child = fork(fileURLToPath(new URL(module, import.meta.url)), args, {
    execArgv: ['--import', 'tsx'],
    cwd: import.meta.dirname,
  });
  const waiting: ((message: unknown) => void)[] = [];
  const arrived: unknown[] = [];
  child.on('message', (message) => {
    const take = waiting.shift();
    if (take) take(message);
    else arrived.push(message);
  });
  const ended = once(child, 'exit').then(([code]) => code as number | null);
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  return {
    process: child,
    ended,
    message: () =>
      arrived.length > 0
        ? Promise.resolve(arrived.shift())
        : new Promise((resolve, reject) => {
            waiting.push(resolve);
            ended.then((code) => reject(new Error(`the process ended with ${code} before it said anything`)));
          }),
    send: (message) => void child.send(message),
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
