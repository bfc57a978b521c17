/**
 * What went wrong, computed from what the processes wrote down and from what stands in the store at the end.
 *
 * At least once, fenced: a second run of a job is allowed when the first one's process died or gave it back, or its outcome asks for one;
 * it is a fault while that process lives, and after an outcome that was acknowledged.
 */
import type { Job } from '@leviathan/core';
import { type Attempt, type Hand, type History, historiesOf, type ProcessLife } from './histories';

/** `lost`: acknowledged, and not there. `double`: run twice. `stuck`: does not come to its end. `early`: before its time. */
export type FaultKind = 'lost' | 'double' | 'stuck' | 'early' | 'other';

/** One thing that must not be. `at` is on the shared clock, where it can be said. */
export interface Fault {
  kind: FaultKind;
  message: string;
  at?: number;
}

/** What stands there at the end: in the store, and of those that left it, in the archive. */
export interface FinalState {
  jobs: Map<string, Job>;
  archived: Map<string, Job>;
}

/** A timer of Node may come so much before its time, by its own rounding. */
const TIMER_SLACK = 2;

/** Judges the evidence of all processes. Without a final state only what happened is judged. */
export function judge(lives: readonly ProcessLife[], final?: FinalState): Fault[] {
  const faults: Fault[] = [];
  const fault = (kind: FaultKind, message: string, at?: number): void =>
    void faults.push({ kind, message, ...(at !== undefined && { at }) });
  for (const life of lives) {
    for (const note of life.notes) {
      if (note.kind === 'broke') fault('other', `process ${life.name}: ${note.message}`, note.at);
      if (note.kind === 'timeout' && note.after < note.limit - TIMER_SLACK) {
        fault('early', `job ${note.id} timed out after ${note.after} of ${note.limit} ms`, note.at);
      }
    }
  }
  const histories = historiesOf(lives);
  const tokens = new Set<string>();
  for (const history of histories.values()) {
    for (const { token, id, got } of history.attempts) {
      if (tokens.has(token)) fault('double', `job ${id}: attempt ${token} was given away twice`, got);
      tokens.add(token);
    }
    judgeRuns(history, fault);
    judgeTimes(history, fault);
    if (final) judgeEnd(history, final, lives, fault);
  }
  return faults;
}

type Report = (kind: FaultKind, message: string, at?: number) => void;

function judgeRuns({ id, attempts, hands }: History, fault: Report): void {
  const runs = attempts.flatMap((attempt) => attempt.runs.map((run) => ({ ...run, attempt })));
  runs.sort((a, b) => a.at - b.at);
  for (const { runs: own, token } of attempts) {
    if (own.length > 1) fault('double', `job ${id}: the handler of attempt ${token} was started ${own.length} times`);
  }
  for (const { life, end, answer } of attempts) {
    // Had it counted before, and the answer been lost, the same would have been accepted again.
    if (end?.outcome !== 'completed' || answer?.accepted !== false || !answer.status || life.left) continue;
    fault('lost', `job ${id}: its completion by ${end.run} was refused, and its process lives`, answer.at);
  }
  const completions = attempts.filter(({ answer, end }) => answer?.accepted && end?.outcome === 'completed');
  if (completions.length > 1) fault('double', `job ${id}: ${completions.length} attempts completed it`);
  for (const [i, later] of runs.entries()) {
    for (const earlier of runs.slice(0, i)) {
      if (earlier.attempt === later.attempt) continue;
      const over = isOverAt(earlier.attempt);
      if (later.at >= over) continue;
      const until = over === Number.POSITIVE_INFINITY ? 'never was over' : `was over ${over - later.at} ms later`;
      fault(
        'double',
        `job ${id}: ${later.run} started although ${earlier.run} (of ${earlier.attempt.life.name}) ${until}`,
        later.at,
      );
    }
    const done = completions.find(({ answer }) => (answer?.at as number) < later.at);
    if (done) fault('double', `job ${id}: ${later.run} started after its completion was acknowledged`, later.at);
  }
  judgeCancelled(id, runs, hands, fault);
}

/** The attempt that was active when the job was cancelled may start a moment after; one more may not. */
function judgeCancelled(id: string, runs: { at: number; run: string }[], hands: readonly Hand[], fault: Report): void {
  const cancel = hands.find(({ action, answered }) => action === 'cancel' && answered?.changed === 1);
  if (!cancel || hands.some(({ action, asked }) => action === 'retry' && asked > cancel.asked)) return;
  const [, second] = runs.filter(({ at }) => at > (cancel.answered?.at ?? 0));
  if (second) fault('double', `job ${id}: ${second.run} started after it was cancelled`, second.at);
}

/** From when on the job may run again: not while its process lives, unless its outcome asks for it. */
function isOverAt({ life, end, answer }: Attempt): number {
  const settled = end && end.outcome !== 'completed' ? end.at : Number.POSITIVE_INFINITY;
  const refused = answer && !answer.accepted ? answer.at : Number.POSITIVE_INFINITY;
  return Math.min(life.over, settled, refused);
}

