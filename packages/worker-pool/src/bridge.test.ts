import { Readable } from 'node:stream';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { type JobContext, systemClock } from '@leviathan/core';
import { expect, it, onTestFinished } from 'vitest';
import { Runner } from './child/runner';
import { PooledWorker } from './pooled-worker';
import type { ChildFunctions, HostFunctions } from './protocol';
import { createRpc, type Port } from './rpc';
import { Slices } from './slices';

const portOf = (port: MessagePort): Port => ({
  post: (message) => port.postMessage(message),
  onMessage: (receive) => void port.on('message', receive),
});

/** Both sides in one thread; runs a handler, given as the source of a module, against this context. */
async function run(handler: string, context: Partial<Record<keyof JobContext, unknown>>): Promise<unknown> {
  const { port1, port2 } = new MessageChannel();
  onTestFinished(() => port1.close());
  const runner: Runner = new Runner(() => rpc, undefined);
  const functions: ChildFunctions = {
    run: (order) => runner.run(order),
    abort: (key, reason) => runner.abort(key, reason),
    callback: (key, ref, args) => runner.callback(key, ref, args),
  };
  const rpc = createRpc<HostFunctions, object>(portOf(port2), functions);
  const worker = new PooledWorker({
    carrier: {
      ...portOf(port1),
      name: 'both sides',
      output: { stdout: Readable.from([]), stderr: Readable.from([]) },
      ended: new Promise(() => {}),
      kill: () => {},
    },
    target: { module: `data:text/javascript,${encodeURIComponent(handler)}`, handler: 'default', isolation: {} },
    clock: systemClock,
    logger: undefined,
    slices: new Slices(),
    onRoom: () => {},
  });
  const given = { job: { id: 'j', attempt: 1 }, signal: new AbortController().signal, ...context };
  return worker.run(given as unknown as JobContext);
}

it('calls functions that a handler passes where they were made', async () => {
  const parents = async (by: (n: number) => Promise<number>): Promise<number> => (await by(20)) + 1;
  const handler = 'const two = 2; export default ({ parents }) => parents(async (n) => n * two)';
  expect(await run(handler, { parents })).toBe(41);
});

it('has what such a function throws thrown by the call', async () => {
  const parents = (by: () => Promise<never>): Promise<never> => by();
  const handler = 'export default ({ parents }) => parents(() => { throw new RangeError("mine") })';
  await expect(run(handler, { parents })).rejects.toMatchObject({ name: 'RangeError', message: 'mine' });
});

it('gives back the very error that a call of the context threw, when the handler throws it on', async () => {
  const error = new TypeError('ours');
  const parents = (): Promise<never> => Promise.reject(error);
  expect(await run('export default ({ parents }) => parents()', { parents }).catch((thrown) => thrown)).toBe(error);
  const wrapped = 'export default ({ parents }) => parents().catch((cause) => { throw new Error("mine", { cause }) })';
  const thrown = await run(wrapped, { parents }).catch((thrown) => thrown);
  expect(thrown).not.toBe(error);
  expect(thrown).toMatchObject({ message: 'mine', cause: { name: 'TypeError', message: 'ours' } });
});

it('lets a handler call no other function of the program', async () => {
  const reached = await run('export default (context) => Object.keys(context).sort().join()', {
    secret: () => 1,
  } as never);
  expect(reached).toBe('attempt,checkpoint,children,input,job,lastCheckpoint,log,parents,progress,signal,step');
});
