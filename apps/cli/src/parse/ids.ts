/**
 * From what a person types to the id of a job.
 *
 * @module
 */
import type { JobStore } from '@leviathan/core';
import { NoSuchJobError, UsageError } from '../errors';

/** Below this a part of an id says too little. */
const SHORTEST_PART = 4;
const MOST_CANDIDATES = 10;

/**
 * The id that `text` means: the id itself, or its beginning or end (also those of the part after `job_<date>_`), if only one job has it.
 * @throws NoSuchJobError, UsageError when several jobs fit
 */
export async function resolveId(store: JobStore, text: string): Promise<string> {
  return (await resolveIds(store, [text]))[0] as string;
}

/** {@link resolveId} for several; each id once, in the order given. */
export async function resolveIds(store: JobStore, texts: readonly string[]): Promise<string[]> {
  const exact = await store.get([...texts]);
  const ids: string[] = [];
  for (const [i, text] of texts.entries()) {
    const id = exact[i]?.id ?? (await byPart(store, text));
    if (!ids.includes(id)) ids.push(id);
  }
  return ids;
}

/** Ids of jobs that have `part` as their beginning or end, `most` at most. */
async function findByPart(store: JobStore, part: string, most: number): Promise<string[]> {
  const wanted = part.toLowerCase();
  const found: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await store.list({
      filter: { text: wanted },
      sort: 'created',
      direction: 'desc',
      limit: 1000,
      ...(cursor && { cursor }),
    });
    for (const { id } of page.jobs) {
      if (fits(id, wanted)) found.push(id);
      if (found.length >= most) return found;
    }
    cursor = page.next;
  } while (cursor !== undefined);
  return found;
}

async function byPart(store: JobStore, text: string): Promise<string> {
  // A path or a pattern is no part of an id; nothing of it must reach a file name.
  if (text.length < SHORTEST_PART || !/^[A-Za-z0-9._-]+$/.test(text)) throw new NoSuchJobError(text);
  const found = await findByPart(store, text, MOST_CANDIDATES + 1);
  const [only, second] = found;
  if (only === undefined) throw new NoSuchJobError(text);
  if (second === undefined) return only;
  const shown = found.slice(0, MOST_CANDIDATES).join(', ');
  throw new UsageError(
    `${JSON.stringify(text)} fits several jobs: ${shown}${found.length > MOST_CANDIDATES ? ' and more' : ''}.`,
    'Give more of the id.',
  );
}

function fits(id: string, part: string): boolean {
  return id.startsWith(part) || id.endsWith(part) || id.replace(/^job_\d{4}-\d{2}-\d{2}_/, '').startsWith(part);
}
