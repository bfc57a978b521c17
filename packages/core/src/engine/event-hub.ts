/** Change events: made from records, remembered for a while, handed to subscribers in batches. */
import type { EventKind, StoreEvent, SubscribeOptions, Subscription } from '../store';
import { type Entry, progressOf } from './entry';
import type { StoreRecord } from './records';
import { isoOf } from './time';
import type { JobOp } from './transitions';

/** Events that a subscriber may come back for. */
const HISTORY = 10_000;

const KINDS: Record<Exclude<JobOp, 'retry' | 'fail'>, EventKind> = {
  add: 'added',
  start: 'started',
  complete: 'completed',
  release: 'released',
  report: 'progress',
  checkpoint: 'checkpoint',
  cancel: 'cancelling',
  edit: 'edited',
  remove: 'removed',
  refuse: 'refused',
};

interface Subscriber {
  /** It knows everything up to here already. */
  from: number;
  accepts: (event: StoreEvent) => boolean;
  listener: (events: StoreEvent[]) => void;
}

/** Hands out what happens. Records are turned into events only while somebody listens, or did so lately. */
export class EventHub {
  private readonly subscribers = new Set<Subscriber>();
  private history: StoreEvent[] = [];
  private queued: StoreEvent[] = [];
  /** Events after this number are all in `history`. */
  private floor = 0;
  private recording = false;

  /** @param onError hears of listeners that threw; nobody else is disturbed. */
  constructor(
    private readonly now: () => number,
    private readonly onError: (error: unknown) => void = () => {},
  ) {}

  get active(): boolean {
    return this.recording;
  }

  get idle(): boolean {
    return this.subscribers.size === 0;
  }

  /** Starts to remember events. What came before `seq` is not known. */
  record(seq: number): void {
    if (this.recording) return;
    this.recording = true;
    this.floor = seq;
  }

  /** Stops, and forgets. */
  forget(): void {
    this.recording = false;
    this.history = [];
    this.queued = [];
  }

  /** An event happened; it is told by the next `take` and `dispatch`. */
  push(event: StoreEvent): void {
    if (this.recording) this.queued.push(event);
  }

  /** What was pushed since the last time, to be dispatched once it is durable. */
  take(): StoreEvent[] {
    const events = this.queued;
    this.queued = [];
    return events;
  }

  /** Hands events out and remembers them. */
  dispatch(events: StoreEvent[]): void {
    if (events.length === 0 || !this.recording) return;
    for (const event of events) this.history.push(event);
    if (this.history.length > HISTORY * 2) {
      const cut = this.history.length - HISTORY;
      this.floor = (this.history[cut - 1] as StoreEvent).seq;
      this.history = this.history.slice(cut);
    }
    for (const subscriber of this.subscribers) this.deliver(subscriber, events);
  }

  /**
   * Tells a listener from now on, or from an earlier position.
   * @param seq number of the newest record: where the subscription starts unless it names an earlier position
   */
  subscribe(options: SubscribeOptions, listener: (events: StoreEvent[]) => void, seq: number): Subscription {
    this.record(seq);
    const { since } = options;
    const subscriber: Subscriber = { from: since ?? seq, accepts: acceptorOf(options), listener };
    this.subscribers.add(subscriber);
    // A position ahead of ours is from a history that this store does not have, for example of a backup: it is void, too.
    const lost = since !== undefined && (since < this.floor || since > seq);
    if (lost) subscriber.from = seq;
    const missed = lost
      ? [{ seq, at: isoOf(this.now()), kind: 'reset' as const }]
      : since === undefined
        ? []
        : [...this.history];
    // After the caller has its subscription in hand.
    if (missed.length > 0) queueMicrotask(() => this.deliver(subscriber, missed));
    return {
      seq,
      close: async () => {
        this.subscribers.delete(subscriber);
      },
    };
  }

  private deliver(subscriber: Subscriber, events: StoreEvent[]): void {
    if (!this.subscribers.has(subscriber)) return;
    const accepted = events.filter(
      (event) => event.kind === 'reset' || (isNews(event, subscriber.from) && subscriber.accepts(event)),
    );
    if (accepted.length === 0) return;
    try {
      subscriber.listener(accepted);
    } catch (error) {
      this.onError(error);
    }
  }
}

/** Progress and log lines carry the number of the last recorded change, so an equal number may be new. */
function isNews(event: StoreEvent, from: number): boolean {
  return event.seq > from || (event.seq === from && (event.kind === 'progress' || event.kind === 'log'));
}

function acceptorOf({ kinds, types, ids, worker }: SubscribeOptions): (event: StoreEvent) => boolean {
  const kindSet = kinds && new Set(kinds);
  const typeSet = types && new Set<string | undefined>(types);
  const idSet = ids && new Set<string | undefined>(ids);
  return (event) =>
    (!kindSet || kindSet.has(event.kind)) &&
    (!typeSet || typeSet.has(event.type)) &&
    (!idSet || idSet.has(event.id)) &&
    (worker === undefined || event.worker === worker);
}

/** The event of a record that was just applied. */
export function eventOf(record: Exclude<StoreRecord, { op: 'worker' }>, entry: Entry | undefined): StoreEvent {
  const at = isoOf(record.at);
  if (record.op === 'pause') {
    return {
      seq: record.seq,
      at,
      kind: record.paused ? 'paused' : 'resumed',
      ...(record.type !== undefined && { type: record.type }),
    };
  }
  const event: StoreEvent = { seq: record.seq, at, kind: kindOf(record) };
  if (!entry) return event;
  Object.assign(event, {
    id: entry.id,
    type: entry.type,
    status: entry.status,
    rev: entry.rev,
    attempt: entry.attempt,
  });
  if (entry.run?.worker !== undefined) event.worker = entry.run.worker;
  if ('error' in record && record.error) event.error = record.error.message;
  if (record.op === 'fail') event.reason = record.reason;
  if (record.op === 'retry' && record.runAt !== undefined) event.runAt = isoOf(record.runAt);
  if (record.op === 'report') {
    event.progress = progressOf(entry);
    if (record.detail !== undefined) event.detail = record.detail;
    if (record.logs) event.logs = record.logs;
  }
  return event;
}

function kindOf(record: Extract<StoreRecord, { op: JobOp }>): EventKind {
  if (record.op === 'fail') return 'failed';
  if (record.op === 'retry') return record.cause === 'crashed' ? 'crashed' : 'retrying';
  if (record.op === 'report' && record.stuck) return 'stuck';
  return KINDS[record.op];
}
