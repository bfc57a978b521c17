/** Why a job waits, runs or ended. */
import type { Cause, Explanation } from '../store';
import { compareQueueOrder, type Entry } from './entry';
import type { JobTable } from './job-table';
import { isoOf } from './time';

/** What the index does not know by itself. */
export interface ExplainContext {
  now: number;
  /** Whether some connected worker takes this type. */
  hasWorker(type: string): boolean;
}

/** All causes that hold now, and a sentence. */
export function explainEntry(table: JobTable, entry: Entry, context: ExplainContext): Explanation {
  const causes = causesOf(table, entry, context);
  return { id: entry.id, status: entry.status, causes, sentence: `${causes.map(sentenceOf).join(' ')}` };
}

function causesOf(table: JobTable, entry: Entry, context: ExplainContext): Cause[] {
  const { run } = entry;
  if (entry.status === 'active') {
    return [
      {
        code: 'running',
        worker: run?.worker ?? 'unknown',
        since: isoOf(run?.started ?? entry.updated),
        cancelling: run?.cancelling === true,
        stuck: run?.stuck === true,
      },
    ];
  }
  if (entry.status === 'completed') {
    return [{ code: 'completed', at: isoOf(run?.finished ?? entry.updated), ...(run?.skipped && { skipped: true }) }];
  }
  if (entry.status === 'failed') {
    const message = run?.errors?.at(-1)?.message ?? '';
    return [{ code: 'failed', at: isoOf(run?.finished ?? entry.updated), reason: run?.reason ?? 'error', message }];
  }
  return pendingCauses(table, entry, context);
}

function pendingCauses(table: JobTable, entry: Entry, context: ExplainContext): Cause[] {
  const causes: Cause[] = [];
  const waitingFor = entry.extra?.waitingFor;
  if (waitingFor?.size)
    causes.push({
      code: 'blocked',
      by: [...waitingFor].map((id) => ({ id, status: table.entries.get(id)?.status ?? 'missing' })),
    });
  const crash = entry.run?.held ? entry.run.errors?.at(-1) : undefined;
  if (entry.run?.held) causes.push({ code: 'held', since: crash?.at ?? isoOf(entry.updated) });
  if (entry.runAt > context.now) {
    const failedBefore = entry.attempt > 0 && entry.run?.errors !== undefined;
    causes.push({ code: 'scheduled', runAt: isoOf(entry.runAt), backoff: failedBefore });
  }
  if (table.pausedAll) causes.push({ code: 'paused' });
  if (table.pausedTypes.has(entry.type)) causes.push({ code: 'paused', type: entry.type });
  if (!context.hasWorker(entry.type)) causes.push({ code: 'no-worker', type: entry.type });
  if (entry.place === 'ready') causes.push(...table.admission.causesOf(entry, context.now));
  if (causes.length === 0) causes.push(readyCause(table, entry));
  return causes;
}

function readyCause(table: JobTable, entry: Entry): Cause {
  const ahead = countAhead(table, entry);
  const step = ahead === 0 ? undefined : table.waits.stepOf(entry);
  return { code: 'ready', ahead, ...(step !== undefined && { betterAt: isoOf(step) }) };
}

function countAhead(table: JobTable, entry: Entry): number {
  let ahead = 0;
  for (const [type, tree] of table.ready) {
    if (table.pausedTypes.has(type)) continue;
    for (const other of tree.keys()) {
      if (compareQueueOrder(other, entry) >= 0) break;
      ahead++;
    }
  }
  return ahead;
}

function readySentence({ ahead, betterAt }: Extract<Cause, { code: 'ready' }>): string {
  if (ahead === 0) return 'It is next.';
  const better = betterAt === undefined ? '' : ` Its priority becomes better at ${betterAt}.`;
  return `It is ready; ${ahead} ${ahead === 1 ? 'job runs' : 'jobs run'} before it.${better}`;
}

function limitSentence({ limit, by, group, until }: Extract<Cause, { code: 'limit' }>): string {
  const whose = group === undefined ? '' : ` for group ${group}`;
  if (by === 'order')
    return `The limit ${limit} lets the jobs of group ${group} run one after the other, and it is not its turn.`;
  if (by === 'rate') return `The limit ${limit} is spent${whose}; the next start is at ${until}.`;
  return `The limit ${limit} is reached${whose}: it waits for a running job to end.`;
}

function sentenceOf(cause: Cause): string {
  switch (cause.code) {
    case 'ready':
      return readySentence(cause);
    case 'scheduled':
      return cause.backoff
        ? `Its last attempt failed; the next one starts at ${cause.runAt}.`
        : `It is scheduled for ${cause.runAt}.`;
    case 'held':
      return `Its process died at ${cause.since} while it ran; it waits for somebody to approve that it runs again.`;
    case 'paused':
      return cause.type === undefined ? 'The queue is paused.' : `Jobs of type ${cause.type} are paused.`;
    case 'blocked':
      return `It waits for ${cause.by.map(({ id, status }) => `${id} (${status})`).join(', ')}.`;
    case 'limit':
      return limitSentence(cause);
    case 'pool':
      return cause.needs > cause.capacity
        ? `It needs ${cause.needs} of the pool ${cause.pool}, which has ${cause.capacity}: it can never start.`
        : `It needs ${cause.needs} of the pool ${cause.pool}, of which ${cause.inUse} of ${cause.capacity} are in use.`;
    case 'gate':
      return `The gate ${cause.gate} is closed: ${cause.because.join(', ')}.`;
    case 'window':
      return `The window ${cause.window} is closed${cause.until === undefined ? '' : `; it opens at ${cause.until}`}.`;
    case 'no-worker':
      return `No connected worker takes jobs of type ${cause.type}.`;
    case 'running':
      return `${cause.worker} has been running it since ${cause.since}${cause.cancelling ? '; it was asked to stop' : ''}${cause.stuck ? ' and does not react' : ''}.`;
    case 'completed':
      return cause.skipped
        ? `It was left out at ${cause.at}: it was not to run, as its parents ended.`
        : `It completed at ${cause.at}.`;
    case 'failed':
      return `It failed at ${cause.at} (${cause.reason})${cause.message ? `: ${cause.message.replace(/\.$/, '')}` : ''}.`;
  }
}
