/**
 * Waits for jobs, shows them meanwhile, and runs them here when nobody else does.
 *
 * @module
 */
import type { Cause, Job, JobCalls, JobStore } from '@leviathan/core';

import { CliError } from './errors';
import { EXIT } from './exit-codes';
import type { StopSignal } from './io';
import type { Loaded } from './processors';
import { type Runner, startRunner } from './runner';
import type { Session } from './session';
import { ProgressView } from './terminal/progress-view';

/** How often to look again why a job does not run. */
const LOOK_AGAIN_MS = 1_000;

/** A worker that was started for the sake of one job runs so many: one long job in front does not keep the rest waiting. */
const CONCURRENCY = 4;

/** Causes that a person without a terminal hears of: nothing will happen until somebody does something. */
const NEWS: ReadonlySet<Cause['code']> = new Set(['paused', 'blocked']);

/** What became of the wait. */
export type Followed = { ended: 'all'; jobs: Job[] } | { ended: 'signal'; signal: StopSignal; ranHere: boolean };

/** What to follow, and how. */
export interface FollowOptions {
  ids: string[];
  /** Processors to run the jobs with if no worker takes their types; left out: only wait. */
  loaded?: Loaded;
  /** Milliseconds. */
  timeout?: number;
}

/**
 * Follows jobs to their end.
 * @throws CliError with exit code 124 after `timeout`, and what the store throws
 */
export async function follow(
  session: Session,
  queue: Pick<JobCalls, 'wait'>,
  options: FollowOptions,
): Promise<Followed> {
  const store = await session.store('write');
  const following = new Following(session, store, queue, options);
  try {
    return await following.run();
  } finally {
    await following.stop();
  }
}

class Following {
  private readonly view: ProgressView;
  private readonly abort = new AbortController();
  private readonly open: Set<string>;
  private runner: Runner | undefined;
  private looking: Promise<void> = Promise.resolve();
  private timer: ReturnType<typeof setInterval> | undefined;
  private deadline: ReturnType<typeof setTimeout> | undefined;
  private cleanups: (() => void | Promise<void>)[] = [];
  private advised = false;
  private fail: (error: unknown) => void = () => {};
  private readonly types = new Set<string>();

  constructor(
    private readonly session: Session,
    private readonly store: JobStore,
    private readonly queue: Pick<JobCalls, 'wait'>,
    private readonly options: FollowOptions,
  ) {
    this.view = new ProgressView(session.io, session.out);
    this.open = new Set(options.ids);
  }

  async run(): Promise<Followed> {
    const { ids, timeout } = this.options;
    const signalled = new Promise<StopSignal>((resolve) => {
      this.cleanups.push(this.session.io.signals.graceful(resolve));
    });
    const failed = new Promise<never>((_, reject) => {
      if (timeout !== undefined) {
        this.deadline = setTimeout(() => reject(timedOut(this.open.size)), Math.min(timeout, 2 ** 31 - 1));
      }
      this.fail = reject;
    });
    failed.catch(() => {});
    const subscription = await this.store.subscribe({ ids }, (events) => {
      this.view.apply(events);
      if (events.some((event) => event.kind === 'reset')) void this.read();
    });
    this.cleanups.push(() => subscription.close());
    await this.read();
    this.watch();
    this.view.start();
    const all = Promise.all(
      ids.map(async (id) => {
        const job = await this.queue.wait(id, { signal: this.abort.signal });
        this.open.delete(id);
        return job;
      }),
    );
    // Nobody looks at it any more after a signal or a timeout.
    all.catch(() => {});
    const ended = await Promise.race([
      all.then((jobs) => ({ ended: 'all' as const, jobs })),
      signalled.then((signal) => ({ ended: 'signal' as const, signal })),
      failed,
    ]);
    return ended.ended === 'signal' ? { ...ended, ranHere: this.runner !== undefined } : ended;
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    clearTimeout(this.deadline);
    this.abort.abort();
    await this.looking.catch(() => {});
    this.view.stop();
    // At once: what still runs here goes back to pending, with its attempt unspent.
    await this.runner?.stop(0);
    for (const cleanup of this.cleanups.reverse()) await cleanup();
  }

  private async read(): Promise<void> {
    for (const job of await this.store.get([...this.open])) {
      if (job === null) continue;
      this.types.add(job.type);
      this.view.track(job);
    }
  }

  /** Looks now and then why jobs wait: a worker may leave at any time. The interval also keeps the process alive. */
  private watch(): void {
    let busy = false;
    const look = (): void => {
      if (busy) return;
      busy = true;
      this.looking = this.look()
        .catch(this.fail)
        .finally(() => {
          busy = false;
        });
    };
    this.timer = setInterval(look, LOOK_AGAIN_MS);
    look();
  }

  private async look(): Promise<void> {
    const ids = [...this.open];
    if (ids.length === 0) return;
    const lonely = new Set<string>();
    for (const explanation of await this.store.explain(ids)) {
      if (explanation?.status !== 'pending') continue;
      const missing = explanation.causes.flatMap((cause) => (cause.code === 'no-worker' ? [cause.type] : []));
      for (const type of missing) lonely.add(type);
      // A worker that is about to start here is no news, nor is a queue that moves on.
      const news = explanation.causes.some(
        (cause) => NEWS.has(cause.code) || (cause.code === 'scheduled' && !cause.backoff),
      );
      this.view.waits(explanation.id, missing.some((type) => this.canRun(type)) ? '' : explanation.sentence, news);
    }
    if (lonely.size > 0 && !this.abort.signal.aborted) await this.help(lonely);
  }

  private canRun(type: string): boolean {
    return this.options.loaded?.processors.some((processor) => processor.type === type) === true;
  }

  private async help(types: ReadonlySet<string>): Promise<void> {
    const { loaded } = this.options;
    const canHelp = [...types].some((type) => this.canRun(type));
    if (canHelp && this.runner === undefined) {
      // One worker for all types that are followed, also those that somebody else takes as yet.
      const processors = loaded?.processors.filter(({ type }) => this.types.has(type)) ?? [];
      this.runner = await startRunner(
        this.store,
        { processors, services: loaded?.services ?? [], plugins: loaded?.plugins ?? [] },
        { concurrency: CONCURRENCY, onError: (message) => this.view.note(`warning: ${message}`) },
      );
    } else if (!canHelp && !this.advised) {
      this.advised = true;
      this.view.note(`No worker takes ${[...types].join(', ')}: start one with "leviathan work".`);
    }
  }
}

function timedOut(left: number): CliError {
  return new CliError(
    'TIMEOUT',
    EXIT.timeout,
    `${left === 1 ? 'The job has' : `${left} jobs have`} not ended in time.`,
    'They stay in the queue: leviathan explain <id> tells what they wait for.',
  );
}
