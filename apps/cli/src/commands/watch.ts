/** `leviathan watch` @module */
import { EVENT_KINDS, type EventKind, type StoreEvent, type SubscribeOptions } from '@leviathan/core';
import { EXIT } from '../exit-codes';
import { eventLine } from '../format/event';
import type { StopSignal } from '../io';
import { oneOf } from '../parse/filter';
import { parseInteger } from '../parse/number';
import type { Session } from '../session';
import { signalCode } from '../signals';
import { watchTable } from '../terminal/watch-table';

interface Options {
  type?: string[];
  kind?: string[];
  from?: string;
}

export async function run(session: Session, options: Options): Promise<number> {
  const wanted: SubscribeOptions = {
    ...(options.type !== undefined && { types: options.type }),
    ...(options.kind !== undefined && {
      kinds: options.kind.map((kind) => oneOf<EventKind>(kind, EVENT_KINDS, '--kind')),
    }),
    ...(options.from !== undefined && { since: parseInteger(options.from, '--from', 0) }),
  };
  const store = await session.store('write');
  const { out, io } = session;
  const alive = setInterval(() => {}, 60_000);
  let off = (): void => {};
  const signalled = new Promise<StopSignal>((resolve) => {
    off = io.signals.graceful(resolve);
  });
  try {
    // The table shows states, not events: with --kind or --from, the events are what was asked for.
    if (out.live && !out.json && options.kind === undefined && options.from === undefined) {
      return signalCode(await watchTable(session, store, wanted, signalled));
    }
    let writing = Promise.resolve();
    const print = async (events: readonly StoreEvent[]): Promise<void> => {
      if (out.json) for (const event of events) await out.record(event);
      else await out.lines(events.map((event) => eventLine(event, out.colors)));
    };
    const subscription = await store.subscribe(wanted, (events) => {
      writing = writing.then(() => print(events));
    });
    out.note('Watching; Ctrl-C ends.');
    const signal = await signalled;
    await subscription.close();
    // Towards a reader that is gone nothing can be written any more.
    if (signal !== 'EPIPE') await writing;
    return signal === 'EPIPE' ? EXIT.ok : signalCode(signal);
  } finally {
    clearInterval(alive);
    off();
  }
}
