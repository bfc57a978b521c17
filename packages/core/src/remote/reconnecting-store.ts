/**
 * A store at the other end of a connection that may break.
 *
 * @module
 */
import type { Channel } from './channel';
import { FailoverStore } from './failover-store';
import type { FailoverOptions } from './opened-store';
import { RemoteStore } from './remote-store';

/** A store over channels that `connect` makes: a new one whenever the one before is gone. */
export function reconnectingStore(connect: () => Promise<Channel>, options: FailoverOptions = {}): FailoverStore {
  return new FailoverStore(async (client) => {
    const store = new RemoteStore(await connect(), client);
    return { store, lost: store.lost };
  }, options);
}
