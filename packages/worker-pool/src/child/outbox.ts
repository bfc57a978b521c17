/**
 * What a handler tells, gathered into few messages.
 *
 * @module
 */
import type { JobContext, Json } from '@leviathan/core';
import type { Tell } from '../protocol';

/** Milliseconds between two messages of a handler that tells all the time; the first of a quiet time goes out at once. */
const INTERVAL_MS = 25;

/** How many lines a job keeps. */
const MAX_LOGS = 100;

/** Keeps the order; of several progresses in a row, and of more lines than a job keeps, the newest. */
export class Outbox {
  readonly #send: (tells: Tell[]) => void;
  #tells: Tell[] = [];
  #logs = 0;
  #last = Number.NEGATIVE_INFINITY;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(send: (tells: Tell[]) => void) {
    this.#send = send;
  }

  progress(percent: number, detail?: Json): void {
    const tell: Tell = detail === undefined ? ['progress', percent] : ['progress', percent, shown(detail)];
    const before = this.#tells.at(-1);
    // A detail that is not told again stays.
    if (before?.[0] === 'progress')
      this.#tells[this.#tells.length - 1] = [...tell, ...before.slice(tell.length)] as Tell;
    else this.#tells.push(tell);
    this.#schedule();
  }

  log(message: string, options: Parameters<JobContext['log']>[1] = {}): void {
    const { level, fields } = options;
    const sent = { ...(level && { level }), ...(fields !== undefined && { fields: shown(fields) }) };
    this.#tells.push(['log', String(message), sent]);
    if (++this.#logs > 2 * MAX_LOGS) this.#dropOld();
    this.#schedule();
  }

  /** Sends all there is, now. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#tells.length === 0) return;
    this.#last = performance.now();
    this.#logs = 0;
    this.#send(this.#tells.splice(0));
  }

  #schedule(): void {
    const wait = this.#last + INTERVAL_MS - performance.now();
    // By the time and not by a timer alone: a handler that computes lets no timer through.
    if (wait <= 0) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), wait);
  }

  #dropOld(): void {
    const newest = this.#tells.filter(([name]) => name === 'log').slice(-MAX_LOGS);
    const kept = new Set(newest);
    this.#tells = this.#tells.filter((tell) => tell[0] !== 'log' || kept.has(tell));
    this.#logs = newest.length;
  }
}

/** As JSON: whatever is told beside the work must not break it by being something that cannot be sent. */
function shown(value: Json): Json {
  try {
    return JSON.parse(JSON.stringify(value)) as Json;
  } catch (error) {
    return `[${error instanceof Error ? error.message : String(error)}]`;
  }
}
