/** `leviathan clear` @module */
import type { JobFilter, JobStatus } from '@leviathan/core';
import { oneOf } from '../parse/filter';
import { parseWhen } from '../parse/when';
import type { Session } from '../session';
import { changeMatching } from './change';

interface Options {
  until?: string;
  dryRun?: boolean;
}

const WHAT = {
  completed: ['completed'],
  failed: ['failed'],
  finished: ['completed', 'failed'],
  all: ['pending', 'completed', 'failed'],
} as const satisfies Record<string, JobStatus[]>;

export async function run(session: Session, what: string, options: Options): Promise<number> {
  const status = WHAT[oneOf(what, Object.keys(WHAT) as (keyof typeof WHAT)[], 'What to clear')];
  const filter: JobFilter = { status: [...status] };
  if (options.until !== undefined) filter.updatedBefore = parseWhen(options.until, session.io.now(), 'past');
  const store = await session.store('read');
  const request = { change: { action: 'remove' as const }, target: { filter }, by: 'cli' };
  return await changeMatching(session, store, request, { verb: 'remove', past: 'Removed' }, options);
}
