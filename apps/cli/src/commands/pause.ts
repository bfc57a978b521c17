/** `leviathan pause` and `resume` @module */
import { EXIT } from '../exit-codes';
import { pauseText } from '../format/counts';
import type { Session } from '../session';

export function pause(session: Session, types: string[]): Promise<number> {
  return set(session, true, types);
}

export function resume(session: Session, types: string[]): Promise<number> {
  return set(session, false, types);
}

async function set(session: Session, paused: boolean, types: readonly string[]): Promise<number> {
  const store = await session.store('write');
  if (types.length === 0) await store.pause(paused, { by: 'cli' });
  for (const type of types) await store.pause(paused, { type, by: 'cli' });
  const counts = await store.counts();
  const { out } = session;
  if (out.json) await out.value(counts.paused);
  const state = pauseText(counts);
  out.note(state === undefined ? 'Nothing is paused.' : `Now: ${state}.`);
  return EXIT.ok;
}
