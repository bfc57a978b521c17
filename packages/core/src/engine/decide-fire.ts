/** Which records a slot of a schedule becomes: what became of the slot and the job that it made, all or none. */
import type { SlotOutcome } from '../schedule/due';
import type { ScheduleValue } from '../schedule/schedule';
import { AddOverlay, decideAdd } from './decide-add';
import type { StoredDefinition } from './definition-table';
import type { Entry } from './entry';
import type { JobTable } from './job-table';
import type { RecordDraft } from './records';
import { slotSpec } from './slot-spec';
import { acceptSpecs } from './validate';

/** A slot whose time has come. */
export type DueSlot = Pick<SlotOutcome, 'slot' | 'from'>;

/**
 * Decides one slot, by the schedule's policy for overlaps.
 * @throws ValidationError, JobTooLargeError when the store does not take such a job (any more)
 */
export function decideFire(
  table: JobTable,
  { name, value }: StoredDefinition,
  due: DueSlot,
  { now, maxBytes }: { now: number; maxBytes: number },
): RecordDraft[] {
  const { overlap = 'allow', job } = value as unknown as ScheduleValue;
  const earlier = overlap === 'allow' ? undefined : unfinishedOf(table, name);
  if (earlier && overlap === 'skip') return [skipped(name, due)];
  const spec = slotSpec(name, job, due.slot, now);
  if (earlier) spec.set({ dependsOn: waitsFor(earlier, overlap === 'replace'), onParentFailed: 'continue' });
  const { records, results } = decideAdd(table, new AddOverlay(), acceptSpecs([spec], maxBytes), {}, now);
  // Its key is held: by a job of its own, most likely.
  const { id } = spec;
  if (id === undefined || results[0]?.id !== id) return [skipped(name, due)];
  const fire: RecordDraft = { op: 'fire', schedule: name, ...due, job: id };
  const isReplacing = earlier && overlap === 'replace' && records.length > 0;
  return [fire, ...(isReplacing ? cancel(earlier, `schedule ${name}`) : []), ...records];
}

function skipped(schedule: string, due: DueSlot): RecordDraft {
  return { op: 'fire', schedule, ...due, skipped: 'overlap' };
}

/** The newest job of the schedule, as long as it has not ended. */
function unfinishedOf(table: JobTable, schedule: string): Entry | undefined {
  const id = table.schedules.get(schedule)?.job;
  const entry = id === undefined ? undefined : table.entries.get(id);
  return entry?.status === 'pending' || entry?.status === 'active' ? entry : undefined;
}

/** What a new job waits for: the earlier one, and when that is to go before it ran, those too which it waited for. */
function waitsFor(earlier: Entry, isReplaced: boolean): string[] {
  const { id, extra } = earlier;
  return isReplaced && extra?.waitingFor ? [id, ...extra.waitingFor] : [id];
}

function cancel({ id, status, run }: Entry, by: string): RecordDraft[] {
  if (status === 'pending') return [{ op: 'fail', id, reason: 'cancelled', by }];
  return run?.cancelling ? [] : [{ op: 'cancel', id, by }];
}
