/**
 * `workers-3`: three processes with a worker each share one queue, whose jobs were added before; from the word to start until the last
 * outcome of all three is acknowledged.
 */
import type { Channel } from '../channel';
import { assertUnfinished } from '../check';
import { engineNamed } from '../engines';
import type { Work } from '../engines/engine';
import { now, pause } from '../now';
import { addBefore } from '../preloaded';
import type { Task } from '../spawn';
import type { TaskParams } from '../task-params';
import { type Metric, rate, type Trial } from './metric';

const PROCESSES = 3;
const CONCURRENCY = 100;
/** How often a process tells how many jobs it has handled: the end of three seconds is seen by so much too late. */
const TELL_MS = 5;

type Command =
  | { add: number }
  | { prepare: true }
  | { start: true }
  | { finish: true }
  | { assertUnfinished: number }
  | { close: true };

interface WorkerParams extends TaskParams {
  first: boolean;
}

/** One of the processes: does what it is told, and tells how many jobs it has handled. */
export async function workerTask({ engine, options, first }: WorkerParams, channel: Channel): Promise<void> {
  const session = await engineNamed(engine).open({ ...options, first });
  let handled = 0;
  let told = 0;
  let work: Work | undefined;
  const timer = setInterval(() => {
    if (handled === told) return;
    told = handled;
    void channel.send({ handled });
  }, TELL_MS);
  await channel.send({ done: now() });
  for (;;) {
    const command = (await channel.receive()) as Command;
    let end = 0;
    if ('add' in command) {
      await addBefore(session, command.add);
      await session.rest?.();
    }
    if ('prepare' in command) work = await session.prepare({ concurrency: CONCURRENCY, onJob: () => handled++ });
    if ('start' in command) await work?.start();
    if ('finish' in command) end = (await work?.finish()) ?? 0;
    if ('assertUnfinished' in command) await assertUnfinished(session, command.assertUnfinished);
    if ('close' in command) break;
    await channel.send({ done: end });
  }
  clearInterval(timer);
  await session.close();
}

/** The runner's view of one process. */
class WorkerProcess {
  handled = 0;
  #answers: ((end: number) => void)[] = [];
  #fail: (error: unknown) => void = () => {};

  /** Rejects when the process dies. */
  readonly failed = new Promise<never>((_, reject) => {
    this.#fail = reject;
  });

  constructor(
    private readonly task: Task<void>,
    private readonly onReport: () => void,
  ) {
    this.failed.catch(() => {});
    this.#listen().catch((error) => this.#fail(error));
  }

  /** Gives a command and waits until it is done. */
  async tell(command: Command): Promise<number> {
    await this.task.send(command);
    return this.answer();
  }

  answer(): Promise<number> {
    return Promise.race([new Promise<number>((resolve) => this.#answers.push(resolve)), this.failed]);
  }

  async close(): Promise<void> {
    await this.task.send({ close: true });
    await this.task.result;
  }

  async #listen(): Promise<void> {
    for (;;) {
      const message = await this.task.receive<{ done: number } | { handled: number }>();
      if ('handled' in message) {
        this.handled = message.handled;
        this.onReport();
      } else if ('done' in message) {
        this.#answers.shift()?.(message.done);
      }
    }
  }
}

async function measure({ start, scale, sync }: Trial): Promise<number> {
  const processes: WorkerProcess[] = [];
  let total = 0;
  let allHandled: () => void = () => {};
  const count = (): void => {
    if (processes.reduce((sum, { handled }) => sum + handled, 0) >= total) allHandled();
  };
  for (let i = 0; i < PROCESSES; i++) {
    const process = new WorkerProcess(start<void>('worker', { first: i === 0 }), count);
    await process.answer();
    processes.push(process);
  }
  const [first] = processes as [WorkerProcess];
  const all = (command: Command): Promise<number[]> => Promise.all(processes.map((process) => process.tell(command)));

  async function workThrough(jobs: number): Promise<number> {
    await first.tell({ add: jobs });
    await pause(scale.settle);
    await sync();
    await all({ prepare: true });
    total += jobs;
    const handled = new Promise<void>((resolve) => {
      allHandled = resolve;
    });
    const from = now();
    await all({ start: true });
    await Promise.race([handled, ...processes.map(({ failed }) => failed)]);
    const ends = await all({ finish: true });
    return Math.max(...ends) - from;
  }

  await workThrough(scale.warmup);
  const milliseconds = await workThrough(scale.jobs);
  await first.tell({ assertUnfinished: 0 });
  // The owner last: nobody has to take over.
  for (const process of processes.reverse()) await process.close();
  return (scale.jobs / milliseconds) * 1000;
}

export const workers3: Metric = {
  name: 'workers-3',
  series: rate('workers-3'),
  durabilities: ['process', 'power'],
  takes: (engine) => !engine.singleProcess,
  variants: (engine, durability) => engine.workVariants?.(CONCURRENCY, durability) ?? [{}],
  fitted: true,
  measure: async (trial) => ({ 'workers-3': await measure(trial) }),
};
