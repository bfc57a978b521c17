import type { Retention } from '../../engine/index';
import type { Job } from '../../job';
import { inAnyOrder, type Known, type Reference } from './reference';
import { serve } from './reference-claim';
import { crash, release } from './reference-settle';

/** An instance closed in order: what its workers held goes back, with no attempt spent. */
export function leave(ref: Reference, isIts: (worker: string) => boolean): void {
  giveBack(ref, isIts, release);
}

/** A process died: what its workers held goes back, and the crash counts. Reports that were not recorded yet may be lost. */
export function die(ref: Reference, isIts: (worker: string) => boolean): void {
  giveBack(ref, isIts, crash);
}

function giveBack(ref: Reference, isIts: (worker: string) => boolean, how: (ref: Reference, one: Known) => void): void {
  inAnyOrder(ref, () => {
    for (const one of ref.known) {
      if (one.job.status !== 'active' || !isIts(one.job.worker ?? '')) continue;
      delete one.settled;
      how(ref, one);
    }
  });
  ref.takers = ref.takers.filter(({ worker }) => !isIts(worker));
  serve(ref);
}

/** The store changed hands: who took which type may be forgotten, and claims that wait are made again. */
export function forgetTakers(ref: Reference): void {
  for (const { request } of ref.waiting) {
    ref.takers.push({ worker: request.worker, types: request.types && Object.keys(request.types), unsure: true });
  }
  for (const taker of ref.takers) taker.unsure = true;
}

/** Calls may have happened in one order or another, which shows in nothing but who is known to take what. */
export function uniteTakers(ref: Reference, others: Reference[]): void {
  const all = [ref, ...others].map(({ takers }) => takers.map((taker) => JSON.stringify(taker)).sort());
  if (all.every((takers) => takers.join() === all[0]?.join())) return;
  ref.takers = [ref, ...others].flatMap(({ takers }) => takers).map((taker) => ({ ...taker, unsure: true }));
}

/**
 * Finished jobs past their retention: of each state the oldest, up to the first that may stay. One from the future, which finished while the
 * clock was ahead, may stay and holds up nobody.
 */
export function expired(ref: Reference, retention: Retention, now: number): Known[] {
  return (['completed', 'failed'] as const).flatMap((status) => {
    const { age, count, bytes } = retention[status];
    const finished = ref.known.filter(({ job }) => job.status === status).sort((a, b) => a.finishedNo - b.finishedNo);
    const gone: Known[] = [];
    for (const one of finished) {
      const left = finished.filter((other) => !gone.includes(other));
      const size = left.reduce((sum, { job }) => sum + sizeOf(job), 0);
      const at = Date.parse(one.job.finished ?? '');
      if (now - at >= age || left.length > count || size > bytes) {
        if (!isNeeded(ref, one)) gone.push(one);
      } else if (at <= now) break;
    }
    return gone;
  });
}

/** Notes which jobs the store may let go at this moment. */
export function noteExpired(ref: Reference, retention: Retention): void {
  const ids = expired(ref, retention, ref.now).map(({ job }) => job.id);
  ref.wereExpired = [...new Set([...ref.wereExpired, ...ids])];
}

/** Takes away what the store has let go, which it may have done at a moment that is over. */
export function forgetExpired(ref: Reference, retention: Retention, isThere: (id: string) => boolean): void {
  const forget = (all: Known[]): void => {
    for (const one of all) if (!isThere(one.job.id)) expire(ref, one);
  };
  forget(ref.known.filter(({ job }) => ref.wereExpired.includes(job.id)));
  forget(expired(ref, retention, ref.now));
}

/** Jobs that depend on it have not run yet, and may want its result. */
function isNeeded(ref: Reference, { job: parent }: Known): boolean {
  return ref.known.some(
    ({ job }) =>
      (job.status === 'pending' || job.status === 'active') &&
      [job.dependsOn ?? [], ...(job.children ?? []).map(({ ids }) => ids)].some((ids) => ids.includes(parent.id)),
  );
}

function sizeOf(job: Job): number {
  return JSON.stringify(job.data).length + (job.result === undefined ? 0 : JSON.stringify(job.result).length);
}

/** Its retention ended, and the store let it go, at a time of its own. */
function expire(ref: Reference, one: Known): void {
  ref.known = ref.known.filter((other) => other !== one);
  const { id, type } = one.job;
  ref.events.push({ kind: 'removed', id, type, anytime: true });
}
