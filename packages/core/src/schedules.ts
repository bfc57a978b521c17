/**
 * Schedules in the hands of a producer or manager. The store fires them, whichever program has it open: this only sets them and looks.
 *
 * @module
 */
import type { CheckedSpec } from './checked-spec';
import type { Clock } from './clock';
import type { Definition } from './definition';
import { DefinitionNotFoundError, type Issue, UnsupportedError, ValidationError } from './errors';
import type { Json } from './job';
import { type JobCalls, JobHandle } from './job-handle';
import { toJobSpec } from './job-spec';
import type { DataFor, Processors, TypeIn } from './job-types';
import { toJson } from './json';
import type { AnyProcessor } from './processor';
import type { ProcessorRegistry } from './processor-registry';
import { upcomingSlots } from './schedule/due';
import type { ScheduledJob, ScheduledJobOptions, ScheduleValue } from './schedule/schedule';
import { scheduleTags } from './schedule/scheduled-job';
import {
  planOf,
  type Schedule,
  scheduleValue,
  shownSchedule,
  type Time,
  type Timing,
  trialOf,
  withTimes,
} from './shown-schedule';
import type { AddResult, JobStore } from './store';

const MAX_PREVIEW = 1_000;

/** A schedule as a program writes it. */
export interface ScheduleSpec<P extends Processors = Processors> extends Omit<ScheduleValue, 'start' | 'end' | 'job'> {
  /** No slot before this time: a `Date`, epoch milliseconds, or ISO 8601. */
  start?: Time;
  /** No slot after this time: a `Date`, epoch milliseconds, or ISO 8601. */
  end?: Time;
  /** Left out: as it was, and not paused when it is new. So a program that sets its schedules as it starts resumes none. */
  paused?: boolean;
  job: { [T in TypeIn<P>]: ScheduledJob<T, DataFor<P, T>> }[TypeIn<P>];
}

/** What they are made of. */
interface SchedulesOptions {
  store: JobStore;
  clock: Clock;
  registry: ProcessorRegistry | undefined;
  calls: JobCalls;
}

/**
 * The schedules of a store. Every method throws an `UnsupportedError` when the store has none.
 *
 * @example
 * ```ts
 * await queue.schedules.set('nightly', {
 *   cron: '30 2 * * *',
 *   timezone: 'Europe/Berlin',
 *   job: { type: 'backup', data: { folder: 'photos' } },
 * });
 * ```
 */
export class Schedules<const P extends Processors = Processors> {
  readonly #options: SchedulesOptions;

  /** Made by a `Queue`. */
  constructor(options: SchedulesOptions) {
    this.#options = options;
  }

  /**
   * Sets a schedule, new or in place of the one of this name. One that says what is there already changes nothing. Options that the processor
   * of the job's type has as defaults are written into it.
   * @throws UnknownTypeError, ValidationError, StoreWriteError: nothing was changed.
   */
  async set(name: string, spec: ScheduleSpec<P>, options?: { by?: string }): Promise<Schedule> {
    const value = await this.#valueOf(spec as unknown as ScheduleSpec);
    const before = spec.paused === undefined ? await this.#find(name) : undefined;
    if (before && scheduleValue(before).paused) value.paused = true;
    await this.#define(name, value, options);
    return this.#shown(name);
  }

