/**
 * Types that carry data and results from a processor's schemas to the calls of a queue.
 *
 * @module
 */
import type { JobOptions } from './job';
import type { AnyProcessor, InputOf, ResultOf } from './processor';
import type { AddOptions } from './store';

/** Any list of processors: a queue of these takes jobs of any type. */
export type Processors = readonly AnyProcessor[];

/** The types of job that these processors run. */
export type TypeIn<P extends Processors> = P[number]['type'];

/** Those of the processors that run jobs of type `T`. */
export type ProcessorFor<P extends Processors, T extends string> = Extract<P[number], { readonly type: T }>;

/** What a producer passes as data of a job of type `T`; anything where the processors are not known. */
export type DataFor<P extends Processors, T extends string> =
  string extends TypeIn<P> ? unknown : InputOf<ProcessorFor<P, T>>;

/** What a job of type `T` results in; unknown where the processors are not known. */
export type ResultFor<P extends Processors, T extends string> =
  string extends TypeIn<P> ? unknown : ResultOf<ProcessorFor<P, T>>;

/** One job of `addMany`. */
export type JobInput<P extends Processors> = {
  [T in TypeIn<P>]: { type: T; data: DataFor<P, T>; options?: JobOptions };
}[TypeIn<P>];

/** Options of `add`. */
export type AddJobOptions = JobOptions & AddOptions;
