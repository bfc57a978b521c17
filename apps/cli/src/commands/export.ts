/** `leviathan export` @module */
import { EXIT } from '../exit-codes';
import { count } from '../format/text';
import { type FilterOptions, oneOf, parseFilter } from '../parse/filter';
import { parseKinds } from '../parse/kinds';
import type { Session } from '../session';

interface Options extends FilterOptions {
  only?: string[];
  format: string;
  withHistory?: boolean;
}

/** Lines per write. */
const CHUNK = 1000;

export async function run(session: Session, options: Options): Promise<number> {
  const { exportAll } = await import('@leviathan/core');
  const filter = parseFilter(options, session.io.now());
  // Whoever says which jobs wants jobs.
  const kinds = options.only ? parseKinds(options.only) : filter ? (['job'] as const) : undefined;
  const style = oneOf(options.format, ['ndjson', 'json'] as const, '--format');
  const store = await session.store('read');
  const lines = exportAll(store, { kinds, filter, style, history: options.withHistory });
  let written = 0;
  let chunk: string[] = [];
  for await (const line of lines) {
    chunk.push(line);
    written += 1;
    if (chunk.length < CHUNK) continue;
    await session.out.lines(chunk);
    chunk = [];
  }
  await session.out.lines(chunk);
  // The header, and in JSON the end.
  session.out.note(`Exported ${count(written - (style === 'json' ? 2 : 1), 'item')}.`);
  return EXIT.ok;
}
