/** Pages of jobs, in any of the sort orders. */
import { ValidationError } from '../errors';
import type { JobPage, JobSort, ListQuery } from '../store';
import type { BodySource, Entry } from './entry';
import { compileFilter } from './filter';
import { jobOf } from './job-of';
import type { JobTable } from './job-table';

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 1_000;
/** Entries that one slice looks at before it lets others run: about 2 ms. */
const SLICE = 20_000;

const SORTS: readonly JobSort[] = ['created', 'updated', 'priority', 'queue'];

/** What a page remembers of its last job, so that the next page starts behind it even when that job is gone. */
type Position = [sort: JobSort, key: number, order: number, seq: number];

/**
 * Finds one page. Sorted by creation it stops as soon as the page is full; the other orders look at every job once. `pause` is awaited
 * between slices, so that a scan over a million jobs holds nobody up.
 */
export async function findPage(
  table: JobTable,
  bodies: BodySource,
  query: ListQuery,
  pause: () => Promise<void>,
): Promise<JobPage> {
  const sort = query.sort ?? 'created';
  const descending = query.direction === 'desc';
  const limit = query.limit ?? DEFAULT_LIMIT;
  validate(query, sort, limit);
  const after = query.cursor === undefined ? undefined : decodeCursor(query.cursor, sort);
  const matches = compileFilter(query.filter, bodies);
  const sign = descending ? -1 : 1;
  const isBehind = (entry: Entry): boolean =>
    after === undefined || sign * comparePositions(positionOf(entry, sort), after) > 0;

  const inOrder = sort === 'created';
  const source = !inOrder
    ? table.entries.ascending()
    : descending
      ? table.entries.descending(after?.[3])
      : table.entries.ascending(after?.[3]);
  const page: Entry[] = [];
  let looked = 0;
  for (const entry of source) {
    if (++looked % SLICE === 0) await pause();
    if (!isBehind(entry) || !matches(entry)) continue;
    if (inOrder) page.push(entry);
    else
      insertSorted(page, entry, limit + 1, (a, b) => sign * comparePositions(positionOf(a, sort), positionOf(b, sort)));
    if (inOrder && page.length > limit) break;
  }
  // Shown as they are now that they fit: whoever waits for the page may find them changed.
  const jobs = page.slice(0, limit).map((entry) => jobOf(entry, bodies));
  if (page.length <= limit) return { jobs };
  return { jobs, next: encodeCursor(positionOf(page[limit - 1] as Entry, sort)) };
}

function positionOf(entry: Entry, sort: JobSort): Position {
  if (sort === 'created') return [sort, 0, 0, entry.seq];
  if (sort === 'updated') return [sort, entry.updated, 0, entry.seq];
  return [sort, entry.priority, entry.order, entry.seq];
}

function comparePositions(a: Position, b: Position): number {
  return a[1] - b[1] || a[2] - b[2] || a[3] - b[3];
}

/** Keeps the best `max` entries, sorted. */
function insertSorted(page: Entry[], entry: Entry, max: number, compare: (a: Entry, b: Entry) => number): void {
  if (page.length >= max && compare(entry, page[page.length - 1] as Entry) >= 0) return;
  let low = 0;
  let high = page.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compare(page[middle] as Entry, entry) <= 0) low = middle + 1;
    else high = middle;
  }
  page.splice(low, 0, entry);
  if (page.length > max) page.pop();
}

function validate(query: ListQuery, sort: JobSort, limit: number): void {
  if (!SORTS.includes(sort)) throw invalid('sort', `must be one of ${SORTS.join(', ')}`);
  if (query.direction !== undefined && query.direction !== 'asc' && query.direction !== 'desc') {
    throw invalid('direction', `must be 'asc' or 'desc'`);
  }
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT)
    throw invalid('limit', `must be an integer from 1 to ${MAX_LIMIT}`);
}

function encodeCursor([sort, ...numbers]: Position): string {
  return `${sort}:${numbers.join(':')}`;
}

function decodeCursor(cursor: string, sort: JobSort): Position {
  const [name, ...rest] = String(cursor).split(':');
  const numbers = rest.map((text) => (text === '' ? Number.NaN : Number(text)));
  if (name !== sort || numbers.length !== 3 || !numbers.every(Number.isFinite)) {
    throw invalid('cursor', `must be the 'next' of a page with the same sort`);
  }
  return [sort, ...(numbers as [number, number, number])];
}

function invalid(field: string, message: string): ValidationError {
  return new ValidationError('The query', [{ path: [field], message }]);
}
