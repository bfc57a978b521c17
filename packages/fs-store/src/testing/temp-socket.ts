import { randomUUID } from 'node:crypto';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A free name for a local socket, and the folder to remove afterwards. */
export async function tempSocket(): Promise<{ dir: string; path: string }> {
  const dir = await mkdtemp(join(tmpdir(), 'leviathan-socket-'));
  const path = process.platform === 'win32' ? `\\\\.\\pipe\\leviathan-test-${randomUUID()}` : join(dir, 's');
  return { dir, path };
}
