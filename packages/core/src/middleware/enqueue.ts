/**
 * Middleware around the adding of jobs.
 *
 * @module
 */
import { CheckedSpec } from '../checked-spec';
import type { Clock } from '../clock';
import { newJobId } from '../engine/job-id';
import { MiddlewareError, ValidationError } from '../errors';
import type { JobSpec } from '../job';
import type { AnyProcessor } from '../processor';
import type { ProcessorRegistry } from '../processor-registry';
import { type Checked, check } from '../schema';
import type { AddOptions, AddResult, JobStore } from '../store';
import { type Blame, faultIn, type NamedLayer, onion } from './middleware';

/** What {@link enqueueThrough} needs of the queue. */
export interface EnqueueHost {
  readonly store: JobStore;
  /** Checks what the layers passed on; left out, it goes unchecked. */
  readonly registry: ProcessorRegistry | undefined;
  error(error: unknown): void;
}

/**
 * Puts layers around the adding of jobs. It rejects only when nothing was added: once the store has the jobs, its answer stands, and what a
 * layer does wrong after that is reported.
 */
export function enqueueThrough(
  layers: readonly NamedLayer<'enqueue'>[],
  host: EnqueueHost,
): (specs: JobSpec[], options?: AddOptions) => Promise<AddResult[]> {
  return async (specs, options) => {
    let adding: Promise<AddResult[]> | undefined;
    let isOver = false;
    const add = async (passed: JobSpec[]): Promise<AddResult[]> => {
      // Each job that the caller gave gets its handle.
      assertCount(passed, specs.length, 'passed on');
      const { registry } = host;
      if (registry) await assertValid(passed, (type) => registry.require(type));
      return host.store.add(passed, options);
    };
    const pass = onion('enqueue', layers, (passed: JobSpec[]) => {
      // Called by a layer that somebody further out did not wait for: the caller was told that nothing is added.
      if (isOver) return Promise.reject(new MiddlewareError('enqueue', 'the call has ended; the jobs were not added.'));
      adding = add(passed);
      return adding;
    });
    const blame: Blame = {};
    try {
      const results = await pass(specs.map(CheckedSpec.plain), blame);
      assertCount(results, specs.length, 'returned results of');
      // A layer may have answered without waiting for the store.
      isOver = true;
      await adding;
      return results;
    } catch (error) {
      isOver = true;
      const results = await adding?.catch(() => undefined);
      if (!results) throw error;
      host.error(faultIn('enqueue', blame, error));
      return results;
    }
  };
}

/** What {@link enqueueChildren} needs of the worker. */
export interface ChildrenEnqueueHost {
  readonly clock: Clock;
  readonly registry: ProcessorRegistry;
}

/**
 * Puts layers around jobs that an attempt adds with its outcome. They are in the store later than the layers end, so `next` answers with the
 * ids that they will have, and whatever a layer throws keeps them from being added. Where a layer answers by itself, its ids are those of
 * the jobs that are waited for.
 */
export function enqueueChildren(
  layers: readonly NamedLayer<'enqueue'>[],
  { clock, registry }: ChildrenEnqueueHost,
): (specs: JobSpec[]) => Promise<JobSpec[]> {
  return async (specs) => {
    let children = specs;
    const pass = onion('enqueue', layers, async (passed: JobSpec[]) => {
      assertCount(passed, specs.length, 'passed on');
      // Types that this worker does not run go unchecked, as without middleware.
      await assertValid(passed, (type) => registry.get(type));
      children = passed;
      return passed.map(({ id = newJobId(clock.now()) }): AddResult => ({ id, added: true }));
    });
    const results = await pass(specs);
    assertCount(results, specs.length, 'returned results of');
    return children.map((spec, i) => ({ ...spec, id: (results[i] as AddResult).id }));
  };
}

function assertCount(list: unknown, wanted: number, did: string): void {
  const count = Array.isArray(list) ? list.length : 'no list of';
  if (count !== wanted) throw new MiddlewareError('enqueue', `it ${did} ${count} jobs instead of ${wanted}.`);
}

/** Layers may have changed the data, or the type. */
async function assertValid(
  specs: readonly JobSpec[],
  processorOf: (type: string) => AnyProcessor | undefined,
): Promise<void> {
  const checked = await Promise.all(
    specs.map(({ type, data }, i): Checked | Promise<Checked> => {
      const processor = processorOf(type);
      return processor ? check(processor.input, data, specs.length > 1 ? [i, 'data'] : ['data']) : { value: data };
    }),
  );
  const issues = checked.flatMap((result) => result.issues ?? []);
  if (issues.length > 0) throw new ValidationError('A job that middleware passed on', issues);
}
