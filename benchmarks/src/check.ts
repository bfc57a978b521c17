/** Proof that what was measured has happened. */
import type { Session } from './engines/engine';

/** @throws when the store's own count of unfinished jobs is another one */
export async function assertUnfinished(session: Session, expected: number): Promise<void> {
  const count = await session.unfinished();
  if (count !== expected) throw new Error(`${count} jobs wait or run, by the store's own count; ${expected} should.`);
}
