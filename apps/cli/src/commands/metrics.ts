/** `leviathan metrics` @module */
import { EXIT } from '../exit-codes';
import type { Session } from '../session';

export async function run(session: Session): Promise<number> {
  const { prometheusText } = await import('@leviathan/core');
  const store = await session.store('read');
  if (session.out.json) await session.out.value(await store.metrics());
  else await session.out.lines((await prometheusText(store)).trimEnd().split('\n'));
  return EXIT.ok;
}
