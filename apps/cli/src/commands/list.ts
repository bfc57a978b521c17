/** `leviathan list` @module */
import type { Job, JobSort, ListQuery } from '@leviathan/core';
import { UsageError } from '../errors';
import { EXIT } from '../exit-codes';
import { jobTable } from '../format/job-table';
import { type FilterOptions, oneOf, parseFilter } from '../parse/filter';
import { parseInteger } from '../parse/number';
import type { Session } from '../session';

const SORTS: readonly JobSort[] = ['created', 'updated', 'priority', 'queue'];
const LARGEST_PAGE = 1000;

interface Options extends FilterOptions {
  sort: string;
  reverse?: boolean;
  limit: string;
  cursor?: string;
  all?: boolean;
}

export async function run(session: Session, options: Options): Promise<number> {
  if (options.all && options.cursor !== undefined) throw new UsageError('--all and --cursor exclude each other.');
  const query = parseQuery(options, session.io.now());
  const store = await session.store('read');
  const jobs: Job[] = [];
  let next = options.cursor;
  do {
    const page = await store.list({ ...query, ...(next !== undefined && { cursor: next }) });
    jobs.push(...page.jobs);
    next = page.next;
  } while (options.all && next !== undefined);

  const { out } = session;
  if (out.json) await out.value(jobs);
  else if (jobs.length > 0) await out.lines(jobTable(jobs, out.columns, out.colors, session.io.now()));
  else out.note(query.filter === undefined ? 'No jobs.' : 'No job fits these filters.');
  if (next !== undefined) out.note(`There are more: --cursor ${next}, or --all.`);
  return EXIT.ok;
}

function parseQuery(options: Options, now: number): ListQuery {
  const sort = oneOf(options.sort, SORTS, '--sort');
  // Times: the newest first. Order of running: the first first.
  const newestFirst = sort === 'created' || sort === 'updated';
  const filter = parseFilter(options, now);
  return {
    sort,
    direction: newestFirst !== (options.reverse === true) ? 'desc' : 'asc',
    limit: options.all ? LARGEST_PAGE : parseInteger(options.limit, '--limit', 1, LARGEST_PAGE),
    ...(filter !== undefined && { filter }),
  };
}
