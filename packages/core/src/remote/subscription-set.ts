/**
 * The subscriptions of one connection: batches, and a window of frames that may be under way.
 *
 * @module
 */
import { ValidationError } from '../errors';
import type { JobStore, SubscribeOptions, Subscription } from '../store';
import { EventBuffer } from './event-buffer';
import { EVENT_WINDOW, EVENTS_PER_FRAME, type EventBatch } from './protocol';

/** What a {@link SubscriptionSet} needs. */
export interface SubscriptionSetOptions {
  store: JobStore;
  /** Sends one frame; rejects when it cannot be carried. */
  send(batches: EventBatch[]): Promise<void>;
  /** Not even a `reset` can be sent. */
  fail(error: unknown): void;
  /** Asks for a `flush` on the next turn of the event loop. */
  schedule(): void;
  /** Events that may wait for one subscription. */
  maxBuffered: number;
}

/** One subscription. */
interface Entry {
  buffer: EventBuffer;
  /** Undefined until the store answered. */
  live: Subscription | undefined;
}

/** Keeps them, and sends their events. */
export class SubscriptionSet {
  private readonly entries = new Map<number, Entry>();
  private sent = 0;
  private acknowledged = 0;

  constructor(private readonly options: SubscriptionSetOptions) {}

  async open(number: number, options: SubscribeOptions): Promise<{ seq: number }> {
    if (!Number.isSafeInteger(number) || this.entries.has(number)) {
      throw new ValidationError('The subscription', [
        { path: ['subscription'], message: 'must be an integer that is not in use' },
      ]);
    }
    const buffer = new EventBuffer(this.options.maxBuffered);
    const entry: Entry = { buffer, live: undefined };
    this.entries.set(number, entry);
    try {
      const live = await this.options.store.subscribe(options, (events) => {
        buffer.push(events, !this.maySend);
        // A burst must not overflow the buffer of a client that keeps up.
        if (buffer.size >= EVENTS_PER_FRAME) this.flush();
        buffer.bound();
        this.options.schedule();
      });
      entry.live = live;
      // The connection may have closed, or the client left, while the store was asked.
      if (this.entries.get(number) !== entry) await live.close();
      return { seq: live.seq };
    } catch (error) {
      this.entries.delete(number);
      throw error;
    }
  }

  async close(number: number): Promise<void> {
    const entry = this.entries.get(number);
    this.entries.delete(number);
    await entry?.live?.close();
  }

  async closeAll(): Promise<void> {
    await Promise.allSettled([...this.entries.keys()].map((number) => this.close(number)));
  }

  /** The client handled so many frames in all. */
  acknowledge(frames: number): void {
    if (!(frames > this.acknowledged && frames <= this.sent)) return;
    this.acknowledged = frames;
    this.options.schedule();
  }

  /** Sends what the window allows. */
  flush(): void {
    while (this.maySend) {
      const batches = this.collect();
      if (batches.length === 0) return;
      this.sent++;
      this.options.send(batches).catch(() => this.replaceByReset(batches).catch((error) => this.options.fail(error)));
    }
  }

  private get maySend(): boolean {
    return this.sent - this.acknowledged < EVENT_WINDOW;
  }

  private collect(): EventBatch[] {
    const batches: EventBatch[] = [];
    let room = EVENTS_PER_FRAME;
    for (const [subscription, entry] of [...this.entries]) {
      if (room === 0) break;
      if (entry.buffer.size === 0) continue;
      const events = entry.buffer.take(room);
      room -= events.length;
      batches.push({ subscription, events });
      // Who had a share of this frame is last in the next.
      this.entries.delete(subscription);
      this.entries.set(subscription, entry);
    }
    return batches;
  }

  /** Events that no frame can carry (huge details of progress) are as good as missing. */
  private replaceByReset(batches: EventBatch[]): Promise<void> {
    return this.options.send(
      batches.map(({ subscription, events }) => {
        const last = events[events.length - 1];
        return { subscription, events: [{ seq: last?.seq ?? 0, at: last?.at ?? '', kind: 'reset' as const }] };
      }),
    );
  }
}
