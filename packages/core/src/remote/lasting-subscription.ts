/**
 * A subscription that outlives the stores it is made on.
 *
 * @module
 */
import type { JobLog } from '../job';
import type { JobStore, StoreEvent, SubscribeOptions, Subscription } from '../store';

/** A store, and the line of sequence numbers that it continues. */
export interface EventSource {
  store: JobStore;
  /** Stores of the same name count on where the other stopped. */
  lineage: string;
}

/** Log lines that are remembered at most. */
const MAX_TOLD = 1_000;

/** Goes on where it was, on the next store; tells a `reset` where that cannot be. */
export class LastingSubscription {
  /** Resolves with the position of the first start, or rejects when it could not start. */
  readonly started: Promise<number>;
  private begin!: (seq: number) => void;
  private refuse!: (error: unknown) => void;
  private source: EventSource | undefined;
  private live: Subscription | undefined;
  /** The newest change that the listener knows of; undefined before the first start. */
  private last: number | undefined;
  private closed = false;
  /** Log lines that were told since the last recorded change: a store that resumes there tells them again. */
  private told = new Set<string>();
  /** Where it resumed. */
  private resumedAt: number | undefined;

  constructor(
    private readonly options: SubscribeOptions,
    private readonly listener: (events: StoreEvent[]) => void,
    private readonly now: () => number,
  ) {
    this.started = new Promise((resolve, reject) => {
      this.begin = resolve;
      this.refuse = reject;
    });
    // Whoever asked for it hears of the failure; nobody else has to.
    this.started.catch(() => {});
  }

  get isRunning(): boolean {
    return this.last !== undefined;
  }

  /** Goes on with this store. @throws what the store throws */
  async attach(source: EventSource): Promise<void> {
    const { last } = this;
    const resumes = source.store.capabilities.resumableEvents && this.source?.lineage === source.lineage;
    const { since: first, ...options } = this.options;
    const since = last === undefined ? first : resumes ? last : undefined;
    this.source = source;
    this.resumedAt = resumes ? last : undefined;
    const live = await source.store.subscribe(since === undefined ? options : { ...options, since }, (events) => {
      if (this.source === source) this.deliver(events);
    });
    if (this.closed) return live.close();
    this.live = live;
    // A position behind ours: that store has forgotten what it told us.
    if (last !== undefined && (!resumes || live.seq < last)) {
      this.last = live.seq;
      this.deliver([{ seq: live.seq, at: new Date(this.now()).toISOString(), kind: 'reset' }]);
    }
    // What came before is told a moment later, and the connection may break before that.
    this.last ??= first ?? live.seq;
    this.begin(live.seq);
  }

  /** It could not start. */
  fail(error: unknown): void {
    this.closed = true;
    this.refuse(error);
  }

  async close(): Promise<void> {
    this.closed = true;
    const { live } = this;
    this.live = undefined;
    this.source = undefined;
    await live?.close();
  }

  private deliver(events: StoreEvent[]): void {
    const news = this.resumedAt === undefined ? events : events.flatMap((event) => this.withoutTold(event));
    for (const event of news) this.remember(event);
    if (this.closed || news.length === 0) return;
    try {
      this.listener(news);
    } catch {
      // A listener that throws disturbs nobody.
    }
  }

  private remember(event: StoreEvent): void {
    if (event.kind === 'reset' || event.seq > (this.last ?? -1)) {
      this.last = event.seq;
      this.told.clear();
    }
    if (event.kind !== 'log') return;
    for (const line of event.logs ?? []) this.told.add(keyOf(event, line));
    for (const oldest of this.told) {
      if (this.told.size <= MAX_TOLD) break;
      this.told.delete(oldest);
    }
  }

  /** Log lines carry the number of the last recorded change, so the number alone does not say which of them are known. */
  private withoutTold(event: StoreEvent): StoreEvent[] {
    if (event.seq !== this.resumedAt || event.kind !== 'log') return [event];
    const logs = (event.logs ?? []).filter((line) => !this.told.has(keyOf(event, line)));
    return logs.length > 0 ? [{ ...event, logs }] : [];
  }
}

function keyOf({ id }: StoreEvent, { at, level, message }: JobLog): string {
  return `${id} ${at} ${level} ${message}`;
}
