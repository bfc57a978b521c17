/** Checks of windows. */
import type { Issue } from '../errors';
import type { Json } from '../job';
import { parseDays, parseTime, type TimeRange } from '../schedule/open-times';
import type { WindowSpec } from '../window';
import { Fields, isTimeZone } from './fields';

/** Adds what is wrong with the value of a window. */
export function checkWindow(value: Json, issues: Issue[]): void {
  const fields = Fields.of<WindowSpec>(value, issues);
  if (!fields) return;
  fields.text('description');
  fields.texts('types');
  fields.texts('tags');
  fields.required('open');
  fields.any('open');
  fields.onlyKnown();
  const { open } = fields.value;
  if (open === undefined) return;
  if (!Array.isArray(open) || open.length === 0) fields.fail('open', 'must be a list of times, at least one');
  else for (const [i, range] of open.entries()) checkRange(Fields.of<TimeRange>(range, issues, ['open', i]));
}

function checkRange(fields: Fields<TimeRange> | undefined): void {
  if (!fields) return;
  fields.required('from', 'to');
  fields.text('days');
  fields.text('timezone');
  const { days, timezone } = fields.value;
  for (const field of ['from', 'to'] as const) {
    fields.text(field);
    const time = fields.value[field];
    if (typeof time === 'string' && parseTime(time) === undefined) fields.fail(field, 'must be a time such as 22:00');
  }
  if (typeof days === 'string' && !parseDays(days)) fields.fail('days', 'must be days such as mon-fri, or sat,sun');
  if (typeof timezone === 'string' && !isTimeZone(timezone))
    fields.fail('timezone', 'must be the name of an IANA time zone, for example Europe/Berlin');
  fields.onlyKnown();
}
