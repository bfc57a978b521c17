/**
 * Letting a queue run dry on a clock under control.
 *
 * @module
 */
import type { JobCounts, JobStore } from '../store';
import type { FakeClock } from './fake-clock';

/** How far `drain` goes. */
export interface DrainOptions {
  /** Milliseconds on the fake clock after which it gives up; 30 days by default. */
  limit?: number;
  /**
   * Real milliseconds without any news after which a running handler counts as waiting for the clock: then the time goes on, so that its
   * timeout comes. After 16 times as long, with no timer left, it gives up. More than the longest pause of a handler that does real I/O;
   * 250 by default.
   */
  quiet?: number;
}

const DAY_MS = 24 * 60 * 60 * 1000;

/** Quiet times in a row, with no timer left, after which it gives up: by default 4 s, less than most runners give a test. */
const PATIENCE = 16;

/** Jobs that an error names. */
const MAX_NAMED = 5;

/** The real ones, should a test replace the global ones by fakes. */
const { setTimeout, clearTimeout } = globalThis;

/**
 * Moves the clock until no job is pending or active: from one wait (a time, a backoff, a timeout) to the next, while handlers run for as
 * long as they really take.
 * @throws Error when that cannot come to an end, saying why each job is left.
 */
export async function drain(
  store: JobStore,
  clock: FakeClock,
  { limit = 30 * DAY_MS, quiet = 250 }: DrainOptions = {},
): Promise<void> {
  const end = clock.monotonic() + limit;
  const news = new News();
  const subscription = await store.subscribe({}, () => news.tell());
  try {
    for (let silent = 0; ; ) {
      news.forget();
      const counts = await store.counts();
      if (counts.pending + counts.active === 0) return;
      const busy = counts.active > 0 || counts.waiting.ready > 0;
      if (!busy && counts.waiting.scheduled === 0) throw await stuck(store, 'the clock does not help');
      if (busy && (await news.within(quiet))) {
        silent = 0;
        continue;
      }
      silent = busy ? silent + 1 : 0;
      const left = clock.untilNext;
      if (left === undefined && silent >= PATIENCE)
        throw await stuck(store, `nothing happened for ${silent * quiet} ms`);
      if (left === undefined) continue;
      if (clock.monotonic() + left > end) throw await stuck(store, `${limit} ms have passed on the clock`);
      await clock.advance(left);
    }
  } finally {
    await subscription.close();
  }
}

/** Whether anything was told since the last look. */
class News {
  #told = false;
  #wake: (() => void) | undefined;

  tell(): void {
    this.#told = true;
    this.#wake?.();
  }

  forget(): void {
    this.#told = false;
  }

  /** True as soon as something was told, false when nothing is for so many real milliseconds. */
  async within(ms: number): Promise<boolean> {
    if (!this.#told) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.#wake = undefined;
    }
    return this.#told;
  }
}

async function stuck(store: JobStore, why: string): Promise<Error> {
  const { jobs } = await store.list({ filter: { status: ['pending', 'active'] }, limit: MAX_NAMED });
  const left = jobs.map((job) => job.id);
  const reasons = (await store.explain(left)).map(
    (explanation, n) => `${left[n]} (${jobs[n]?.type}): ${explanation?.sentence}`,
  );
  const counts: JobCounts = await store.counts();
  const total = counts.pending + counts.active;
  return new Error(
    `The queue does not run dry: ${why}, and ${total} ${total === 1 ? 'job is' : 'jobs are'} left.\n${reasons.join('\n')}`,
  );
}
