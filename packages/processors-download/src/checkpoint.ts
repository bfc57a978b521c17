/**
 * What one attempt tells the next through the queue: which name it took, and whether the file was already being published.
 *
 * @module
 */
import { lstat } from 'node:fs/promises';
import { z } from 'zod';
import { nameFault } from './files/name';
import { type DownloadResult, downloadOutput } from './input';

const checkpoint = z.object({
  /** Folder and name of the target. */
  folder: z.string(),
  // The record of a job can be edited by hand: a name never leads out of its folder.
  name: z.string().refine((name) => nameFault(name) === undefined),
  /** Set right before the file gets its final name. */
  published: z.object({ inode: z.string(), result: downloadOutput }).optional(),
});

/** State of a download that outlives its attempts. */
export type Checkpoint = z.infer<typeof checkpoint>;

/**
 * The checkpoint of an earlier attempt, or `undefined` when there is none, or when the job was edited since to put its file elsewhere.
 *
 * @param file the name that the job asks for, if it does
 */
export function readCheckpoint(data: unknown, folder: string, file: string | undefined): Checkpoint | undefined {
  const earlier = checkpoint.safeParse(data).data;
  return earlier?.folder === folder && (file === undefined || file === earlier.name) ? earlier : undefined;
}

/**
 * The result of an earlier attempt that published its file and died before it could report that. Recognised by the inode, which a part
 * keeps when it is renamed, so a file that somebody else put there since is not taken for ours.
 */
export async function publishedBefore(earlier: Checkpoint | undefined): Promise<DownloadResult | undefined> {
  if (earlier?.published === undefined) return undefined;
  const { inode, result } = earlier.published;
  const there = await lstat(result.file, { bigint: true }).catch(() => undefined);
  return there?.isFile() && String(there.ino) === inode && Number(there.size) === result.bytes ? result : undefined;
}
