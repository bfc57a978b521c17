import { describe, expect, it } from 'vitest';
import type { EventKind, StoreEvent } from '../store';
import { EventHub } from './event-hub';

const event = (seq: number, kind: EventKind): StoreEvent => ({ seq, at: '', kind });

/** A hub, and what a listener of it heard. */
function listen(hub: EventHub, kinds: EventKind[], seq: number, since?: number) {
  const heard: string[] = [];
  const subscription = hub.subscribe(
    { kinds, ...(since !== undefined && { since }) },
    (events) => {
      heard.push(...events.map((one) => `${one.kind} ${one.seq}`));
    },
    seq,
  );
  return { heard, subscription };
}

function tell(hub: EventHub, ...events: StoreEvent[]): void {
  for (const one of events) hub.push(one);
  hub.dispatch(hub.take());
}

describe('EventHub', () => {
  it('makes no events of kinds that nobody listens to', () => {
    const hub = new EventHub(() => 0);
    const { heard } = listen(hub, ['cancelling'], 0);
    expect([hub.wants('cancelling'), hub.wants('started')]).toEqual([true, false]);
    tell(hub, event(1, 'started'), event(2, 'cancelling'));
    expect(heard).toEqual(['cancelling 2']);
  });

  it('tells who comes back for a kind that was remembered what it missed, and asks it to read again for one that was not', async () => {
    const hub = new EventHub(() => 0);
    const first = listen(hub, ['failed'], 0);
    tell(hub, event(1, 'failed'));
    await first.subscription.close();
    tell(hub, event(2, 'failed'), event(3, 'completed'));
    const again = listen(hub, ['failed'], 3, 1);
    const other = listen(hub, ['failed', 'completed'], 3, 1);
    await Promise.resolve();
    expect(again.heard).toEqual(['failed 2']);
    expect(other.heard).toEqual(['reset 3']);
  });

  it('forgets the kinds whose listeners are gone, and no others', async () => {
    const hub = new EventHub(() => 0);
    listen(hub, ['cancelling'], 0);
    const { subscription } = listen(hub, ['completed'], 0);
    tell(hub, event(1, 'completed'), event(2, 'cancelling'));
    await subscription.close();
    hub.forget();
    expect([hub.wants('completed'), hub.wants('cancelling')]).toEqual([false, true]);
    const back = listen(hub, ['completed'], 2, 0);
    const still = listen(hub, ['cancelling'], 2, 0);
    await Promise.resolve();
    expect(back.heard).toEqual(['reset 2']);
    expect(still.heard).toEqual(['cancelling 2']);
  });
});
