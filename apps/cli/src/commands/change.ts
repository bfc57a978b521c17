/** `leviathan retry`, `cancel`, `remove`, `approve`, `redrive` and `move` @module */
import type { ChangeAction, ChangeRequest, ChangeResult, JobFilter, JobStore, MoveTarget } from '@leviathan/core';
import { changeCode, changeError, skipLines, tellChange, type Verb } from '../change-report';
import { UsageError } from '../errors';
import { EXIT } from '../exit-codes';
import { count } from '../format/text';
import { parseDuration } from '../parse/duration';
import { type FilterOptions, parseFilter } from '../parse/filter';
import { resolveId, resolveIds } from '../parse/ids';
import { parseInteger } from '../parse/number';
import type { Session } from '../session';

/** Who asks, in the audit trail. */
const BY = 'cli';

interface Options extends FilterOptions {
  dryRun?: boolean;
}

interface MoveOptions extends Omit<Options, 'priority'> {
  top?: boolean;
  bottom?: boolean;
  before?: string;
  after?: string;
  priority?: string;
}

export function retry(session: Session, ids: string[], options: Options): Promise<number> {
  return change(session, ids, options, { action: 'retry' }, { verb: 'retry', past: 'Retried' }, { status: ['failed'] });
}

export function cancel(session: Session, ids: string[], options: Options): Promise<number> {
  return change(
    session,
    ids,
    options,
    { action: 'cancel' },
    { verb: 'cancel', past: 'Cancelled' },
    { status: ['pending', 'active'] },
  );
}

export function remove(session: Session, ids: string[], options: Options): Promise<number> {
  return change(
    session,
    ids,
    options,
    { action: 'remove' },
    { verb: 'remove', past: 'Removed' },
    { status: ['pending', 'completed', 'failed'] },
  );
}

export function approve(session: Session, ids: string[], options: Options): Promise<number> {
  return change(
    session,
    ids,
    options,
    { action: 'approve' },
    { verb: 'approve', past: 'Approved' },
    { status: ['pending'] },
  );
}

export async function redrive(
  session: Session,
  ids: string[],
  { limit, every, ...options }: Options & { limit?: string; every?: string },
): Promise<number> {
  const action: ChangeAction = {
    action: 'redrive',
    ...(limit !== undefined && { limit: parseInteger(limit, '--limit', 1, Number.MAX_SAFE_INTEGER) }),
    ...(every !== undefined && { every: parseDuration(every, 'duration for --every') }),
  };
  const fitting: JobFilter = { status: ['pending', 'completed', 'failed'] };
  return change(session, ids, options, action, { verb: 'redrive', past: 'Redrove' }, fitting);
}

export async function move(session: Session, ids: string[], options: MoveOptions): Promise<number> {
  const { top, bottom, before, after, priority, ...filter } = options;
  const given = [top, bottom, before, after, priority].filter((value) => value !== undefined);
  if (given.length !== 1) throw new UsageError('Where to? Give one of --top, --bottom, --before, --after, --priority.');
  const verb = { verb: 'move', past: 'Moved' };
  const pending: JobFilter = { status: ['pending'] };
  if (priority !== undefined) {
    const action = { action: 'reprioritise' as const, priority: parseInteger(priority, '--priority', 1, 10) };
    return change(session, ids, filter, action, verb, pending);
  }
  const anchor = before ?? after;
  const id = anchor === undefined ? '' : await resolveId(await session.store('read'), anchor);
  const target: MoveTarget = top
    ? { to: 'top' }
    : bottom
      ? { to: 'bottom' }
      : before !== undefined
        ? { before: id }
        : { after: id };
  return change(session, ids, filter, { action: 'move', target }, verb, pending);
}

/** `fitting` narrows a filter without a state to the jobs that this change is for. */
async function change(
  session: Session,
  ids: string[],
  options: Options,
  action: ChangeAction,
  verb: Verb,
  fitting: JobFilter,
): Promise<number> {
  const filter = parseFilter(options, session.io.now());
  if (ids.length > 0 && filter !== undefined) throw new UsageError('Ids and filter options exclude each other.');
  if (ids.length === 0 && filter === undefined) {
    throw new UsageError(
      `Which jobs? Give ids, or filter options such as --type or --status.`,
      `leviathan ${verb.verb} --help shows them.`,
    );
  }
  const store = await session.store('read');
  if (filter !== undefined) {
    return await changeMatching(
      session,
      store,
      { change: action, target: { filter: { ...fitting, ...filter } }, by: BY },
      verb,
      options,
    );
  }
  const target = { ids: await resolveIds(store, ids) };
  const result = await store.change({ change: action, target, by: BY, ...(options.dryRun && { dryRun: true }) });
  const error = changeError(result);
  if (error !== undefined) throw error;
  await tellChange(session, result, verb);
  return changeCode(result);
}

/** Changes all jobs that match: shows a dry run first, and asks. `clear` uses it, too. */
export async function changeMatching(
  session: Session,
  store: JobStore,
  request: ChangeRequest,
  verb: Verb,
  options: { dryRun?: boolean },
): Promise<number> {
  const plan: ChangeResult = await store.change({ ...request, dryRun: true });
  if (options.dryRun) {
    await tellChange(session, plan, verb);
    return EXIT.ok;
  }
  for (const line of skipLines(plan)) session.out.note(line);
  if (plan.changed === 0) {
    if (session.out.json) await session.out.value({ ...plan, dryRun: false });
    session.out.note(`No job to ${verb.verb}.`);
    return EXIT.ok;
  }
  if (!(await session.confirm(`This will ${verb.verb} ${count(plan.changed, 'job')}. Go on?`))) {
    session.out.note('Nothing was changed.');
    return EXIT.failure;
  }
  const result = await store.change(request);
  await tellChange(session, result, verb);
  return changeCode(result);
}
