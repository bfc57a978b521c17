/** `leviathan export` @module */
import type { Job } from '@leviathan/core';
import { EXIT } from '../exit-codes';
import { count } from '../format/text';
import { type FilterOptions, parseFilter } from '../parse/filter';
import type { Session } from '../session';

interface Options extends FilterOptions {
  full?: boolean;
}

const PAGE = 1000;

export async function run(session: Session, options: Options): Promise<number> {
  const filter = parseFilter(options, session.io.now());
  const store = await session.store('read');
  let written = 0;
  let cursor: string | undefined;
  do {
    // In the order of creation: a job stands after those it depends on.
    const page = await store.list({
      limit: PAGE,
      ...(filter !== undefined && { filter }),
      ...(cursor !== undefined && { cursor }),
    });
    await session.out.lines(page.jobs.map((job) => JSON.stringify(options.full ? job : definitionOf(job))));
    written += page.jobs.length;
    cursor = page.next;
  } while (cursor !== undefined);
  session.out.note(`Exported ${count(written, 'job')}.`);
  return EXIT.ok;
}

/** What `import` and `add --batch` need to make the job again; never what became of it here. */
function definitionOf(job: Job): Record<string, unknown> {
  const { type, data, id, priority, runAt, maxAttempts, maxCrashes, backoff, timeout } = job;
  const { dependsOn, onParentFailed, key, group, needs, tags } = job;
  // JSON leaves out what is undefined.
  const options = { id, priority, runAt, attempts: maxAttempts, maxCrashes, backoff, timeout };
  return { type, data, ...options, dependsOn, onParentFailed, key, group, needs, tags };
}
