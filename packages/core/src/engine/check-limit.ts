/** Checks of limits. */
import type { Issue } from '../errors';
import type { Json } from '../job';
import type { LimitSpec, RateSpec } from '../limit';
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
  const { by, concurrency, rate, ordered } = fields.value;
  if (ordered && by !== 'group') fields.fail('ordered', "needs by: 'group'");
  if (concurrency === undefined && rate === undefined && !ordered)
    fields.fail('', 'needs at least one of concurrency, rate and ordered');
  const parts = fields.object<RateSpec>('rate');
  fields.onlyKnown();
  if (!parts) return;
  parts.required('count', 'per');
  parts.integer('count', 1);
  parts.integer('per', 1);
  parts.integer('burst', 1);
  parts.onlyKnown();
}
