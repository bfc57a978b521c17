/**
 * The counters of one type over time: by minutes, hours and days, and all together.
 *
 * What happens is counted in the minute that is open. When the next one begins its tally is added to its hour, its day and the total, and kept as
 * text. A clock that is set back opens a minute again: what it counts is added to what stands there already. So that a clock that once went
 * astray costs no history, the oldest spans go by number and not by age.
 *
 * @module
 */
import { merge, mergeText, newTally, type Tally, textOf } from './tally';

const MINUTE = 60_000;

/** Lengths of the spans, in milliseconds, and how many of each are kept: the last in which something happened. */
export const SPANS = {
  minute: { length: MINUTE, kept: 2 * 24 * 60 },
  hour: { length: 60 * MINUTE, kept: 31 * 24 },
  day: { length: 24 * 60 * MINUTE, kept: 400 },
} as const;

/** One of {@link SPANS}. */
export type Span = keyof typeof SPANS;

/** All of them, the shortest first. */
export const SPAN_NAMES: readonly Span[] = ['minute', 'hour', 'day'];

/** The spans of one length in which something happened, the oldest first. */
export class SpanList {
  readonly starts: number[] = [];
  /** See `tally.ts`. */
  readonly texts: string[] = [];
  /** Start of the newest span that is not kept any more; -1: there is none. */
  dropped = -1;

  constructor(private readonly kept: number) {}

  /** Adds to the span that starts then. */
  add(start: number, tally: Tally): void {
    const { starts, texts } = this;
    let i = starts.length;
    while (i > 0 && (starts[i - 1] as number) > start) i--;
    if (starts[i - 1] === start) {
      const sum = tally.slice();
      mergeText(sum, texts[i - 1] as string);
      texts[i - 1] = textOf(sum);
      return;
    }
    starts.splice(i, 0, start);
    texts.splice(i, 0, textOf(tally));
    if (starts.length <= this.kept) return;
    this.dropped = Math.max(this.dropped, starts.shift() as number);
    texts.shift();
  }
}

/** See the module. */
export class TimeSeries {
  readonly spans: Record<Span, SpanList> = {
    minute: new SpanList(SPANS.minute.kept),
    hour: new SpanList(SPANS.hour.kept),
    day: new SpanList(SPANS.day.kept),
  };
  /** Of all minutes that were closed. */
  readonly total = newTally();
  private readonly open = newTally();
  private minute = Number.NEGATIVE_INFINITY;

  /** Where to count what happened then. */
  at(time: number): Tally {
    if (time < this.minute || time >= this.minute + MINUTE) {
      this.close();
      this.minute = startOf(time, MINUTE);
    }
    return this.open;
  }

  /** Adds what was counted since the last time to its spans. */
  close(): void {
    if (this.minute === Number.NEGATIVE_INFINITY) return;
    for (const span of SPAN_NAMES) this.spans[span].add(startOf(this.minute, SPANS[span].length), this.open);
    merge(this.total, this.open);
    this.open.fill(0);
    this.minute = Number.NEGATIVE_INFINITY;
  }
}

/** The start of the span of this length that holds the time. */
export function startOf(time: number, length: number): number {
  return Math.floor(time / length) * length;
}
