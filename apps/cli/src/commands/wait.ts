/** `leviathan wait` @module */
import { EXIT } from '../exit-codes';
import { follow } from '../follow';
import { jobTable } from '../format/job-table';
import { parseDuration } from '../parse/duration';
import { resolveIds } from '../parse/ids';
import type { Session } from '../session';
import { signalCode } from '../signals';

interface Options {
  timeout?: string;
}

export async function run(session: Session, texts: string[], options: Options): Promise<number> {
  const timeout = options.timeout === undefined ? undefined : parseDuration(options.timeout, 'duration for --timeout');
  const queue = await session.queue('read');
  const ids = await resolveIds(await session.store('read'), texts);
  const followed = await follow(session, queue, { ids, ...(timeout !== undefined && { timeout }) });
  if (followed.ended === 'signal') return signalCode(followed.signal);
  const { out } = session;
  if (out.json) await out.value(followed.jobs);
  else await out.lines(jobTable(followed.jobs, out.columns, out.colors, session.io.now()));
  return followed.jobs.some((job) => job.status === 'failed') ? EXIT.jobFailed : EXIT.ok;
}
