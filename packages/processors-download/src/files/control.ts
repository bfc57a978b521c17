/**
 * The control record: what is known about a part file, in a small JSON file beside it (`<name>.part.json`).
 *
 * @module
 */
import { constants } from 'node:fs';
import { open, readFile, rename, unlink } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { z } from 'zod';

const count = z.number().int().nonnegative();

const controlRecord = z.object({
  /** Id of the job that writes the part. */
  job: z.string(),
  /** Fingerprint of the URL; the URL itself may hold secrets. See `fingerprint`. */
  source: z.string(),
  /** The URL as it may be shown. */
  url: z.string(),
  /** Strong validator of the remote file, for `If-Range`. */
  validator: z.string().optional(),
  etag: z.string().optional(),
  mime: z.string().optional(),
  finalUrl: z.string(),
  /** Digest that the server announced, as `algorithm:hex`. */
  digest: z.string().optional(),
  /** Length of the remote file, if the server told it. */
  total: count.optional(),
  /** False when the bytes cannot be continued by a range request, for example because they were decoded. */
  resumable: z.boolean(),
  /** Bytes that reached the disk (fdatasync returned before this record was written): they outlive a power cut. */
  durable: count,
  /**
   * The start of the machine in which the part is written. As long as it runs, every byte in the file can be relied on, since the part is
   * written from front to back. Left out where the system does not tell, and after a sync that failed.
   */
  boot: z.string().optional(),
});

/** What is known about a part file. */
export type ControlRecord = z.infer<typeof controlRecord>;

/** Version of the file format. A record of another version counts as none. */
const VERSION = 1;

const envelope = z.object({ version: z.literal(VERSION), crc32: z.string(), record: z.unknown() });

/** The record, or `undefined` when there is none that can be trusted: missing, torn, changed by hand, of another version. */
export async function readControl(path: string): Promise<ControlRecord | undefined> {
  try {
    const { crc32: checksum, record } = envelope.parse(JSON.parse(await readFile(path, 'utf8')));
    return checksumOf(record) === checksum ? controlRecord.parse(record) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof z.ZodError || isMissing(error)) return undefined;
    throw error;
  }
}

/**
 * Replaces the record, in one step. With `sync` it is on the disk when this resolves; without, it outlives the process, and after a power
 * cut an older record (or a torn one, which the checksum gives away) may stand there.
 */
export async function writeControl(path: string, record: ControlRecord, options: { sync: boolean }): Promise<void> {
  const temporary = `${path}.tmp`;
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | (constants.O_NOFOLLOW ?? 0);
  const file = await open(temporary, flags, 0o600);
  let isWritten = false;
  try {
    await file.writeFile(`${JSON.stringify({ version: VERSION, crc32: checksumOf(record), record })}\n`);
    if (options.sync) await file.sync();
    isWritten = true;
  } finally {
    await file.close();
    // On a full disk the half of a record would take the room of somebody's bytes.
    if (!isWritten) await unlink(temporary).catch(() => undefined);
  }
  await rename(temporary, path);
}

function checksumOf(record: unknown): string {
  return crc32(JSON.stringify(record)).toString(16).padStart(8, '0');
}

function isMissing(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT';
}
