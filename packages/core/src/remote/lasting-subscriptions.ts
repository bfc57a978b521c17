/**
 * The subscriptions of a failover store, which go on from store to store.
 *
 * @module
 */
import type { StoreEvent, SubscribeOptions, Subscription } from '../store';
import { type EventSource, LastingSubscription } from './lasting-subscription';

/** What they need to know of the store that they are on. */
export interface SubscriptionHost<Target> {
  /** Epoch milliseconds. */
  now(): number;
  /** Whether the store is gone. */
  isLoss(error: unknown): boolean;
  /** It is: all start on the next one. */
  lost(target: Target): void;
}

/** See the module. */
export class LastingSubscriptions<Target extends EventSource> {
  private readonly all = new Set<LastingSubscription>();

  constructor(private readonly host: SubscriptionHost<Target>) {}

  /** Resolves when it has begun, on this store or the first one that is there. */
  async open(
    options: SubscribeOptions,
    listener: (events: StoreEvent[]) => void,
    target: Target | undefined,
  ): Promise<Subscription> {
    const subscription = new LastingSubscription(options, listener, () => this.host.now());
    this.all.add(subscription);
    if (target) this.start(target, subscription);
    const seq = await subscription.started;
    return {
      seq,
      close: async () => {
        this.all.delete(subscription);
        // On a store that is gone it is closed already.
        await subscription.close().catch(() => {});
      },
    };
  }

  /** Takes all to another store. @throws what that store throws */
  async resume(target: Target): Promise<void> {
    for (const subscription of this.all) {
      if (subscription.isRunning) await subscription.attach(target);
      else this.start(target, subscription);
    }
  }

  /** Those that have not begun never will. */
  failWaiting(error: unknown): void {
    for (const subscription of this.all) {
      if (subscription.isRunning) continue;
      this.all.delete(subscription);
      subscription.fail(error);
    }
  }

  async closeAll(): Promise<void> {
    for (const subscription of this.all) await subscription.close().catch(() => {});
  }

  private start(target: Target, subscription: LastingSubscription): void {
    subscription.attach(target).catch((error) => {
      // On the next store it starts with all the others.
      if (this.host.isLoss(error)) return this.host.lost(target);
      this.all.delete(subscription);
      subscription.fail(error);
    });
  }
}
