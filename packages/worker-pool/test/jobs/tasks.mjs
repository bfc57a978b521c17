/** Handlers that do what jobs do, and what they should not. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { getPriority } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { isMainThread, threadId } from 'node:worker_threads';

export default ({ input }) => ({ doubled: input * 2, isMainThread, pid: process.pid });

export const where = async ({ input }) => {
  if (input?.wait) await sleep(input.wait);
  return { pid: process.pid, threadId, priority: getPriority() };
};

export const told = async ({ input, job, attempt, progress, log, checkpoint, lastCheckpoint, parents }) => {
  progress(10, { step: 'one' });
  log('first', { level: 'debug', fields: { n: 1 } });
  log('second');
  await checkpoint({ at: 'half' });
  log('third', { level: 'warn' });
  progress(90);
  const results = (await parents()).map((parent) => parent?.result);
  return { input, id: job.id, type: job.type, attempt, lastCheckpoint: lastCheckpoint ?? null, parents: results };
};

export const whole = async ({ input, job, step, children }) => {
  const first = await step('first', () => `done in run ${(job.children?.length ?? 0) + 1}`);
  const parts = await children('parts', [
    { type: 'default', data: input },
    { type: 'default', data: input + 1 },
  ]);
  return { first, doubled: parts.map((part) => part.result.doubled) };
};

export const chatty = ({ input, progress, log }) => {
  for (let i = 1; i <= input; i++) {
    progress((i / input) * 100, { i });
    log(`line ${i}`);
  }
};

export const prints = () => {
  console.log('to stdout');
  console.error('to stderr');
  process.stdout.write('without an end');
};

export const throwsError = () => {
  const cause = new TypeError('the cause');
  throw Object.assign(new RangeError('too far', { cause }), { code: 'TOO_FAR', status: 429 });
};
export const throwsText = () => Promise.reject('just a text');
export const throwsObject = () => Promise.reject({ odd: true });
export const throwsFunction = () => Promise.reject(() => {});
export const throwsUnrecoverable = () => {
  throw Object.assign(new Error('never again'), { code: 'UNRECOVERABLE' });
};
export const returnsFunction = () => () => {};
export const badCheckpoint = ({ checkpoint }) => checkpoint({ big: 1n });

export const exits = () => process.exit(7);
export const exitsAfterTelling = ({ log }) => {
  log('one');
  log('last words');
  process.exit(7);
};
export const uncaught = () =>
  new Promise(() => {
    setTimeout(() => {
      throw Object.assign(new Error('nobody catches it'), { code: 'LOST' });
    }, 5);
  });
export const unhandled = () => new Promise(() => void Promise.reject(new Error('nobody awaits it')));
export const killsItself = () => {
  process.kill(process.pid, 'SIGKILL');
  return new Promise(() => {});
};
export const heap = () => {
  const all = [];
  for (;;) all.push(new Array(10_000).fill(Math.random()));
};
export const buffers = async () => {
  const all = [];
  for (;;) {
    all.push(Buffer.alloc(8 * 2 ** 20, 1));
    await sleep(1);
  }
};
export const holds = ({ input }) => {
  globalThis.held = Buffer.alloc(input * 2 ** 20, 1);
  globalThis.objects = Array.from({ length: input * 10_000 }, (_, i) => ({ i }));
  return { pid: process.pid, threadId };
};

export const spins = ({ log }) => {
  log('spins');
  for (;;);
};
export const burns = ({ input }) => {
  const end = Date.now() + input;
  while (Date.now() < end);
  return input;
};
export const waits = async ({ log, signal }) => {
  log('waits');
  await once(signal, 'abort');
  log(`stops: ${signal.reason.code}`);
  await sleep(1);
  throw signal.reason;
};
export const ignores = async ({ log }) => {
  log('ignores');
  await sleep(60_000);
};
export const finishes = async ({ log, signal }) => {
  log('waits');
  if (!signal.aborted) await once(signal, 'abort');
  return 'done all the same';
};

export const nap = async ({ input }) => {
  await sleep(input.ms);
  return input.n;
};

export const spawns = async ({ log }) => {
  const { child } = { child: execFile(process.execPath, ['-e', 'setInterval(() => {}, 1000)']) };
  log(`child ${child.pid}`);
  await sleep(60_000);
};

/** For workers that run several jobs: does what its input says. */
export const mixed = async ({ input, checkpoint, lastCheckpoint, log, signal }) => {
  log(input);
  if (input === 'exits') process.exit(1);
  if (input === 'second time' && lastCheckpoint === 'started') return 'done';
  if (input === 'second time') await checkpoint('started');
  if (input === 'heeds') {
    await once(signal, 'abort');
    log('stops');
    throw signal.reason;
  }
  await sleep(60_000);
};

/** Says who it is, then blocks its process or leaves it idle, for as long as it is left alive. */
export const saysPid = async ({ input, log }) => {
  log(`pid ${process.pid}`);
  await sleep(input.before);
  if (input.spins) for (;;);
  await sleep(input.ms);
};
