/**
 * A worker thread.
 *
 * @module
 */
import { Worker } from 'node:worker_threads';
import type { Carrier, Ending } from './carrier';
import type { ChildStart } from './protocol';

/** Starts the program in a thread. Its memory limit is one of the engine: it bounds the JavaScript heap. */
export function startThread(program: URL, start: ChildStart): Carrier {
  const { memory } = start;
  const worker = new Worker(program, {
    workerData: start,
    stdout: true,
    stderr: true,
    ...(memory !== undefined && { resourceLimits: { maxOldGenerationSizeMb: memory } }),
  });
  const ended = new Promise<Ending>((resolve) => {
    let error: unknown;
    worker.on('error', (cause) => {
      error = cause;
    });
    worker.once('exit', (exitCode) => {
      const limit = (error as { code?: unknown })?.code === 'ERR_WORKER_OUT_OF_MEMORY' ? 'memory' : undefined;
      resolve({ exitCode, error, limit });
    });
  });
  return {
    name: `thread ${worker.threadId}`,
    output: worker,
    ended,
    post: (message) => worker.postMessage(message),
    onMessage: (receive) => void worker.on('message', receive),
    kill: () => void worker.terminate(),
  };
}
