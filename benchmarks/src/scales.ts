/** How much each measurement does. */
import type { Scale } from './metrics/metric';

/** To see that everything works; nothing is waited for. */
export const quickScale: Scale = {
  seconds: 0.05,
  jobs: 500,
  warmup: 200,
  samples: 50,
  settle: 0,
  million: 2_000,
  active: 100,
};

const fullScale = { seconds: 3, warmup: 5_000, samples: 1_000, settle: 1_000, million: 1_000_000, active: 1_000 };

/** Jobs of the first look at an engine's speed. */
export const FIRST_LOOK = 3_000;

/** A short run that tells an engine's speed and which of its variants is fastest. */
export function lookScale(jobs: number): Scale {
  return { seconds: 1, jobs, warmup: 2_000, samples: 100, settle: 500, million: 1_000_000, active: 1_000 };
}

/** The real thing, for an engine of this many jobs per second: long enough for the rate not to depend on the length. */
export function fullScaleFor(jobsPerSecond: number): Scale {
  return { ...fullScale, jobs: Math.ceil((jobsPerSecond * fullScale.seconds) / 1_000) * 1_000 };
}
