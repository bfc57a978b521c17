import type { ClaimedJob, ClaimRequest } from '../../store';
import { find, type Known, queueOf, type Reference, record, surely, waitsFor } from './reference';
import { age, nextStep } from './reference-ageing';
import { cascade, expireWaiting } from './reference-flow';

/** `claim` that does not wait. @param told The store's answer, for the tokens. */
export function claim(ref: Reference, request: ClaimRequest, told: ClaimedJob[] | undefined): ClaimedJob[] {
  ask(ref, request);
  return claimable(ref, request).map((one, n) => {
    start(ref, one, request.worker, told?.[n]?.token);
    return { job: structuredClone(one.job), token: one.token ?? 'a token' };
  });
}

/** `claim` that waits: it is served when there is something for it, which may be at once. */
export function claimAndWait(ref: Reference, request: ClaimRequest, number: number): void {
  ask(ref, request);
  ref.waiting.push({ number, request });
  serve(ref);
}

/** After each change: what it means to jobs that depend on others, what expires, which priorities become better; then those who wait get what became ready, in turn. */
export function serve(ref: Reference): void {
  if (ref.isHurried) return;
  cascade(ref);
  expireWaiting(ref);
  for (const window of ref.windows) window.wasOver ||= window.until <= ref.now;
  age(ref);
  for (const waiting of [...ref.waiting]) {
    const jobs = claimable(ref, waiting.request);
    if (jobs.length === 0) continue;
    ref.waiting.splice(ref.waiting.indexOf(waiting), 1);
    ref.served.push({ number: waiting.number, ids: jobs.map(({ job }) => job.id) });
    // Its token is told by the answer.
    for (const one of jobs) start(ref, one, waiting.request.worker, undefined);
  }
}

/**
 * Time passes: each scheduled job gets its turn at its own time, expires at its own, and each priority becomes better at its own.
 * @param look Is called before each of these moments.
 */
export function pass(ref: Reference, ms: number, look: (ref: Reference) => void): void {
  const end = ref.now + ms;
  for (;;) {
    look(ref);
    const pending = ref.known.filter(({ job }) => job.status === 'pending');
    const times = pending
      .flatMap(({ job: { runAt, expiresAt } }) => [runAt, expiresAt])
      .filter((at) => at !== undefined);
    const next = Math.min(nextStep(ref), ...times.map((at) => Date.parse(at)).filter((at) => at > ref.now));
    if (next > end) break;
    ref.now = next;
    serve(ref);
  }
  ref.now = end;
  serve(ref);
}

/** The wall clock is set, forward or back. */
export function jump(ref: Reference, ms: number): void {
  ref.now += ms;
  serve(ref);
}

function ask(ref: Reference, { worker, types }: ClaimRequest): void {
  ref.takers = ref.takers.filter((taker) => taker.worker !== worker);
  ref.takers.push({ worker, types: types && Object.keys(types), unsure: false });
}

function claimable(ref: Reference, { limit, types }: ClaimRequest): Known[] {
  const room = new Map(Object.entries(types ?? {}));
  const got: Known[] = [];
  for (const one of queueOf(ref)) {
    if (got.length === limit) break;
    if (waitsFor(ref, one) !== 'ready') continue;
    if (types) {
      const left = room.get(one.job.type) ?? 0;
      if (left === 0) continue;
      room.set(one.job.type, left - 1);
    }
    got.push(one);
  }
  return got;
}

function start(ref: Reference, one: Known, worker: string, token: string | undefined): void {
  if (token === undefined) delete one.token;
  else one.token = token;
  one.backoff = false;
  if (one.job.retryFor !== undefined) one.retryUntil ??= ref.now + one.job.retryFor;
  record(ref, one, 'started', (job) => {
    job.status = 'active';
    job.attempt++;
    job.started = new Date(ref.now).toISOString();
    job.worker = worker;
    job.metadata.progress = 0;
    delete job.runAt;
    delete job.metadata.detail;
    delete job.metadata.stuck;
  });
  one.unsure = surely(one);
}

/** The answer of a served claim brought the tokens. */
export function learnTokens(ref: Reference, claimed: ClaimedJob[]): void {
  for (const { job, token } of claimed) {
    const one = find(ref, job.id);
    if (one?.job.status === 'active') one.token = token;
  }
}
