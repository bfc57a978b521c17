/** `leviathan show` @module */
import { NoSuchJobError } from '../errors';
import { EXIT } from '../exit-codes';
import { jobLines } from '../format/job-page';
import { resolveId } from '../parse/ids';
import type { Session } from '../session';

export async function run(session: Session, text: string): Promise<number> {
  const store = await session.store('read');
  const id = await resolveId(store, text);
  const [[job], [explanation]] = await Promise.all([store.get([id]), store.explain([id])]);
  if (job == null) throw new NoSuchJobError(text);
  if (session.out.json) await session.out.value(job);
  else await session.out.lines(jobLines(job, session, explanation ?? undefined));
  return EXIT.ok;
}
