/** `leviathan logs` @module */
import { type JobLog, LOG_LEVELS, type LogLevel, type StoreEvent } from '@leviathan/core';
import { NoSuchJobError } from '../errors';
import { EXIT } from '../exit-codes';
import { logLine } from '../format/job-page';
import type { StopSignal } from '../io';
import { oneOf } from '../parse/filter';
import { resolveId } from '../parse/ids';
import { parseInteger } from '../parse/number';
import type { Session } from '../session';
import { signalCode } from '../signals';
import { LogFollower } from './log-follower';

interface Options {
  follow?: boolean;
  tail?: string;
  level?: string[];
}

export async function run(session: Session, text: string, options: Options): Promise<number> {
  const levels = options.level?.map((level) => oneOf<LogLevel>(level, LOG_LEVELS, '--level'));
  const tail = options.tail === undefined ? undefined : parseInteger(options.tail, '--tail', 0);
  const wanted = (log: JobLog): boolean => levels === undefined || levels.includes(log.level);
  const store = await session.store('read');
  const id = await resolveId(store, text);
  if (options.follow) return await follow(session, id, wanted, tail);
  const [job] = await store.get([id]);
  if (job == null) throw new NoSuchJobError(text);
  const logs = job.metadata.logs.filter(wanted);
  const shown = tail === undefined ? logs : logs.slice(Math.max(0, logs.length - tail));
  if (session.out.json) await session.out.value(shown);
  else await session.out.lines(shown.map((log) => logLine(log, session.out.colors)));
  return EXIT.ok;
}

async function follow(
  session: Session,
  id: string,
  wanted: (log: JobLog) => boolean,
  tail: number | undefined,
): Promise<number> {
  const store = await session.store('read');
  const { out } = session;
  const follower = new LogFollower(async (logs) => {
    for (const log of logs.filter(wanted)) {
      if (out.json) await out.record(log);
      else await out.line(logLine(log, out.colors));
    }
  });
  const events: StoreEvent[] = [];
  let wake: () => void = () => {};
  let signal: StopSignal | undefined;
  const off = session.io.signals.graceful((received) => {
    signal = received;
    wake();
  });
  // First the subscription, then the record: a line between the two is in both, and printed once.
  const subscription = await store.subscribe({ ids: [id] }, (batch) => {
    events.push(...batch);
    wake();
  });
  // The store's own timers and sockets may not keep the process alive.
  const alive = setInterval(() => {}, 60_000);
  try {
    let job = (await store.get([id]))[0] ?? undefined;
    await follower.record(job?.metadata.logs ?? [], tail);
    while (job?.status === 'pending' || job?.status === 'active') {
      if (events.length === 0 && signal === undefined) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      if (signal !== undefined) return signalCode(signal);
      let changed = false;
      for (const event of events.splice(0)) {
        if (event.logs !== undefined) await follower.events(event.logs);
        if (event.kind !== 'log' && event.kind !== 'progress') changed = true;
      }
      if (!changed) continue;
      job = (await store.get([id]))[0] ?? undefined;
      if (job !== undefined) await follower.record(job.metadata.logs);
    }
    return EXIT.ok;
  } finally {
    clearInterval(alive);
    await subscription.close();
    off();
  }
}
