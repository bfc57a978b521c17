/** `leviathan explain` @module */
import { NoSuchJobError } from '../errors';
import { EXIT } from '../exit-codes';
import { oneLine } from '../format/safe';
import { resolveId } from '../parse/ids';
import type { Session } from '../session';

export async function run(session: Session, text: string): Promise<number> {
  const store = await session.store('read');
  const [explanation] = await store.explain([await resolveId(store, text)]);
  if (explanation == null) throw new NoSuchJobError(text);
  if (session.out.json) await session.out.value(explanation);
  else await session.out.line(oneLine(explanation.sentence));
  return EXIT.ok;
}
