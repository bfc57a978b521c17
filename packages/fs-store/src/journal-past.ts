/**
 * The past that the journal's folder tells: its snapshots, and every segment that is still kept. It only reads, so any process may do so,
 * while the owner writes, compresses and removes.
 *
 * @module
 */
import { join } from 'node:path';
import { StoreError } from '@leviathan/core';
import {
  type About,
  type BodySource,
  idOf,
  JobTable,
  type Past,
  type PastBase,
  type StoreRecord,
} from '@leviathan/core/engine';
import { BlockReader } from './block-reader';
import { bodyOf, type Line } from './codec';
import { errorCode, type Files } from './files';
import { ReadPatience } from './read-patience';
import { recordOf } from './record-line';
import { skimAbout } from './record-skim';
import { Replay } from './replay';
import { firstMeta, isDamage, listSegments } from './segment';
import { listSnapshots } from './snapshot';
import { loadSnapshot } from './snapshot-read';

/** How often a file may be gone because the owner compressed or removed it at this moment. */
const TRIES = 10;

/** See the module. */
export class JournalPast implements Past {
  readonly bodies: BodySource;
  private readonly reader: BlockReader;

  constructor(
    private readonly files: Files,
    private readonly dir: string,
  ) {
    this.reader = new BlockReader(files, dir);
    this.bodies = this.reader;
  }

  /** @throws StoreError `UNREADABLE` */
  bases(): PastBase[] {
    try {
      return this.allBases();
    } catch (error) {
      throw readError(error);
    }
  }

  private allBases(): PastBase[] {
    const bases = listSnapshots(this.files, this.dir).flatMap(({ name, from }) => this.snapshot(name, from));
    const beginning = this.beginning();
    return beginning ? [...bases, beginning] : bases;
  }

  /** @throws StoreError `UNREADABLE` */
  async *records(from: number, about?: About): AsyncGenerator<StoreRecord[]> {
    const parse = about && skimAbout(about);
    for (let [next, tries] = [from, 0]; ; tries++) {
      try {
        // What is removed meanwhile was the oldest.
        next = Math.max(next, listSegments(this.files, this.dir)[0]?.first ?? 1);
        const replay = new Replay(this.files, this.dir, next, next - 1, next - 1, new ReadPatience(), parse);
        for await (const { lines } of replay) {
          next = ((lines.at(-1) as Line).meta.seq as number) + 1;
          yield lines.flatMap((line) => wanted(line, about));
        }
        return;
      } catch (error) {
        if (errorCode(error) !== 'ENOENT' || tries >= TRIES) throw readError(error);
      }
    }
  }

  /** Closes the files that texts were read from. */
  close(): void {
    this.reader.close();
  }

  private snapshot(name: string, from: number): PastBase[] {
    const meta = this.metaOf(name);
    if (meta?.op !== 'snapshot' || typeof meta.at !== 'number') return [];
    return [
      {
        from,
        at: meta.at,
        load: (about) => this.load(name, about),
        records: (about) => this.records(from + 1, about),
      },
    ];
  }

  /** Nothing was there before the first record, if that one is kept. */
  private beginning(): PastBase | undefined {
    const [first] = listSegments(this.files, this.dir);
    if (first?.first !== 1) return undefined;
    const meta = this.metaOf(first.plain ? first.name : `${first.name}.gz`);
    return {
      from: 0,
      at: typeof meta?.at === 'number' ? meta.at : 0,
      load: async () => ({ table: new JobTable(), to: 0 }),
      records: (about) => this.records(1, about),
    };
  }

  /** Null: it is damaged, or the owner has a newer one by now. */
  private async load(name: string, about: About): Promise<{ table: JobTable; to: number } | null> {
    const table = new JobTable();
    try {
      const { to } = await loadSnapshot(this.files, this.dir, name, table, nextTurn, new ReadPatience(), about);
      return { table, to };
    } catch (error) {
      if (error instanceof StoreError || isDamage(error) || errorCode(error) === 'ENOENT') return null;
      throw readError(error);
    }
  }

  private metaOf(name: string): Record<string, unknown> | null {
    try {
      return firstMeta(this.files, join(this.dir, name));
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return null;
      throw error;
    }
  }
}

/** What is no record of this version's was reported when the store was opened. */
function wanted(line: Line, about: About): StoreRecord[] {
  if (about && typeof line.meta.id === 'string' && !about.has(line.meta.id)) return [];
  const record = recordOf(line.meta, bodyOf(line));
  if (typeof record === 'string') return [];
  return about && !about.has(idOf(record) ?? '') ? [] : [record];
}

function readError(cause: unknown): StoreError {
  if (cause instanceof StoreError) return cause;
  return new StoreError('UNREADABLE', `The journal cannot be read: ${cause instanceof Error ? cause.message : cause}`, {
    cause,
  });
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
