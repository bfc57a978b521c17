/** What Leviathan is to reach. */
import type { Durability } from './engines/engine';
import { OURS, type Results } from './result';

interface Target {
  /** As the table shows it. */
  text: string;
  met(results: Results, metric: string, durability: Durability): boolean | undefined;
}

/** At least `factor` times the best peer of the class. */
function timesBest(factor: number): Target {
  return { text: `≥ ${factor}× best peer`, met: (...where) => compare(ratio(...where), (value) => value >= factor) };
}

function atMost(limit: number, unit: string): Target {
  return { text: `≤ ${limit} ${unit}`, met: (...where) => compare(median(...where), (value) => value <= limit) };
}

function atLeast(limit: number): Target {
  return { text: `≥ ${limit}`, met: (...where) => compare(median(...where), (value) => value >= limit) };
}

/** At most the best peer's, and below `limit` as well. */
function asLowAsBest(limit?: number): Target {
  return {
    text: `≤ best peer${limit === undefined ? '' : `, < ${limit} ms`}`,
    met: (...where) => {
      const best = compare(ratio(...where), (value) => value <= 1);
      if (best === undefined || limit === undefined) return best;
      return best && compare(median(...where), (value) => value < limit);
    },
  };
}

/** `factor` times one peer. */
function timesPeer(factor: number, peer: string): Target {
  return {
    text: `≥ ${factor}× ${peer}`,
    met: (results, metric, durability) => {
      const ours = median(results, metric, durability);
      const theirs = median(results, metric, durability, peer);
      if (ours === undefined || theirs === undefined) return undefined;
      return ours >= factor * theirs;
    },
  };
}

/** No worse than Leviathan was before, but for what one run differs from the next. */
const asBefore: Target = {
  text: 'as before, ± 5 %',
  met: (results, metric, durability) => {
    const unit = results.rows.find((row) => row.metric === metric)?.unit;
    const isRate = unit === 'jobs/s' || unit === 'ratio';
    return compare(ratio(results, metric, durability), (value) => (isRate ? value >= 0.95 : value <= 1.05));
  },
};

const targets: { metric: string; durability?: Durability; target: Target }[] = [
  { metric: 'add', target: timesBest(4) },
  { metric: 'process-10', target: timesBest(4) },
  { metric: 'process-100', target: timesBest(4) },
  { metric: 'bulk-add', durability: 'process', target: timesBest(1.2) },
  { metric: 'latency-p50', target: asLowAsBest(0.1) },
  { metric: 'latency-p99', target: asLowAsBest() },
  { metric: 'workers-3', durability: 'power', target: timesPeer(4, 'bullmq') },
  { metric: 'claim-1m-vs-1k', target: atLeast(0.9) },
  { metric: 'open-clean-1m', target: atMost(3, 's') },
  { metric: 'open-killed-1m', target: atMost(8, 's') },
  { metric: 'rss-1m', target: atMost(500, 'MB') },
  { metric: 'rss-1m-opened', target: atMost(500, 'MB') },
  { metric: 'loop-delay-p99', target: atMost(15, 'ms') },
  { metric: 'view-lag-p99', target: atMost(100, 'ms') },
  { metric: 'transition-p99', target: atMost(20, 'ms') },
];

/** The target of a metric, and whether it is met; `undefined` when what it compares with was not measured. */
export function targetOf(
  results: Results,
  metric: string,
  durability: Durability,
): { text: string; met: boolean | undefined } | undefined {
  const named = targets.find((entry) => entry.metric === metric && (entry.durability ?? durability) === durability);
  const target = results.machine.baseline === undefined ? named?.target : asBefore;
  return target && { text: target.text, met: target.met(results, metric, durability) };
}

function median(results: Results, metric: string, durability: Durability, engine = OURS): number | undefined {
  const row = results.rows.find(
    (candidate) => candidate.engine === engine && candidate.metric === metric && candidate.durability === durability,
  );
  return row?.median ?? undefined;
}

function ratio(results: Results, metric: string, durability: Durability): number | undefined {
  return results.ratios.find((entry) => entry.metric === metric && entry.durability === durability)?.ratio;
}

function compare(value: number | undefined, test: (value: number) => boolean): boolean | undefined {
  return value === undefined ? undefined : test(value);
}
