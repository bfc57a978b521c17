/** `leviathan history` @module */
import type { JobStore, Trail } from '@leviathan/core';
import { NoSuchJobError } from '../errors';
import { EXIT } from '../exit-codes';
import { trailTable } from '../format/trail';
import { resolveId } from '../parse/ids';
import type { Session } from '../session';

export async function run(session: Session, text: string): Promise<number> {
  const { out } = session;
  const trail = await trailOf(await session.store('read'), text);
  if (out.json) await out.value(trail);
  else await out.lines(trailTable(trail, out.columns, out.colors));
  if (!trail.complete && trail.since) {
    out.note(`What happened before ${trail.since.at} (record ${trail.since.seq}) is not kept any more.`);
  }
  return EXIT.ok;
}

/** Of a job that left the store only the whole id is known. */
async function trailOf(store: JobStore, text: string): Promise<Trail> {
  const id = await resolveId(store, text).catch((error) => {
    if (error instanceof NoSuchJobError) return text;
    throw error;
  });
  const trail = await store.trail(id);
  if (trail.entries.length === 0) throw new NoSuchJobError(text);
  return trail;
}
