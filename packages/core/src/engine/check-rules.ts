/** Checks of limits, pools and gates. */
import type { Issue } from '../errors';
import type { Json } from '../job';
import type { LimitSpec, RateSpec } from '../limit';
import type { GateSpec, PoolSpec } from '../resources';
import { Fields } from './fields';

/** Adds what is wrong with the value of a limit. */
export function checkLimit(value: Json, issues: Issue[]): void {
  const fields = Fields.of<LimitSpec>(value, issues);
  if (!fields) return;
  fields.text('description');
  fields.texts('types');
  fields.texts('tags');
  fields.oneOf('by', ['type', 'group']);
  fields.integer('concurrency', 0);
  fields.flag('ordered');
  const rate = fields.object<RateSpec>('rate');
  fields.onlyKnown();
  const { by, concurrency, ordered } = fields.value;
  if (ordered && by !== 'group') fields.fail('ordered', "needs by: 'group'");
  if (concurrency === undefined && !rate && !ordered)
    fields.fail('', 'needs at least one of concurrency, rate and ordered');
  if (!rate) return;
  rate.required('count', 'per');
  rate.integer('count', 1);
  rate.integer('per', 1);
  rate.integer('burst', 1);
  rate.onlyKnown();
}

/** Adds what is wrong with the value of a pool. */
export function checkPool(value: Json, issues: Issue[]): void {
  const fields = Fields.of<PoolSpec>(value, issues);
  if (!fields) return;
  fields.text('description');
  fields.required('capacity');
  fields.number('capacity', 0);
  fields.onlyKnown();
}

const CONDITIONS = ['loadBelow', 'freeMemory', 'freeDisk', 'power', 'network', 'idle'] as const;

/** Adds what is wrong with the value of a gate. */
export function checkGate(value: Json, issues: Issue[]): void {
  const fields = Fields.of<GateSpec>(value, issues);
  if (!fields) return;
  fields.text('description');
  fields.texts('types');
  fields.texts('tags');
  fields.number('loadBelow', 0);
  fields.number('freeMemory', 0);
  fields.number('freeDisk', 0);
  fields.oneOf('power', ['mains']);
  fields.oneOf('network', ['unmetered']);
  fields.number('idle', 0);
  fields.onlyKnown();
  if (CONDITIONS.every((condition) => fields.value[condition] === undefined))
    fields.fail('', `needs at least one of ${CONDITIONS.join(', ')}`);
}
