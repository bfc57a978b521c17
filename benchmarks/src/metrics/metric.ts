/** A metric is one file: what is measured, on which engines, and how. */
import type { Durability, Engine, ServerAddress, Variant } from '../engines/engine';
import type { Task } from '../spawn';

/** One column of results. */
export interface Series {
  metric: string;
  unit: 'jobs/s' | 'ms' | 's' | 'MB' | 'ratio';
  /** Which of two values is the better one. */
  better: 'higher' | 'lower';
}

/** How much to do. */
export interface Scale {
  /** How long something that runs for a time runs. */
  seconds: number;
  /** How many jobs something that works through jobs works through. */
  jobs: number;
  /** Jobs that are added and run before. */
  warmup: number;
  samples: number;
  /** Milliseconds without work after jobs were added, before they are run; 0: no pause, and the disks are not synced either. */
  settle: number;
  /** The number of jobs that stands for a million. */
  million: number;
  /** The number that stands for a thousand jobs that run at once. */
  active: number;
}

/** One measurement: an engine, set up in one way, in an empty folder. */
export interface Trial {
  engine: Engine;
  durability: Durability;
  variant: Variant;
  folder: string;
  server?: ServerAddress;
  scale: Scale;
  /** Starts a measured process with the engine's options and these parameters. */
  start<Result>(task: string, params: object): Task<Result>;
  /** Empties the folder, for another part of the same measurement. No process of it may run. */
  fresh(): Promise<void>;
  /** Writes what waits in the system's buffers to the disk. */
  sync(): Promise<void>;
}

/** What a measurement gives: a value for each of the metric's series. */
export type Values = Record<string, number>;

export interface Metric {
  name: string;
  series: Series[];
  durabilities: Durability[];
  /** Which engines it is for. */
  takes(engine: Engine): boolean;
  /** The ways to set an engine up that are tried. */
  variants(engine: Engine, durability: Durability): Variant[];
  /** It works through `scale.jobs` jobs: their number is fitted to each engine's speed. */
  fitted: boolean;
  measure(trial: Trial): Promise<Values>;
}

/** A metric that is not compared with other queues: Leviathan alone, now and before. */
export function ofLeviathan(metric: Pick<Metric, 'name' | 'series' | 'durabilities' | 'measure'>): Metric {
  return {
    ...metric,
    takes: ({ name }) => name === 'leviathan' || name === 'baseline',
    variants: () => [{}],
    fitted: false,
  };
}

/** The series of a metric that is one number. */
export function rate(metric: string): Series[] {
  return [{ metric, unit: 'jobs/s', better: 'higher' }];
}

/** Every way of the first kind with every way of the second. */
export function combine(first: Variant[], second: Variant[]): Variant[] {
  return first.flatMap((one) => second.map((other) => ({ ...one, ...other })));
}
