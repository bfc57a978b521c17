/**
 * The program of a worker: runs the attempts that it is sent, until it is ended.
 *
 * @module
 */
import { setPriority } from 'node:os';
import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import type { ChildStart, HostFunctions } from '../protocol';
import { createRpc, type Port } from '../rpc';
import { toWire } from '../wire-error';
import { endGroup, startGuard } from './guarded';
import { Runner } from './runner';

const start: ChildStart = isMainThread ? JSON.parse(process.argv[2] ?? '') : workerData;
const port = isMainThread ? processPort() : threadPort();
const cpu = isMainThread ? startGuard(start) : undefined;
// On Linux alone a priority is that of a thread. That of a process is set by who started it.
if (!isMainThread && start.nice > 0) setPriority(start.nice);

const runner: Runner = new Runner(() => rpc, cpu);
const rpc = createRpc<HostFunctions, object>(port, {
  run: (...args: Parameters<Runner['run']>) => runner.run(...args),
  abort: (...args: Parameters<Runner['abort']>) => runner.abort(...args),
  callback: (...args: Parameters<Runner['callback']>) => runner.callback(...args),
});

process.on('uncaughtExceptionMonitor', (error) => {
  runner.flush();
  void rpc.$callEvent('dying', toWire(error));
});
process.on('exit', () => runner.flush());

function threadPort(): Port {
  const parent = parentPort as NonNullable<typeof parentPort>;
  return {
    post: (message) => parent.postMessage(message),
    onMessage: (receive) => void parent.on('message', receive),
  };
}

function processPort(): Port {
  // Whoever presses Ctrl-C, or stops the service that this belongs to, means the program: it decides what becomes of its jobs.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
  // The program is gone, however it went.
  process.on('disconnect', endGroup);
  return {
    post: (message) => {
      if (process.connected) process.send?.(message);
    },
    onMessage: (receive) => void process.on('message', receive),
  };
}
