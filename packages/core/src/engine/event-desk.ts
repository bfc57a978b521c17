/** Subscriptions to a store's events, and how long what nobody hears is remembered. */
import type { StoreEvent, SubscribeOptions, Subscription } from '../store';
import type { Alarms } from './alarms';
import type { EventHub } from './event-hub';
import type { JobTable } from './job-table';

/** Events are remembered this long (ms) after a subscriber left, for it to come back. */
const EVENT_MEMORY = 30_000;

/** See the file. */
export class EventDesk {
  constructor(
    private readonly hub: EventHub,
    private readonly table: JobTable,
    private readonly alarms: Alarms,
  ) {
    if (hub.active) this.forgetLater();
  }

  subscribe(options: SubscribeOptions, listener: (events: StoreEvent[]) => void): Subscription {
    const subscription = this.hub.subscribe(options, listener, this.table.seq);
    return {
      seq: subscription.seq,
      close: async () => {
        await subscription.close();
        this.forgetLater();
      },
    };
  }

  /** Whoever left may come back for what happened meanwhile. */
  private forgetLater(): void {
    this.alarms.stop('events');
    this.alarms.after('events', EVENT_MEMORY, () => this.hub.forget());
  }
}
