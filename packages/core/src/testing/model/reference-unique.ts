import type { Job, JobSpec, Json } from '../../job';
import type { AddResult, UniqueOutcome } from '../../store';
import { holderOf, iso, type Known, type Reference, Refusal, record, waitAnew } from './reference';
import { merged } from './reference-merge';

/** What an `add` with a key comes to: a refusal, an answer, or (with the job's options, which may be others) a new job. */
export type UniqueVerdict = { result: AddResult } | { spec: JobSpec; outcome?: UniqueOutcome };

/** See `Unique`. @param told The store's answer. */
export function keyed(
  ref: Reference,
  spec: JobSpec,
  mode: JobSpec['unique'],
  told: AddResult | undefined,
): UniqueVerdict {
  const { now } = ref;
  const key = spec.key as string;
  if (isThrottle(mode)) {
    const first = firstOf(ref, key, told);
    if (first !== undefined) return { result: { id: first, added: false, outcome: 'throttled' } };
  }
  const holder = holderOf(ref, key);
  if (!holder) {
    if (isThrottle(mode)) openWindow(ref, key, mode.throttle);
    return { spec: isDebounce(mode) ? { ...spec, runAt: now + mode.debounce } : spec };
  }
  const { id } = holder.job;
  if (mode === 'reject') throw new Refusal(['DUPLICATE']);
  if (mode === 'keep' || mode === undefined) return { result: { id, added: false } };
  if (isThrottle(mode)) return { result: { id, added: false, outcome: 'throttled' } };
  if (holder.job.type !== spec.type) throw new Refusal(['DUPLICATE']);
  const target = followerOf(ref, holder) ?? holder;
  if (target.job.status === 'active') {
    if (mode === 'replace') return { result: { id, added: false } };
    const runAt = isDebounce(mode) ? now + mode.debounce : spec.runAt;
    const after: JobSpec = { ...spec, dependsOn: [id], onParentFailed: 'continue' };
    return { spec: runAt === undefined ? after : { ...after, runAt }, outcome: 'rerun' };
  }
  return { result: { id: target.job.id, added: false, outcome: takeUp(ref, target, spec, mode) } };
}

/** What is told of an `add` that a job took up, now or when it was made before. */
export function outcomeOf(mode: JobSpec['unique']): UniqueOutcome | undefined {
  if (isDebounce(mode)) return 'debounced';
  if (isThrottle(mode)) return 'throttled';
  if (mode === 'merge') return 'merged';
  return mode === 'replace' || mode === 'rerun' ? 'replaced' : undefined;
}

type Debounce = { debounce: number; maxWait?: number };

function isDebounce(mode: JobSpec['unique']): mode is Debounce {
  return typeof mode === 'object' && 'debounce' in mode;
}

function isThrottle(mode: JobSpec['unique']): mode is { throttle: number } {
  return typeof mode === 'object' && 'throttle' in mode;
}

/** The job that runs after the one that holds the key. */
function followerOf(ref: Reference, { job }: Known): Known | undefined {
  return ref.known.find(
    (one) => one.job.key === job.key && one.job.status === 'pending' && one.waitingFor.includes(job.id),
  );
}

/** The pending job takes up the data, and what else the mode says. */
function takeUp(
  ref: Reference,
  one: Known,
  spec: JobSpec,
  mode: 'replace' | 'rerun' | 'merge' | Debounce,
): UniqueOutcome {
  if (spec.id !== undefined) one.absorbed.push(spec.id);
  if (mode !== 'merge') one.backoff = undefined;
  record(ref, one, 'edited', (job) => {
    job.data = mode === 'merge' ? merged(job.data as Json, spec.data) : spec.data;
    if (isDebounce(mode)) job.runAt = iso(debounced(ref, job, mode));
    else if (mode !== 'merge') replaceOptions(ref, job, spec);
    if (mode !== 'merge') waitAnew(ref, job);
  });
  return outcomeOf(mode) as UniqueOutcome;
}

/** A backoff goes on; the longest wait is for who was never started. */
function debounced({ now }: Reference, job: Job, { debounce, maxWait }: Debounce): number {
  const quiet = now + debounce;
  if (job.attempt > 0) return Math.max(quiet, job.runAt === undefined ? 0 : Date.parse(job.runAt));
  return maxWait === undefined ? quiet : Math.min(quiet, Date.parse(job.created) + maxWait);
}

function replaceOptions({ now }: Reference, job: Job, spec: JobSpec): void {
  for (const option of ['runAt', 'expiresAt', 'timeout', 'backoff', 'tags'] as const) delete job[option];
  job.priority = spec.priority ?? 5;
  job.maxAttempts = spec.maxAttempts ?? (spec.retryFor === undefined ? 3 : 1_000);
  if (spec.runAt !== undefined && spec.runAt > now) job.runAt = iso(spec.runAt);
  if (spec.expiresAt !== undefined) job.expiresAt = iso(spec.expiresAt);
  if (spec.timeout !== undefined) job.timeout = spec.timeout;
  if (spec.backoff) job.backoff = { ...spec.backoff };
  if (spec.tags && spec.tags.length > 0) job.tags = [...new Set(spec.tags)];
}

/** The first job of the window of a key. One that was over, and is open again since the clock was set back, may be forgotten. */
function firstOf(ref: Reference, key: string, told: AddResult | undefined): string | undefined {
  const window = ref.windows.find((one) => one.key === key && ref.now < one.until);
  if (window?.wasOver && told?.id !== window.id) return undefined;
  return window?.id;
}

/** Who opened it is known once it has its id. */
function openWindow(ref: Reference, key: string, ms: number): void {
  closeWindow(ref, key);
  ref.windows.push({ key, id: '', until: ref.now + ms, wasOver: false });
}

/** Only if this job opened it, where one is given. */
export function closeWindow(ref: Reference, key: string | undefined, id?: string): void {
  ref.windows = ref.windows.filter((one) => one.key !== key || (id !== undefined && one.id !== id));
}
