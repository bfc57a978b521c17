import { statfs } from 'node:fs/promises';
import { DownloadError } from '../errors';

/**
 * Refuses a download that cannot fit, before its first byte.
 *
 * @throws DownloadError `DISK_FULL`
 */
export async function ensureSpace(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  if (free >= bytes) return;
  const message = `${folder} has ${free} bytes free and ${bytes} are needed. Free some space or choose another folder.`;
  throw new DownloadError('DISK_FULL', message);
}
