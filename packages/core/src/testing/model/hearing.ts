import type { JobStore, StoreEvent } from '../../store';
import { difference } from './difference';
import { Listener } from './listener';
import { find, type Reference } from './reference';
import { uniteTakers } from './reference-losses';
import { type Laws, matchEvents, numberFault } from './told';

/** What the main subscription, that of all events, tells: over all restarts. */
export class Hearing {
  /** All of it. */
  readonly told: StoreEvent[] = [];
  /** Progress and log lines that the store may have forgotten since. */
  faded: StoreEvent[] = [];
  readonly #laws: Laws;
  readonly #patience: number;
  #listener = new Listener();
  #seen = 0;
  /** What a subscription that goes on there tells once more. */
  #again: StoreEvent[] = [];
  /** It has just begun to go on: it may say that events are missing. So it may at any time where connections break. */
  #isNew = false;

  constructor(laws: Laws, patience: number) {
    this.#laws = laws;
    this.#patience = patience;
  }

  /** Number of the newest event. */
  get position(): number {
    return this.told.at(-1)?.seq ?? 0;
  }

  /** Goes on with this instance. Returns whether it tells what happened since. */
  async attach(store: JobStore): Promise<boolean> {
    const since = this.position;
    const resumes = store.capabilities.resumableEvents && since > 0;
    this.#listener = new Listener();
    this.#seen = 0;
    this.#isNew = resumes;
    // Progress and log lines carry the number of the last recorded change.
    this.#again = resumes ? this.told.filter((event) => event.seq === since && isReported(event)) : [];
    await store.subscribe(resumes ? { since } : {}, this.#listener.take);
    return resumes;
  }

  /** A store that is opened anew knows what was recorded: progress and log lines are not. */
  forgetReports(): void {
    const recorded = this.told.filter((event) => !isReported(event));
    this.told.splice(0, this.told.length, ...recorded);
  }

  /** If the instance that closed was the one that the others work through, the next one knows what was recorded, and no more. */
  fadeReports(): void {
    this.faded = this.told.filter(isReported);
  }

  /** The one of these that the newest events are right for; a sentence when they are for none. */
  async choose(candidates: Reference[]): Promise<Reference | string> {
    let faults: (string | undefined)[] = [];
    // More may come before this goes on.
    let end = 0;
    const isHeard = (): boolean => {
      end = this.#listener.events.length;
      if (this.#isReset(end)) return true;
      const matches = candidates.map((ref) => matchEvents(ref, this.#news(end), this.#laws));
      faults = matches.map(
        ({ fault, left: [next] }) => fault ?? (next && `the event ${JSON.stringify(next)} is not told`),
      );
      return faults.includes(undefined) || matches.every(({ fault }) => fault !== undefined);
    };
    await this.#listener.until(isHeard, this.#patience);
    const fitting = this.#isReset(end) ? candidates : candidates.filter((_, n) => faults[n] === undefined);
    const [chosen] = fitting;
    if (!chosen) return faults[0] ?? 'nothing fits';
    for (const event of this.#news(end)) {
      learnEnd(chosen, event);
      const fault = this.#laws.lossy ? undefined : numberFault(event, this.position);
      if (fault !== undefined) return fault;
      if (event.kind !== 'reset') this.told.push(event);
    }
    this.#seen = end;
    this.#again = [];
    if (this.#seen > 0) this.#isNew = false;
    chosen.events = [];
    uniteTakers(chosen, fitting);
    return chosen;
  }

  /** Events are missing: what happened is in the state alone. */
  #isReset(end: number): boolean {
    const news = this.#listener.events.slice(this.#seen, end);
    return (this.#isNew || this.#laws.lossy) && news.some(({ kind }) => kind === 'reset');
  }

  #news(end: number): StoreEvent[] {
    const left = [...this.#again];
    return this.#listener.events.slice(this.#seen, end).filter((event) => {
      const at = left.findIndex((known) => difference(known, event) === undefined);
      if (at >= 0) left.splice(at, 1);
      return at < 0;
    });
  }
}

/**
 * Jobs that went back together may have ended in any order, which counts when retention lets the oldest go. One that is put back as it had
 * finished is among the newest.
 */
function learnEnd(ref: Reference, { kind, id }: StoreEvent): void {
  if (kind !== 'completed' && kind !== 'failed' && kind !== 'added') return;
  const one = find(ref, id);
  if (one) one.finishedNo = ++ref.finished;
}

/** Whether it was told when it was reported, and is recorded later, if at all. */
export function isReported({ kind }: StoreEvent): boolean {
  return kind === 'progress' || kind === 'log';
}
