/** Takes every engine through every metric: a short look at its speed first, then the rounds, engine after engine in each. */
import type { Durability, Engine, Variant } from './engines/engine';
import type { Metric, Series, Values } from './metrics/metric';
import { FIRST_LOOK, fullScaleFor, lookScale, quickScale } from './scales';
import { summarise } from './stats';
import { measure, type Setting } from './trial';

/** Variants that are worse than the best by more than this are not measured any further. */
const CLOSE = 0.75;

/** One engine in one metric. */
export interface Candidate {
  engine: Engine;
  metric: Metric;
  durability: Durability;
  /** What was measured, variant by variant. */
  tries: Try[];
  failure?: unknown;
}

interface Try {
  variant: Variant;
  /** What the short look gave, jobs per second as a rule; 0 where there was none. */
  speed: number;
  rounds: Values[];
}

export interface RoundsOptions {
  rounds: number;
  quick: boolean;
  /** Told before each measurement. */
  onStep(text: string): void;
}

/** Measures the engines in one metric and class, in turns. */
export async function measureAll(
  setting: Setting,
  metric: Metric,
  durability: Durability,
  engines: Engine[],
  options: RoundsOptions,
): Promise<Candidate[]> {
  const candidates: Candidate[] = engines.map((engine) => ({ engine, metric, durability, tries: [] }));
  for (const candidate of candidates) {
    const [first] = candidates;
    await orFail(candidate, options, async () => {
      // What it was before does the same work in the same way, or the two looks would decide which is faster.
      const isBefore = candidate.engine.task !== undefined && first?.failure === undefined;
      candidate.tries = isBefore ? again(first?.tries ?? []) : await look(setting, candidate, options);
    });
  }
  for (let round = 0; round < options.rounds; round++) {
    for (const candidate of rotated(candidates, round)) {
      if (candidate.failure !== undefined) continue;
      await orFail(candidate, options, () => measureOnce(setting, candidate, round, options));
    }
  }
  return candidates;
}

function again(tries: Try[]): Try[] {
  return tries.map(({ variant, speed }) => ({ variant, speed, rounds: [] }));
}

async function measureOnce(
  setting: Setting,
  candidate: Candidate,
  round: number,
  options: RoundsOptions,
): Promise<void> {
  const { engine, metric, durability, tries } = candidate;
  for (const { variant, speed, rounds } of tries) {
    options.onStep(`${label(candidate, variant)}, round ${round + 1} of ${options.rounds}`);
    const scale = options.quick ? quickScale : fullScaleFor(speed);
    rounds.push(await measure(setting, { metric, engine, durability, variant, scale }));
  }
}

/** Finds out how fast the engine is, and which of its variants are worth measuring. */
async function look(setting: Setting, candidate: Candidate, options: RoundsOptions): Promise<Try[]> {
  const { engine, metric, durability } = candidate;
  const variants = metric.variants(engine, durability);
  if (options.quick) return [{ variant: variants[0] ?? {}, speed: 0, rounds: [] }];
  if (variants.length === 1 && !metric.fitted) return [{ variant: variants[0] ?? {}, speed: 0, rounds: [] }];
  const speedOf = async (variant: Variant, jobs: number): Promise<number> => {
    options.onStep(`${label(candidate, variant)}, a look at its speed`);
    const values = await measure(setting, { metric, engine, durability, variant, scale: lookScale(jobs) });
    return values[metric.series[0]?.metric ?? ''] ?? 0;
  };
  const tries: Try[] = [];
  let failure: unknown;
  for (const variant of variants) {
    try {
      tries.push({ variant, speed: await speedOf(variant, FIRST_LOOK), rounds: [] });
    } catch (error) {
      // The others may do.
      failure = error;
      options.onStep(`left out: ${label(candidate, variant)}: ${error}`);
    }
  }
  if (tries.length === 0) throw failure;
  const close = bestOf(metric, tries);
  for (const attempt of close) {
    // A few thousand jobs are over before a fast engine is warm.
    if (metric.fitted && attempt.speed > 2 * FIRST_LOOK) {
      attempt.speed = await speedOf(attempt.variant, Math.round(attempt.speed));
    }
  }
  return bestOf(metric, close);
}

/** The best one, and those that are about as good. */
function bestOf({ series }: Metric, tries: Try[]): Try[] {
  const score = ({ speed }: Try): number => (series[0]?.better === 'higher' ? speed : 1 / speed);
  const best = Math.max(...tries.map(score));
  return tries.filter((attempt) => score(attempt) >= CLOSE * best);
}

async function orFail(candidate: Candidate, options: RoundsOptions, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    candidate.failure = error;
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
    options.onStep(`FAILED: ${label(candidate)}: ${message}`);
  }
}

/** What a series has to show for a candidate: the rounds of its best variant; none if it failed. */
export function valuesOf(
  { metric, tries, failure }: Candidate,
  series: Series,
): { variant: Variant; values: number[] } {
  const [first, ...others] = tries.map(({ variant, rounds }) => ({
    variant,
    values: rounds.map((values) => values[series.metric] as number),
  }));
  if (failure !== undefined || first === undefined) return { variant: {}, values: [] };
  return others.reduce((best, other) => {
    const [a, b] = [summarise(other.values).median, summarise(best.values).median];
    return (metric.series[0]?.better === 'higher' ? a > b : a < b) ? other : best;
  }, first);
}

/** Another engine is first in each round, so that none always follows the same one. */
export function rotated<T>(list: T[], by: number): T[] {
  const start = list.length === 0 ? 0 : by % list.length;
  return [...list.slice(start), ...list.slice(0, start)];
}

/** A candidate in words. */
export function label({ engine, metric, durability }: Candidate, variant: Variant = {}): string {
  const settings = Object.entries(variant).map(([name, value]) => `${name} ${value}`);
  return [`${metric.name} (${durability}): ${engine.name}`, ...settings].join(', ');
}
