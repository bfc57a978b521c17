/** `leviathan work` @module */
import type { StoreEvent } from '@leviathan/core';
import { Drain } from '../drain';
import { UsageError } from '../errors';
import { EXIT } from '../exit-codes';
import type { StopSignal } from '../io';
import { parseDuration } from '../parse/duration';
import { parseInteger } from '../parse/number';
import { checkTypes } from '../parse/types';
import { type Loaded, loadProcessors } from '../processors';
import { startRunner, workerName } from '../runner';
import type { Session } from '../session';
import { signalCode } from '../signals';
import { WorkView } from '../terminal/work-view';

interface Options {
  concurrency?: string;
  types?: string[];
  drain?: boolean;
  grace: string;
  name?: string;
  processors?: string[];
}

export async function run(session: Session, options: Options): Promise<number> {
  const settings = {
    ...(await session.configuration())?.config.worker,
    ...(options.concurrency !== undefined && {
      concurrency: parseInteger(options.concurrency, '--concurrency', 1, 10_000),
    }),
  };
  const grace = parseDuration(options.grace, 'duration for --grace');
  const loaded = chosen(await loadProcessors(session, options.processors), options.types);
  const types = loaded.processors.map(({ type }) => type);
  const name = options.name ?? workerName();
  const store = await session.store('write');

  let off = (): void => {};
  const signalled = new Promise<StopSignal>((resolve) => {
    off = session.io.signals.graceful(resolve);
  });
  const view = new WorkView(session, store, name);
  const drain = new Drain(store, types);
  const events = await store.subscribe({ types }, (batch: StoreEvent[]) => {
    view.apply(batch.filter(({ worker }) => worker === name));
    drain.apply(batch);
  });
  const runner = await startRunner(store, loaded, { ...settings, name, onError: (message) => view.warn(message) });
  view.start(types);
  try {
    const signal = await (options.drain ? Promise.race([signalled, drain.done()]) : signalled);
    if (signal !== undefined && signal !== 'EPIPE') view.stopping(runner.running, grace);
    await runner.stop(signal === undefined ? 0 : grace);
    // A service manager that asks for an orderly end gets one.
    return signal === undefined || signal === 'SIGTERM' ? EXIT.ok : signalCode(signal);
  } finally {
    drain.close();
    await events.close();
    await view.stop();
    off();
  }
}

function chosen(loaded: Loaded, types: string[] | undefined): Loaded {
  if (types === undefined) return loaded;
  if (types.length === 0) throw new UsageError('--types names no type.');
  checkTypes(
    types,
    loaded.processors.map(({ type }) => type),
  );
  return { ...loaded, processors: loaded.processors.filter(({ type }) => types.includes(type)) };
}
