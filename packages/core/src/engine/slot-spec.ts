/** The job of a slot, as a store takes it. */
import type { CheckedSpec } from '../checked-spec';
import { type Issue, ValidationError } from '../errors';
import { toJobSpec } from '../job-spec';
import type { ScheduledJob } from '../schedule/schedule';
import { scheduleTags, slotJobId } from '../schedule/scheduled-job';

/** Its spec, with id and tags of its own. @throws ValidationError */
export function slotSpec(schedule: string, job: ScheduledJob, slot: number, now: number): CheckedSpec {
  const issues: Issue[] = [];
  const spec = toJobSpec(job, undefined, now, undefined, issues) as CheckedSpec;
  if (issues.length > 0) throw new ValidationError('The job', issues);
  const { tags = [] } = spec;
  // What is no list is for the store to refuse.
  const all = Array.isArray(tags) ? [...tags, ...scheduleTags(schedule, slot)] : tags;
  spec.set({ id: slotJobId(schedule, slot), tags: all });
  return spec;
}
