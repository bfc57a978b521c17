/**
 * Counts what happens, by type and time. All comes from the records and the index alone, so that every store counts the same, and a replay counts
 * what was counted live.
 *
 * A persistent store keeps the counters in its snapshot, as they are when the last job of it was written: `countedTo` is the number of
 * the newest record in them. The records behind that find each job as it was when they first happened, so counting goes on exactly there.
 *
 * @module
 */
import { MAX_COUNTED_TYPES, OTHER_TYPES } from '../history';
import type { Entry } from './entry';
import type { StoreRecord } from './records';
import { ADDED, addTime, COMPLETED, FAILED, mergeText, RETRIED, RUN, STARTED, type Tally, textOf, WAIT } from './tally';
import { SPAN_NAMES, type Span, TimeSeries } from './time-series';

/** Counters of one type and length of spans, as a snapshot keeps them. */
export interface HistoryLine {
  type: string;
  /** `total`: one tally, of all time. */
  span: Span | 'total';
  /** See `SpanList`; of the total always -1. */
  dropped: number;
  /** JSON: of a total a tally, otherwise a list of `[start, tally]`. */
  body: string;
}

/** See the module. */
export class History {
  /** Records up to this number are counted already. */
  countedTo = 0;
  private readonly series = new Map<string, TimeSeries>();
  private recent: TimeSeries | undefined;
  private recentType: string | undefined;

  /**
   * Counts a record that is about to change this entry (of an `add`: has made it).
   * @param find Finds other jobs: the parents that it waited for
   */
  count(record: StoreRecord, entry: Entry, find: (id: string) => Entry | undefined): void {
    switch (record.op) {
      case 'add':
        // A finished job that is adopted ran elsewhere.
        if (entry.status === 'pending') (this.tallyOf(entry, record)[ADDED] as number)++;
        return;
      case 'start': {
        const tally = this.tallyOf(entry, record);
        (tally[STARTED] as number)++;
        addTime(tally, WAIT, record.at - readySince(entry, find));
        return;
      }
      case 'complete': {
        const tally = this.tallyOf(entry, record);
        (tally[COMPLETED] as number)++;
        addTime(tally, RUN, record.at - startedAt(entry, record));
        return;
      }
      case 'skip':
        (this.tallyOf(entry, record)[COMPLETED] as number)++;
        return;
      case 'retry': {
        const tally = this.tallyOf(entry, record);
        (tally[RETRIED] as number)++;
        if (record.cause === 'failed') addTime(tally, RUN, record.at - startedAt(entry, record));
        return;
      }
      case 'fail': {
        const tally = this.tallyOf(entry, record);
        (tally[FAILED] as number)++;
        if (entry.status === 'active' && !record.crashed && !record.taken)
          addTime(tally, RUN, record.at - startedAt(entry, record));
        return;
      }
      case 'restore': {
        // A change undone is one made, so it counts as the change that does the same.
        const { status } = record.job;
        if (status !== entry.status) (this.tallyOf(entry, record)[status === 'failed' ? FAILED : RETRIED] as number)++;
      }
    }
  }

  /** The counters of each type, up to the newest record. */
  read(): ReadonlyMap<string, TimeSeries> {
    for (const series of this.series.values()) series.close();
    return this.series;
  }

  /** The counters as they are at this moment. Their texts are made when they are asked for, which may be later. */
  freeze(): Iterable<HistoryLine> {
    const frozen = [...this.read()].map(([type, { spans, total }]) => ({
      type,
      total: textOf(total),
      lists: SPAN_NAMES.map((span) => {
        const { starts, texts, dropped } = spans[span];
        return { span, dropped, starts: [...starts], texts: [...texts] };
      }),
    }));
    return linesOf(frozen);
  }

  /** Takes over what {@link History.freeze} gave. */
  load({ type, span, dropped, body }: HistoryLine): void {
    const series = this.make(type);
    if (span === 'total') {
      mergeText(series.total, body);
      return;
    }
    const list = series.spans[span];
    list.dropped = dropped;
    for (const [start, tally] of JSON.parse(body) as [number, unknown][]) {
      list.starts.push(start);
      list.texts.push(JSON.stringify(tally));
    }
  }

  private tallyOf({ type }: Entry, { at }: StoreRecord): Tally {
    if (type !== this.recentType || !this.recent) {
      this.recentType = type;
      this.recent = this.series.get(type) ?? this.make(this.series.size < MAX_COUNTED_TYPES ? type : OTHER_TYPES);
    }
    return this.recent.at(at);
  }

  private make(type: string): TimeSeries {
    let series = this.series.get(type);
    if (!series) {
      series = new TimeSeries();
      this.series.set(type, series);
    }
    return series;
  }
}

interface Frozen {
  type: string;
  total: string;
  lists: { span: Span; dropped: number; starts: number[]; texts: string[] }[];
}

function* linesOf(frozen: Frozen[]): Generator<HistoryLine, void> {
  for (const { type, total, lists } of frozen) {
    yield { type, span: 'total', dropped: -1, body: total };
    for (const { span, dropped, starts, texts } of lists) {
      yield { type, span, dropped, body: `[${starts.map((start, i) => `[${start},${texts[i]}]`).join(',')}]` };
    }
  }
}

/** When the pending job could run; see `HistoryStats.wait`. */
export function readySince({ runAt, created, run, extra }: Entry, find: (id: string) => Entry | undefined): number {
  if (runAt > 0) return runAt;
  // It went back to pending: that was its last change, unless somebody edited it since.
  if (run?.started !== undefined) return run.updated;
  let since = created;
  // Finished parents stay in the store as long as they are needed.
  for (const id of extra?.dependsOn ?? []) since = Math.max(since, find(id)?.run?.finished ?? 0);
  return since;
}

function startedAt({ run }: Entry, { at }: StoreRecord): number {
  return run?.started ?? at;
}