  /** The schedule, or `null` when there is none of this name. */
  async get(name: string): Promise<Schedule | null> {
    const found = await this.#find(name);
    return found ? shownSchedule(found, this.#options.clock.now()) : null;
  }

  /** All schedules, by name. */
  async list(): Promise<Schedule[]> {
    const now = this.#options.clock.now();
    return (await this.#definitions()).map((definition) => shownSchedule(definition, now));
  }

  /** Makes no more jobs until {@link Schedules.resume}; what comes meanwhile is not missed. @throws DefinitionNotFoundError */
  pause(name: string, options?: { by?: string }): Promise<Schedule> {
    return this.#setPaused(name, true, options);
  }

  /** Goes on with the next slot. @throws DefinitionNotFoundError */
  resume(name: string, options?: { by?: string }): Promise<Schedule> {
    return this.#setPaused(name, false, options);
  }

  /** Takes it away; jobs that it made stay. @throws DefinitionNotFoundError */
  async remove(name: string, options?: { by?: string }): Promise<void> {
    await this.#present(name);
    await this.#define(name, null, options);
  }

  /**
   * Adds its job now, besides its slots: also while it is paused, and whatever else runs. The job is not counted among the runs.
   * @throws DefinitionNotFoundError, and what `Queue.add` throws
   */
  async trigger(name: string): Promise<JobHandle> {
    const { job } = scheduleValue(await this.#present(name));
    const { store, clock, calls } = this.#options;
    const spec = toJobSpec(job, undefined, clock.now(), undefined, []) as CheckedSpec;
    spec.set({ tags: [...(spec.tags ?? []), ...scheduleTags(name)] });
    const [result] = await store.add([spec]);
    return new JobHandle(calls, result as AddResult);
  }

  /**
   * When a schedule fires next, 5 times or as often as asked (1,000 at most): one that is there, as if it were not paused, or a timing that
   * is to be tried first.
   * @throws DefinitionNotFoundError; ValidationError when the timing is not valid
   */
  async preview(schedule: string | Timing, count = 5): Promise<Date[]> {
    const now = this.#options.clock.now();
    const definition = typeof schedule === 'string' ? await this.#present(schedule) : trialOf(schedule, now);
    const { times, state, limit } = planOf(definition);
    const slots = upcomingSlots(times, state, limit, now, Math.min(count, MAX_PREVIEW));
    return slots.map((slot) => new Date(slot));
  }

  async #valueOf({ job, ...rest }: ScheduleSpec): Promise<ScheduleValue> {
    const { registry, clock } = this.#options;
    const processor = registry?.require(job.type);
    const issues: Issue[] = [];
    await toJobSpec(job, processor, clock.now(), undefined, issues);
    if (issues.length > 0) throw new ValidationError('The job of the schedule', issues);
    const options = { ...defaultsOf(processor), ...job.options };
    const kept = { type: job.type, data: job.data, ...(Object.keys(options).length > 0 && { options }) };
    return toJson('The schedule', 'schedule', { ...withTimes(rest), job: kept }) as unknown as ScheduleValue;
  }

  async #setPaused(name: string, paused: boolean, options?: { by?: string }): Promise<Schedule> {
    const { paused: _before, ...value } = scheduleValue(await this.#present(name));
    await this.#define(name, paused ? { ...value, paused } : value, options);
    return this.#shown(name);
  }

  async #define(name: string, value: ScheduleValue | null, options?: { by?: string }): Promise<void> {
    this.#assertSupported();
    await this.#options.store.define([{ kind: 'schedule', name, value: value as unknown as Json }], options);
  }

  #definitions(): Promise<Definition[]> {
    this.#assertSupported();
    return this.#options.store.definitions('schedule');
  }

  async #find(name: string): Promise<Definition | undefined> {
    return (await this.#definitions()).find((definition) => definition.name === name);
  }

  async #present(name: string): Promise<Definition> {
    const found = await this.#find(name);
    if (!found) throw new DefinitionNotFoundError('schedule', name);
    return found;
  }

  async #shown(name: string): Promise<Schedule> {
    return shownSchedule(await this.#present(name), this.#options.clock.now());
  }

  #assertSupported(): void {
    const { name, schedules } = this.#options.store.capabilities;
    if (!schedules) throw new UnsupportedError(name, 'make jobs by schedules');
  }
}

/** The options that the processor's author chose. A function cannot be stored; the worker asks the processor for it. */
function defaultsOf(processor: AnyProcessor | undefined): ScheduledJobOptions {
  const { backoff, ...defaults } = processor?.defaults ?? {};
  return typeof backoff === 'object' ? { ...defaults, backoff } : defaults;
}
