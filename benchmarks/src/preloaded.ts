/** Jobs that are there before anything is measured. */
import type { Session } from './engines/engine';
import { pause } from './now';
import { type Payload, payload } from './payload';
import { syncDisks } from './sync-disks';

const BATCH = 1_000;

/** Adds jobs that nobody measures. */
export async function addBefore(
  session: Session,
  count: number,
  make: (n: number) => Payload = payload,
): Promise<void> {
  for (let added = 0; added < count; added += BATCH) {
    const size = Math.min(BATCH, count - added);
    await session.addMany(Array.from({ length: size }, (_, i) => make(added + i)));
  }
}

/** Lets an engine finish what its adding has going on in the background, and the disk what it has to write. */
export async function quiet(session: Session, milliseconds: number): Promise<void> {
  await session.rest?.();
  if (milliseconds === 0) return;
  await pause(milliseconds);
  await syncDisks();
}
