/**
 * The rules by which jobs may start, said in the plainest way: everything is counted anew each time, from all that ever started.
 *
 * @module
 */
import type { LimitSpec, RateSpec } from '../../limit';

/** A job, as far as rules look at it. */
export interface RuledJob {
  id: string;
  type: string;
  priority: number;
  group?: string;
  tags: string[];
  needs: Record<string, number>;
  state: 'ready' | 'running' | 'waiting' | 'done';
  /** It waits until then for its next start: epoch milliseconds. */
  until: number;
  /** Its starts that are known to the store. */
  starts: Start[];
}

/** When, in epoch milliseconds, and as which of all starts. */
export interface Start {
  at: number;
  no: number;
}

/** What is defined. */
export interface Rulebook {
  limits: Map<string, LimitSpec>;
  pools: Map<string, number>;
  /** Starts up to this one were before rules changed, or the store was opened, for the last time. */
  since: number;
}

/** One rule that a job has to pass: those that count with it, and whether there is room for it. */
export interface Gauge {
  name: string;
  /** Jobs of the same count. */
  isIn(job: RuledJob): boolean;
  /** Whether the job could start beside those that run: it is not among them. */
  hasRoom(jobs: readonly RuledJob[], job: RuledJob, now: number): boolean;
  /** Whether what runs is more than is allowed. */
  isOver(jobs: readonly RuledJob[], now: number): boolean;
  /** Whether it could ever start. */
  isHopeless(job: RuledJob): boolean;
}

/** All rules that are about the job. */
export function gaugesOf({ limits, pools, since }: Rulebook, job: RuledJob): Gauge[] {
  const ofLimits = [...limits].flatMap(([name, spec]) => {
    const key = keyOf(spec, job);
    if (key === undefined) return [];
    const isIn = (other: RuledJob): boolean => keyOf(spec, other) === key;
    const gauges: Gauge[] = [];
    if (spec.concurrency !== undefined) gauges.push(concurrency(name, isIn, spec.concurrency));
    if (spec.ordered) gauges.push(order(name, isIn));
    if (spec.rate) gauges.push(rate(name, isIn, spec.rate, since));
    return gauges;
  });
  const ofPools = [...pools].flatMap(([name, capacity]) =>
    job.needs[name] === undefined ? [] : [pool(name, capacity)],
  );
  return [...ofLimits, ...ofPools];
}

/** What tells apart those that a limit counts separately; undefined: it is not about the job. */
function keyOf({ types, tags, by }: LimitSpec, job: RuledJob): string | undefined {
  if (types && !types.includes(job.type)) return undefined;
  if (tags && !tags.some((tag) => job.tags.includes(tag))) return undefined;
  return by === 'group' ? job.group : by === 'type' ? job.type : '';
}

function concurrency(name: string, isIn: Gauge['isIn'], most: number): Gauge {
  const running = (jobs: readonly RuledJob[]): number =>
    jobs.filter((job) => job.state === 'running' && isIn(job)).length;
  return {
    ...{ name, isIn },
    hasRoom: (jobs) => running(jobs) < most,
    isOver: (jobs) => running(jobs) > most,
    isHopeless: () => most === 0,
  };
}

/** One after the other, retries included. */
function order(name: string, isIn: Gauge['isIn']): Gauge {
  const begun = (jobs: readonly RuledJob[], now: number): RuledJob[] =>
    jobs.filter(
      (job) =>
        isIn(job) && (job.state === 'running' || (job.state === 'waiting' && job.until > now && job.starts.length > 0)),
    );
  return {
    ...{ name, isIn },
    hasRoom: (jobs, _job, now) => begun(jobs, now).length === 0,
    isOver: (jobs, now) => begun(jobs, now).length > 1,
    isHopeless: () => false,
  };
}

/** A rounding error of the times is none of the rule. */
const ROUNDING = 1e-3;

/**
 * `burst` tokens after a rest, `count` more in each `per`; a start takes one. How many were left when it began to count, or the store was
 * opened, it knows by and large: starts from before may hold jobs back, and need not.
 */
function rate(name: string, isIn: Gauge['isIn'], { count, per, burst = count }: RateSpec, since: number): Gauge {
  /** What is left after each of these starts; below zero: there was one too many. */
  const levels = (starts: readonly Start[]): number[] => {
    let [tokens, last] = [burst, 0];
    return starts.map(({ at }) => {
      tokens = Math.min(burst, tokens + ((at - last) * count) / per) - 1;
      last = at;
      return tokens;
    });
  };
  const isTooMany = (level = 0): boolean => level < -ROUNDING;
  const startsOf = (jobs: readonly RuledJob[]): Start[] =>
    jobs
      .filter(isIn)
      .flatMap(({ starts }) => starts)
      .sort((a, b) => a.no - b.no);
  return {
    ...{ name, isIn },
    hasRoom: (jobs, _job, now) => {
      const next: Start = { at: now, no: Number.POSITIVE_INFINITY };
      return !isTooMany(levels([...startsOf(jobs), next]).at(-1));
    },
    isOver: (jobs) => levels(startsOf(jobs).filter(({ no }) => no > since)).some((level) => isTooMany(level)),
    isHopeless: () => false,
  };
}

function pool(name: string, capacity: number): Gauge {
  const used = (jobs: readonly RuledJob[]): number =>
    jobs.filter(({ state }) => state === 'running').reduce((sum, { needs }) => sum + (needs[name] ?? 0), 0);
  return {
    name,
    isIn: ({ needs }) => needs[name] !== undefined,
    hasRoom: (jobs, job) => used(jobs) + (job.needs[name] ?? 0) <= capacity,
    isOver: (jobs) => used(jobs) > capacity,
    isHopeless: (job) => (job.needs[name] ?? 0) > capacity,
  };
}
