/**
 * Definitions as files: `<folder of the kind>/<name>.json` holds the value, as a person would write it. The file leads: a change from
 * the API is written to it first and recorded then, so that whatever differs from the record when the store opens is a person's doing, or
 * a change that a crash kept from being acknowledged; both count. A new or edited file is checked and taken over, a removed one takes its
 * definition along, and what cannot be understood goes to quarantine.
 *
 * A file is synced before it is recorded, at every level of durability: a power cut that took it and left the record would look like a
 * person who took it back.
 *
 * @module
 */
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { type Clock, DEFINITION_KINDS, type DefinitionChange, type DefinitionKind, type Json } from '@leviathan/core';
import { type DefinitionTable, faultsOfDefinition } from '@leviathan/core/engine';
import { ensureDirSync, syncFile, unlinkBusy, writeFileAtomic } from './atomic';
import { ErrorDesk } from './error-desk';
import { errorCode, type Files } from './files';
import { kindOfName, type Layout } from './layout';
import { removeLeftover } from './leftovers';
import type { Quarantine, QuarantineReason } from './quarantine';
import { readTextFile } from './read-text';
import { ScanLoop } from './scan-loop';
import { type Stamp, Stillness, signatureOf } from './stillness';
import { TORN_MS } from './view-docs';
import { lookAt } from './view-look';
import { FolderWatcher } from './watch';

const SCAN_MS = 30_000;
const POLL_MS = 1_000;
const RETRY_MS = 1_000;
const MAX_FILE_BYTES = 16 * 1024 * 1024;

/** What they are made of. */
export interface DefinitionFilesOptions {
  layout: Layout;
  files: Files;
  clock: Clock;
  table: DefinitionTable;
  /** Records a change that came from a file. */
  record: (change: DefinitionChange) => Promise<void>;
  quarantine: Quarantine;
  /** Hears of what cannot be read or written, each kind once per minute. */
  onError: (error: unknown) => void;
}

/** See the module. */
export class DefinitionFiles {
  private readonly errors: ErrorDesk;
  private readonly stillness: Stillness;
  private readonly watchers: Map<DefinitionKind, FolderWatcher>;
  private readonly scans: ScanLoop;
  /** Files that say what the table does. */
  private readonly known = new Map<string, string>();
  /** A change from the API and a scan never meet. */
  private turn: Promise<unknown> = Promise.resolve();
  private isFirstScan = true;

  constructor(private readonly options: DefinitionFilesOptions) {
    const { clock, files, layout, onError } = options;
    this.errors = new ErrorDesk(clock, onError);
    this.stillness = new Stillness(clock);
    this.scans = new ScanLoop(
      clock,
      () => this.inTurn(() => this.scan()),
      () => ([...this.watchers.values()].every(({ isAlive }) => isAlive) ? SCAN_MS : POLL_MS),
    );
    const listener = {
      hint: (name: string) => {
        if (!name.startsWith('.')) this.scans.soon();
      },
      lost: () => this.scans.soon(),
      error: (error: unknown) => this.errors.report('watch', 'A folder of definitions cannot be watched', error),
    };
    this.watchers = new Map(
      DEFINITION_KINDS.map((kind) => [kind, new FolderWatcher(files, layout.definitions(kind), listener)]),
    );
  }

  /** Takes over what changed while nobody looked, and watches from now on. */
  async start(): Promise<void> {
    await this.scans.now();
  }

  /** Resolves when nothing is written or recorded any more. */
  async stop(): Promise<void> {
    for (const watcher of this.watchers.values()) watcher.close();
    await this.scans.stop();
    await this.turn;
  }

  /**
   * Writes the files of valid changes, then records them. Where that fails the files are as before.
   * @throws what the file system throws, or `record`
   */
  change(changes: readonly DefinitionChange[], record: () => Promise<void>): Promise<void> {
    return this.inTurn(async () => {
      const done: DefinitionChange[] = [];
      try {
        for (const { kind, name, value } of changes) {
          const before = this.options.table.get(kind, name)?.value ?? null;
          done.push({ kind, name, value: before });
          await this.put(kind, name, value);
        }
        await record();
      } catch (error) {
        for (const { kind, name, value } of done.reverse()) await this.putBack(kind, name, value);
        throw error;
      }
    });
  }

  private inTurn<T>(run: () => Promise<T>): Promise<T> {
    const result = this.turn.then(run);
    this.turn = result.catch(() => {});
    return result;
  }

  private async put(kind: DefinitionKind, name: string, value: Json): Promise<void> {
    const { files, layout } = this.options;
    const path = layout.definitionFile(kind, name);
    this.known.delete(path);
    if (value === null) {
      if (!lookAt(files, path)) return;
      await unlinkBusy(files, path);
      await files.syncDir(layout.definitions(kind));
      return;
    }
    await writeFileAtomic(files, path, `${JSON.stringify(value, null, 2)}\n`, { sync: true });
    const stamp = lookAt(files, path);
    if (stamp) this.known.set(path, signatureOf(stamp));
  }

