/** Reading of the archive, line by line and in chunks: a day may be larger than the memory. */
import { join } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import { createGunzip } from 'node:zlib';
import type { Job } from '@leviathan/core';
import { isObject } from '@leviathan/core/engine';
import type { Files } from './files';

/** A job, or why there is none in its place. */
export type ArchiveLine =
  | { job: Job }
  | {
      fault: {
        file: string /** From 1; left out when the file itself cannot be read on. */;
        line?: number;
        message: string;
      };
    };

const CHUNK = 256 * 1024;

/** All lines of one file. Never throws for what the file holds. */
export async function* readArchiveFile(files: Files, dir: string, name: string): AsyncGenerator<ArchiveLine> {
  let line = 0;
  try {
    for await (const text of linesOf(chunksOf(files, join(dir, name)), name.endsWith('.gz'))) {
      line++;
      // The end of a line that a crash cut off, made whole by the next append.
      if (text === '') continue;
      yield lineOf(name, line, text);
    }
  } catch (error) {
    yield { fault: { file: name, message: `Cannot be read to its end: ${messageOf(error)}` } };
  }
}

/** The bytes of a file, read on the thread pool. */
export async function* chunksOf(files: Files, path: string): AsyncGenerator<Buffer> {
  const fd = files.openSync(path, 'read');
  try {
    for (let at = 0; ; ) {
      const chunk = Buffer.allocUnsafe(CHUNK);
      const length = await files.read(fd, chunk, 0, CHUNK, at);
      if (length === 0) return;
      at += length;
      yield chunk.subarray(0, length);
    }
  } finally {
    files.closeSync(fd);
  }
}

async function* linesOf(chunks: AsyncGenerator<Buffer>, compressed: boolean): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8');
  let rest: string[] = [];
  for await (const chunk of compressed ? unzipped(chunks) : chunks) {
    const lines = decoder.write(chunk).split('\n');
    rest.push(lines[0] as string);
    if (lines.length === 1) continue;
    yield rest.join('');
    yield* lines.slice(1, -1);
    rest = [lines.at(-1) as string];
  }
  const last = rest.join('') + decoder.end();
  if (last !== '') yield last;
}

async function* unzipped(chunks: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  const gunzip = createGunzip();
  const feed = async (): Promise<void> => {
    try {
      for await (const chunk of chunks) {
        if (gunzip.destroyed) return;
        if (!gunzip.write(chunk))
          await new Promise<void>((resolve) => gunzip.once('drain', resolve).once('close', resolve));
      }
      gunzip.end();
    } catch (error) {
      gunzip.destroy(error as Error);
    }
  };
  void feed();
  yield* gunzip as AsyncIterable<Buffer>;
}

function lineOf(file: string, line: number, text: string): ArchiveLine {
  try {
    const value: unknown = JSON.parse(text);
    if (isObject(value) && typeof value.id === 'string') return { job: value as unknown as Job };
    return { fault: { file, line, message: 'Is no job.' } };
  } catch (error) {
    return { fault: { file, line, message: `Is not JSON: ${messageOf(error)}` } };
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
