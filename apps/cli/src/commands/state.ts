/** `leviathan state` @module */
import { UsageError } from '../errors';
import { EXIT } from '../exit-codes';
import { countsLine } from '../format/counts';
import { jobTable } from '../format/job-table';
import { type FilterOptions, parseFilter } from '../parse/filter';
import { parseInteger } from '../parse/number';
import { parseWhen } from '../parse/when';
import type { Session } from '../session';

const LARGEST_PAGE = 1000;

interface Options extends FilterOptions {
  at?: string;
  limit: string;
  cursor?: string;
}

export async function run(session: Session, options: Options): Promise<number> {
  if (options.at === undefined)
    throw new UsageError('When? Give --at.', 'For example --at -2h, or --at 2026-12-24T18:00.');
  const { out } = session;
  const at = parseWhen(options.at, session.io.now(), 'past');
  const filter = parseFilter(options, session.io.now());
  const store = await session.store('read');
  const state = await store.stateAt(at, {
    list: {
      direction: 'desc',
      limit: parseInteger(options.limit, '--limit', 1, LARGEST_PAGE),
      ...(filter && { filter }),
      ...(options.cursor !== undefined && { cursor: options.cursor }),
    },
  });
  const { jobs = [], next } = state.page ?? {};
  if (out.json) await out.value(state);
  else {
    await out.line(`${state.at}  ${countsLine(state.counts, out.colors)}`);
    // As of then: what is "in 5m" was so at that time.
    if (jobs.length > 0) await out.lines(jobTable(jobs, out.columns, out.colors, at));
  }
  if (next !== undefined) out.note(`There are more: --cursor ${next}.`);
  return EXIT.ok;
}
