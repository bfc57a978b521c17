/** Puts the jobs of dead letters back. */
import { LeviathanError } from '../errors';
import type { ChangeAction } from '../store';
import { type By, type ChangeContext, not, type Verdict } from './change-context';
import { originalOf } from './dead-letter';
import type { Entry } from './entry';
import { dataOf } from './job-of';
import type { RecordDraft } from './records';
import { acceptSpecs } from './validate';

/**
 * Decides letter by letter: the job is pending again, with all its attempts, under its own id, and the letter is gone, both or neither.
 * A job that left the store meanwhile is added anew, as its letter tells it.
 */
export function redrive(
  context: ChangeContext,
  { limit = Number.POSITIVE_INFINITY, every = 0 }: Extract<ChangeAction, { action: 'redrive' }>,
  by: By,
): (entry: Entry) => Verdict {
  const { table, now } = context;
  const taken = new Map<string, string>();
  const back = new Set<string>();
  let { done } = context;
  return (entry) => {
    const origin = entry.extra?.deadLetterOf;
    if (!origin) return not(entry, 'is no dead letter');
    if (entry.status === 'active') return not(entry, 'is running');
    const original = table.entries.get(origin.id);
    if (back.has(origin.id) || (original && original.status !== 'failed'))
      return { skip: 'unchanged', message: 'its job was put back or has run already' };
    if (done >= limit) return { skip: 'unchanged', message: 'there are as many as asked for' };
    const runAt = now + done * every;
    const record = original ? retryOf(original) : addOf(context, entry);
    if (typeof record === 'string') return not(entry, record);
    const key = record.op === 'add' ? record.job.key : original?.extra?.key;
    const holder = key === undefined ? undefined : (taken.get(key) ?? table.keys.get(key)?.id);
    if (holder !== undefined) return not(entry, `the key of its job is held by ${holder}`);
    if (key !== undefined) taken.set(key, origin.id);
    back.add(origin.id);
    if (runAt > now) (record.op === 'add' ? record.job : record).runAt = runAt;
    done++;
    return [
      { ...record, ...(record.op === 'retry' && by) },
      { op: 'remove', id: entry.id, why: 'removed', ...by },
    ];
  };
}

type Back = Extract<RecordDraft, { op: 'retry' | 'add' }>;

function retryOf({ id }: Entry): Back {
  return { op: 'retry', id, cause: 'manual' };
}

/** The job of a letter, as a new one; a text: why there is none. */
function addOf({ table, bodies, maxBytes }: ChangeContext, letter: Entry): Back | string {
  const origin = letter.extra?.deadLetterOf;
  try {
    const { dependsOn, ...spec } = originalOf(dataOf(letter, bodies));
    // Parents that left the store cannot be waited for.
    const parents = Array.isArray(dependsOn) ? dependsOn.filter((id) => table.entries.has(id)) : [];
    const [accepted] = acceptSpecs([{ ...spec, ...(parents.length > 0 && { dependsOn: parents }) }], maxBytes);
    const draft = accepted?.draft;
    return draft?.job.id === origin?.id && draft ? draft : 'its data names another job';
  } catch (error) {
    if (!(error instanceof LeviathanError)) throw error;
    return `its data holds no job any more: ${error.message}`;
  }
}
