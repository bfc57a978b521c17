/** Change events: made from records, remembered for a while, handed to subscribers in batches. */
import { EVENT_KINDS, type EventKind, type StoreEvent, type SubscribeOptions, type Subscription } from '../store';
import type { Entry } from './entry';
import { progressOf } from './job-of';
import type { StoreRecord } from './records';
import { isoOf } from './time';
import type { JobOp } from './transitions';

/** Events that a subscriber may come back for. */
const HISTORY = 10_000;

const KINDS: Record<Exclude<JobOp, 'retry' | 'fail' | 'report' | 'restore'>, EventKind> = {
  add: 'added',
  start: 'started',
  complete: 'completed',
  skip: 'completed',
  release: 'released',
  await: 'waiting',
  checkpoint: 'checkpoint',
  step: 'step',
  cancel: 'cancelling',
  edit: 'edited',
  remove: 'removed',
  refuse: 'refused',
};

interface Subscriber {
  /** It knows everything up to here already. */
  from: number;
  kinds: readonly EventKind[];
  accepts: (event: StoreEvent) => boolean;
  listener: (events: StoreEvent[]) => void;
}

/**
 * Hands out what happens. Records are turned into events of the kinds alone that somebody listens to, or did so lately: a worker, which
 * only wants to know of cancelled jobs, must not have every start and every outcome told for it.
 */
export class EventHub {
  private readonly subscribers = new Set<Subscriber>();
  private history: StoreEvent[] = [];
  private queued: StoreEvent[] = [];
  /** The kinds that are remembered: events of one after its number are all in `history`, except for those up to `cut`. */
  private readonly floors = new Map<EventKind, number>();
  /** Events up to this number were dropped. */
  private cut = 0;

  /** @param onError hears of listeners that threw; nobody else is disturbed. */
  constructor(
    private readonly now: () => number,
    private readonly onError: (error: unknown) => void = () => {},
  ) {}

  /** Whether there is any kind that somebody wants to hear of. */
  get active(): boolean {
    return this.floors.size > 0;
  }

  get idle(): boolean {
    return this.subscribers.size === 0;
  }

  /** Whether events of this kind are told, or remembered for who comes back. */
  wants(kind: EventKind): boolean {
    return this.floors.has(kind);
  }

  /** Starts to remember events. What came before `seq` is not known. */
  record(seq: number, kinds: readonly EventKind[] = EVENT_KINDS): void {
    for (const kind of kinds) if (!this.floors.has(kind)) this.floors.set(kind, seq);
  }

  /** Forgets the kinds that nobody listens to now. */
  forget(): void {
    const wanted = new Set([...this.subscribers].flatMap(({ kinds }) => [...kinds]));
    for (const kind of this.floors.keys()) if (!wanted.has(kind)) this.floors.delete(kind);
    this.history = this.history.filter(({ kind }) => wanted.has(kind));
    this.queued = this.queued.filter(({ kind }) => wanted.has(kind));
  }

  /** An event happened; it is told by the next `take` and `dispatch`. */
  push(event: StoreEvent): void {
    if (this.wants(event.kind)) this.queued.push(event);
  }

  /** What was pushed since the last time, to be dispatched once it is durable. */
  take(): StoreEvent[] {
    const events = this.queued;
    if (events.length > 0) this.queued = [];
    return events;
  }

  /** Hands events out and remembers them. */
  dispatch(events: StoreEvent[]): void {
    if (events.length === 0 || !this.active) return;
    for (const event of events) this.history.push(event);
    if (this.history.length > HISTORY * 2) {
      const dropped = this.history.length - HISTORY;
      this.cut = (this.history[dropped - 1] as StoreEvent).seq;
      this.history = this.history.slice(dropped);
    }
    for (const subscriber of this.subscribers) this.deliver(subscriber, events);
  }

  /**
   * Tells a listener from now on, or from an earlier position.
   * @param seq number of the newest record: where the subscription starts unless it names an earlier position
   */
  subscribe(options: SubscribeOptions, listener: (events: StoreEvent[]) => void, seq: number): Subscription {
    const { since, kinds = EVENT_KINDS } = options;
    this.record(seq, kinds);
    const subscriber: Subscriber = { from: since ?? seq, kinds, accepts: acceptorOf(options), listener };
    this.subscribers.add(subscriber);
    const floor = Math.max(this.cut, ...kinds.map((kind) => this.floors.get(kind) ?? 0));
    // A position ahead of ours is from a history that this store does not have, for example of a backup: it is void, too.
    const lost = since !== undefined && (since < floor || since > seq);
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

/** The kind of event that a record is told as; undefined: it is not told. */
export function kindOf(record: StoreRecord): EventKind | undefined {
  switch (record.op) {
    case 'worker':
    case 'fire':
      return undefined;
    case 'pause':
      return record.paused ? 'paused' : 'resumed';
    case 'define':
      return 'defined';
    case 'fail':
      return 'failed';
    case 'retry':
      return record.cause === 'crashed' ? 'crashed' : 'retrying';
    case 'restore':
      return record.job.status === 'failed' ? 'failed' : 'edited';
    case 'report':
      // Progress was told when it was reported; its record only keeps it.
      return record.stuck ? 'stuck' : undefined;
    default:
      return KINDS[record.op];
  }
}

/** The event of a record that was just applied. */
export function eventOf(record: StoreRecord, kind: EventKind, entry: Entry | undefined): StoreEvent {
  const event: StoreEvent = { seq: record.seq, at: isoOf(record.at), kind };
  if (record.op === 'pause' && record.type !== undefined) event.type = record.type;
  if (record.op === 'define') {
    const { kind, name, body } = record;
    event.definition = { kind, name, ...(body === '' && { removed: true as const }) };
  }
  if (!entry) return event;
  event.id = entry.id;
  event.type = entry.type;
  event.status = entry.status;
  event.rev = entry.rev;
  event.attempt = entry.attempt;
  if (entry.run?.worker !== undefined) event.worker = entry.run.worker;
  if ('error' in record && record.error) event.error = record.error.message;
  if (record.op === 'skip') event.skipped = true;
  if (record.op === 'step') event.step = record.name;
  if (record.op === 'fail') event.reason = record.reason;
  if (record.op === 'restore' && record.job.reason) event.reason = record.job.reason;
  if ((record.op === 'retry' || record.op === 'release') && record.runAt !== undefined)
    event.runAt = isoOf(record.runAt);
  if (record.op === 'report') {
    event.progress = progressOf(entry);
    if (record.detail !== undefined) event.detail = record.detail;
    if (record.logs) event.logs = record.logs;
  }
  return event;
}
