/**
 * Where a download goes: finding the part file of an earlier attempt, or claiming a name for a new one.
 *
 * @module
 */
import { join } from 'node:path';
import { DownloadError, PermanentDownloadError } from '../errors';
import type { Owner } from '../owner';
import { numberedName } from './name';
import { holderOf, PartFile, partPath } from './part';
import { exists, isTaken, MAX_NUMBER, type OverwriteRule } from './publish';

/**
 * The part file that an earlier attempt of this job, or another job for the same URL, left under one of these names.
 *
 * @param own the name that the job's checkpoint tells: there even a part whose record is lost is ours, to start over in
 * @throws DownloadError `BUSY` when an earlier attempt of this very job still holds it
 */
export async function findPart(
  folder: string,
  own: string | undefined,
  guess: string,
  owner: Owner,
): Promise<PartFile | undefined> {
  for (const name of new Set([own ?? guess, guess])) {
    const target = join(folder, name);
    const part = await PartFile.acquire(target, { create: false });
    if (part === undefined) continue;
    if (part === 'busy') {
      if ((await holderOf(target)) === owner.job) throw busy(target);
    } else if (isOurs(part, owner) || (name === own && part.found === undefined)) {
      return part;
    } else {
      await part.close();
    }
  }
  return undefined;
}

/**
 * Claims a name: opens its part file, new or our own.
 *
 * @returns the path of the file that has the name already, when the rule is `skip`
 * @throws PermanentDownloadError `EXISTS`, DownloadError `BUSY`
 */
export async function claimPart(
  folder: string,
  name: string,
  rule: OverwriteRule,
  owner: Owner,
): Promise<PartFile | { skip: string }> {
  for (let number = 0; number <= MAX_NUMBER; number += 1) {
    const target = join(folder, number === 0 ? name : numberedName(name, number));
    if (rule !== 'replace' && (await isTaken(target))) {
      if (rule === 'skip') return { skip: target };
      if (rule === 'error') throw exists(target);
      continue;
    }
    const part = await PartFile.acquire(target, { create: true });
    if (part === 'busy') {
      // Under `rename` two jobs for one name get two files; under the other rules the second waits for the outcome of the first. An
      // earlier attempt of this job that has not let go yet is waited for too: its bytes are ours.
      if (rule === 'rename' && (await holderOf(target)) !== owner.job) continue;
      throw busy(target);
    }
    if (part === undefined) continue;
    if (part.size === 0 || isOurs(part, owner) || (rule !== 'rename' && part.found !== undefined)) return part;
    await part.close();
    if (rule === 'rename') continue;
    const message = `${partPath(target)} was not made by a download of Leviathan, or its record is lost. Move it away, or delete it.`;
    throw new PermanentDownloadError('EXISTS', message);
  }
  throw exists(join(folder, name));
}

function isOurs(part: PartFile, owner: Owner): boolean {
  return part.found?.job === owner.job || part.found?.source === owner.source;
}

function busy(target: string): DownloadError {
  return new DownloadError('BUSY', `Another download is writing to ${partPath(target)} at the moment.`);
}
