import { iso, type Known, type Reference, record, waitsFor } from './reference';

/** The priorities that are due become better, the one that was due first first. */
export function age(ref: Reference): void {
  const due = ref.known.filter((one) => stepOf(ref, one) <= ref.now).sort((a, b) => stepOf(ref, a) - stepOf(ref, b));
  for (const one of due) {
    const { job } = one;
    const ageing = job.ageing ?? 0;
    record(ref, one, 'edited', () => {
      // One record for all steps.
      let step = stepOf(ref, one);
      for (; step <= ref.now && job.priority > 1; step += ageing) job.priority--;
      job.agedAt = iso(step - ageing);
    });
  }
}

/** When the next priority becomes better. */
export function nextStep(ref: Reference): number {
  return Math.min(...ref.known.map((one) => stepOf(ref, one)));
}

/** When the priority of a job becomes better; never, if it is not its turn that it waits for. */
export function stepOf(ref: Reference, one: Known): number {
  const { job } = one;
  const isWaiting = job.status === 'pending' && ['ready', 'paused'].includes(waitsFor(ref, one));
  if (job.ageing === undefined || job.priority === 1 || !isWaiting) return Number.POSITIVE_INFINITY;
  const since = [job.created, job.runAt, job.agedAt].map((time) => (time === undefined ? 0 : Date.parse(time)));
  return Math.max(...since) + job.ageing;
}