  private async putBack(kind: DefinitionKind, name: string, value: Json): Promise<void> {
    try {
      await this.put(kind, name, value);
    } catch (error) {
      this.errors.report('write', `The file of the ${kind} ${name} cannot be written`, error);
      this.scans.soon(RETRY_MS);
    }
  }

  private async scan(): Promise<void> {
    try {
      for (const kind of DEFINITION_KINDS) await this.scanFolder(kind);
      this.isFirstScan = false;
    } catch (error) {
      this.errors.report('scan', 'The folders of definitions cannot be read; it is tried again', error);
      this.scans.soon(RETRY_MS);
    }
  }

  private async scanFolder(kind: DefinitionKind): Promise<void> {
    const { files, layout, table } = this.options;
    const dir = layout.definitions(kind);
    const watcher = this.watchers.get(kind) as FolderWatcher;
    // With the folder itself gone nobody has removed what was in it, one by one.
    const isSame = watcher.check();
    if (!watcher.stands) {
      ensureDirSync(files, dir);
      watcher.check();
    }
    if (!isSame) {
      this.known.clear();
      for (const { name, value } of table.of(kind)) {
        if (!lookAt(files, layout.definitionFile(kind, name))) await this.put(kind, name, value);
      }
    }
    const seen = new Set<string>();
    for (const file of (await files.readdir(dir)).sort()) {
      const found = kindOfName(file);
      const path = join(dir, file);
      if (found.kind === 'temporary') removeLeftover(files, path, found.pid);
      else if (found.kind === 'odd')
        this.putAside(path, { code: 'NOT_A_DEFINITION', message: 'Definitions are files named <name>.json.' });
      else if (found.kind === 'job') {
        seen.add(found.id);
        await this.take(kind, found.id, path);
      }
    }
    for (const { name } of table.of(kind)) if (!seen.has(name)) await this.miss(kind, name);
  }

  /** A file that stands there. */
  private async take(kind: DefinitionKind, name: string, path: string): Promise<void> {
    const { files, table, record } = this.options;
    const stamp = lookAt(files, path);
    if (!stamp || this.known.get(path) === signatureOf(stamp)) return;
    const read = this.read(kind, name, path, stamp);
    if (read === undefined) return;
    if ('reason' in read) {
      if (!this.putAside(path, read.reason, stamp)) return;
      const stored = table.get(kind, name);
      if (stored) await this.putBack(kind, name, stored.value);
      return;
    }
    this.stillness.forget(path);
    if (!isDeepStrictEqual(read.value, table.get(kind, name)?.value)) {
      await syncFile(files, path);
      await record({ kind, name, value: read.value });
    }
    this.known.set(path, signatureOf(stamp));
  }

  private read(kind: DefinitionKind, name: string, path: string, stamp: Stamp & { isFile: boolean }): Read | undefined {
    if (!stamp.isFile)
      return { reason: { code: 'NOT_A_FILE', message: 'This is a folder, a link or something else that is no file.' } };
    let value: Json;
    try {
      value = JSON.parse(readTextFile(this.options.files, path, MAX_FILE_BYTES)) as Json;
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return undefined;
      if (!(error instanceof SyntaxError) && errorCode(error) !== 'TOO_LARGE') throw error;
      return { reason: { code: 'NOT_JSON', message: `This cannot be read as JSON: ${(error as Error).message}` } };
    }
    const faults =
      value === null ? [{ path: [], message: 'must be an object' }] : faultsOfDefinition(kind, value, name);
    if (faults.length === 0) return { value };
    const message = faults.map((fault) => [fault.path.join('.'), fault.message].filter(Boolean).join(': ')).join('; ');
    return { reason: { code: 'INVALID', message: `This is no valid ${kind}: ${message}.` } };
  }

  /** A definition without its file: an editor may be about to put a new one into its place. */
  private async miss(kind: DefinitionKind, name: string): Promise<void> {
    const { files, layout } = this.options;
    const path = layout.definitionFile(kind, name);
    const left = this.isFirstScan ? 0 : this.stillness.left(path, 'missing', TORN_MS);
    if (left > 0) {
      this.scans.soon(left);
      return;
    }
    this.stillness.forget(path);
    this.known.delete(path);
    await files.syncDir(layout.definitions(kind));
    await this.options.record({ kind, name, value: null });
  }

  /** Into quarantine, once whoever writes it seems to be done. */
  private putAside(path: string, reason: QuarantineReason, stamp = lookAt(this.options.files, path)): boolean {
    if (!stamp) return false;
    const left = this.stillness.leftOfFile(path, stamp, TORN_MS);
    if (left > 0) {
      this.scans.soon(left);
      return false;
    }
    this.stillness.forget(path);
    this.options.quarantine.put(path, reason);
    return true;
  }
}

type Read = { value: Json } | { reason: QuarantineReason };