function judgeTimes({ id, asked, attempts, hands }: History, fault: Report): void {
  for (const { runs, life } of attempts) {
    for (const { wall, at, run } of runs) {
      // By hand a scheduled job may be told to run at once.
      if (hands.some(({ action, asked: when }) => action === 'retry' && when < at)) continue;
      if (asked.runAt !== undefined && wall < asked.runAt) {
        fault('early', `job ${id}: ${run} started ${asked.runAt - wall} ms before its time`, at);
      }
      const failed = attempts.filter(({ end, answer }) => end?.retryIn && answer?.status === 'pending' && end.at < at);
      for (const { end } of failed) {
        const due = (end?.wall ?? 0) + (end?.retryIn ?? 0);
        if (wall < due)
          fault('early', `job ${id}: ${run} of ${life.name} came ${due - wall} ms within its backoff`, at);
      }
    }
  }
}

function judgeEnd(
  history: History,
  { jobs, archived }: FinalState,
  lives: readonly ProcessLife[],
  fault: Report,
): void {
  const { id, attempts, hands, added } = history;
  const job = jobs.get(id) ?? archived.get(id);
  // Without an answer it may have gone or not, and so it may when the call was made again by itself; otherwise it was active then.
  const removals = hands.filter(
    ({ action, answered }) => action === 'remove' && (answered?.changed !== 0 || answered.gone),
  );
  if (removals.some(({ answered }) => answered) && jobs.has(id)) {
    fault('lost', `job ${id}: its removal was acknowledged, but it is there`);
  }
  if (removals.length > 0) return;
  if (!job) {
    if (added !== undefined) fault('lost', `job ${id}: its add was acknowledged, but it is gone`, added);
    return;
  }
  if (job.status !== 'completed' && job.status !== 'failed') {
    fault('stuck', `job ${id} is ${job.status} at the end`);
    return;
  }
  const completion = attempts.find(({ answer, end }) => answer?.accepted && end?.outcome === 'completed');
  if (completion) {
    const { run } = (job.result ?? {}) as { run?: string };
    if (job.status !== 'completed' || run !== completion.end?.run) {
      fault(
        'lost',
        `job ${id}: its completion by ${completion.end?.run} was acknowledged, but it is ${job.status} by ${run}`,
      );
    }
  } else if (job.status === 'completed') {
    const { run } = job.result as { run?: string };
    const asked = attempts.some(({ end }) => end?.outcome === 'completed' && end.run === run);
    if (!asked) fault('other', `job ${id}: nobody asked for its completion by ${run}`);
  }
  judgeFailure(history, job, fault);
  judgeCounting(history, job, lives, fault);
}

/** What ended a job for good holds until somebody retries it by hand. */
function judgeFailure({ id, attempts, hands }: History, job: Job, fault: Report): void {
  const retriedAfter = (at: number): boolean => hands.some(({ action, asked }) => action === 'retry' && asked > at);
  for (const { end, answer } of attempts) {
    if (!answer?.accepted || answer.status !== 'failed' || retriedAfter(end?.at ?? 0)) continue;
    if (job.status !== 'failed')
      fault('lost', `job ${id}: its failure was acknowledged, but it is ${job.status}`, answer.at);
  }
  for (const [i, hand] of hands.entries()) {
    if (hand.action !== 'retry' || hand.answered?.changed !== 1 || i < hands.length - 1) continue;
    const again =
      attempts.some(({ got }) => got > hand.asked) || job.reason === 'crashed' || job.status === 'completed';
    if (!again) fault('lost', `job ${id}: its retry was acknowledged, but it did not run again`, hand.asked);
  }
  const cancel = hands.find(({ action, answered }) => action === 'cancel' && answered?.changed === 1);
  if (cancel && !retriedAfter(cancel.asked) && job.status === 'failed' && job.reason !== 'cancelled') {
    fault('lost', `job ${id}: its cancellation was acknowledged, but it failed as ${job.reason}`, cancel.asked);
  }
}

/** Every start is counted before its handler runs, and a job is taken back from the dead alone. */
function judgeCounting({ id, attempts, hands }: History, job: Job, lives: readonly ProcessLife[], fault: Report): void {
  if (!hands.some(({ action }) => action === 'retry')) {
    const spent = attempts.filter(
      ({ life, end, runs }) => runs.length > 0 && end?.outcome !== 'released' && !life.left,
    );
    if (job.attempt < spent.length) {
      fault('other', `job ${id}: ${spent.length} attempts started, but it counts ${job.attempt}`);
    }
  }
  for (const { code, message } of job.metadata.errors) {
    if (code !== 'CRASHED') continue;
    const life = lives.find(({ name }) => message.includes(` w-${name} `));
    if (!life) fault('other', `job ${id}: a crash of an unknown process: ${message}`);
    // One that leaves while there is no owner leaves its jobs as one that dies.
    else if (!life.died && !life.left)
      fault('double', `job ${id} was taken from process ${life.name}, which did not die: ${message}`);
  }
}
