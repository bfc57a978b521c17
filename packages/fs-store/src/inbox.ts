/**
 * The folder into which any program can drop a job: a file `<anything>.json` with a type and data. It is checked, added as durably as
 * every job, and only then removed; what cannot be a job goes to quarantine with the reason.
 *
 * @module
 */
import { join } from 'node:path';
import {
  type AddResult,
  type Clock,
  type Issue,
  type JobSpec,
  type JobValidator,
  UnknownTypeError,
} from '@leviathan/core';
import { ensureDirSync } from './atomic';
import { ErrorDesk } from './error-desk';
import { errorCode, type Files } from './files';
import { type Added, addAll } from './inbox-batch';
import { idOfFile, parseInboxFile } from './inbox-file';
import { type FileFault, invalid, mayBecomeWhole } from './job-file';
import { kindOfName, type Layout } from './layout';
import type { Quarantine, QuarantineReason } from './quarantine';
import { ScanLoop } from './scan-loop';
import { nextTurn, startSlice } from './slice';
import { type Stamp, Stillness } from './stillness';
import { TORN_MS } from './view-docs';
import { type Found, lookAt, readFound } from './view-look';
import { isSame } from './view-notes';
import { FolderWatcher } from './watch';

const SCAN_MS = 30_000;
const POLL_MS = 1_000;
const RETRY_MS = 1_000;
/** Jobs that are added with one call. */
const BATCH = 256;
const MAX_FILE_BYTES = 64 * 1024 * 1024;

/** What the inbox is made of. */
export interface InboxOptions {
  layout: Layout;
  files: Files;
  clock: Clock;
  /** Adds jobs, durably; an existing id or key adds nothing. */
  add: (specs: JobSpec[]) => Promise<AddResult[]>;
  /** Knows which types there are and what their data must be, if anybody does yet. */
  validator: () => JobValidator | undefined;
  quarantine: Quarantine;
  /** Hears of what cannot be read or written, each kind once per minute. */
  onError?: (error: unknown) => void;
}

/** A file whose job can be added. */
interface Letter {
  path: string;
  stamp: Stamp;
  text: string;
  spec: JobSpec;
  /** The id was made from the file, which gives none. */
  isDerived: boolean;
}

/** See the module. */
export class Inbox {
  private readonly errors: ErrorDesk;
  private readonly stillness: Stillness;
  private readonly watcher: FolderWatcher;
  private readonly scans: ScanLoop;
  private stopped = false;

  constructor(private readonly options: InboxOptions) {
    const { clock, files, layout, onError } = options;
    this.errors = new ErrorDesk(clock, onError);
    this.stillness = new Stillness(clock);
    this.scans = new ScanLoop(
      clock,
      () => this.empty(),
      () => (this.watcher.isAlive ? SCAN_MS : POLL_MS),
    );
    this.watcher = new FolderWatcher(files, layout.inbox, {
      hint: (name) => {
        if (!name.startsWith('.')) this.scans.soon();
      },
      lost: () => this.scans.soon(),
      error: (error) => this.errors.report('watch', 'The folder inbox/ cannot be watched, so it is polled', error),
    });
  }

  /** Takes in what is there and watches from now on. */
  async start(): Promise<void> {
    await this.scans.now();
  }

  /** Takes in what is there now. Resolves when each file is added, put into quarantine, or known not to be whole yet. */
  async scan(): Promise<void> {
    await this.scans.now();
  }

  /** Resolves when the jobs that are being added are; the rest stays for the next start. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.watcher.close();
    await this.scans.stop();
  }

  private async empty(): Promise<void> {
    try {
      this.watcher.check();
      if (!this.watcher.stands) {
        ensureDirSync(this.options.files, this.options.layout.inbox);
        this.watcher.check();
      }
      const names = (await this.options.files.readdir(this.options.layout.inbox)).sort();
      for (let at = 0; at < names.length && !this.stopped; at += BATCH) {
        await this.take(names.slice(at, at + BATCH), at + BATCH >= names.length);
      }
    } catch (error) {
      this.errors.report('inbox', 'Jobs cannot be taken from inbox/; it is tried again', error);
      this.scans.soon(RETRY_MS);
    }
  }

  private async take(names: string[], isLast: boolean): Promise<void> {
    const letters: Letter[] = [];
    let slice = startSlice();
    for (const name of names) {
      const letter = await this.open(name);
      if (letter) letters.push(letter);
      if (!slice.isOver()) continue;
      await nextTurn();
      slice = startSlice();
    }
    if (letters.length === 0 || this.stopped) return;
    const added = await addAll(
      letters.map(({ spec }) => spec),
      this.options.add,
    );
    for (const [i, letter] of letters.entries()) {
      // What it depends on may stand in one of the next batches.
      if (!isLast && 'fault' in (added[i] as Added) && letter.spec.dependsOn) this.scans.soon();
      else this.settle(letter, added[i] as Added);
    }
  }

  /** The file's job, if it has one that can be added. */
  private async open(name: string): Promise<Letter | undefined> {
    const path = join(this.options.layout.inbox, name);
    try {
      const kind = kindOfName(name);
      if (kind.kind === 'ignored' || kind.kind === 'temporary') return undefined;
      const stamp = lookAt(this.options.files, path);
      if (!stamp) return undefined;
      if (!stamp.isFile || !/\.json$/i.test(name)) {
        this.rejectOnceStill(path, stamp, stamp.isFile ? NOT_JSON : NOT_A_FILE);
        return undefined;
      }
      return await this.read(name, path, stamp);
    } catch (error) {
      this.errors.report('inbox-file', `The file ${path} cannot be taken in`, error);
      return undefined;
    }
  }

  private async read(name: string, path: string, stamp: Stamp): Promise<Letter | undefined> {
    const { files, clock } = this.options;
    const found: Found = { ...stamp, path, folder: 'pending', isFile: true };
    const content = readFound(files, found, MAX_FILE_BYTES);
    if (content === 'gone') return undefined;
    const parsed = 'fault' in content ? content : parseInboxFile(content.text, clock.now());
    if ('fault' in parsed) {
      if (mayBecomeWhole(parsed.fault)) this.rejectOnceStill(path, stamp, parsed.fault);
      else this.reject(path, parsed.fault);
      return undefined;
    }
    const { spec } = parsed;
    const fault = await this.validate(spec);
    if (fault) {
      this.reject(path, fault);
      return undefined;
    }
    this.stillness.forget(path);
    const { text } = content as { text: string };
    const id = spec.id ?? idOfFile(name, text, stamp);
    return { path, stamp, text, spec: { ...spec, id }, isDerived: spec.id === undefined };
  }

  private async validate(spec: JobSpec): Promise<QuarantineReason | undefined> {
    const validator = this.options.validator();
    if (!validator) return undefined;
    const types = validator.types();
    if (types.length > 0 && !types.includes(spec.type)) {
      const { code, message } = new UnknownTypeError(spec.type, types);
      return { code, message };
    }
    const issues: Issue[] = await validator.validate(spec.type, spec.data);
    if (issues.length === 0) return undefined;
    return invalid(issues.map(({ path, message }) => ({ path: ['data', ...path], message }))).fault;
  }

  private settle(letter: Letter, added: Added): void {
    const { path } = letter;
    try {
      if ('fault' in added) this.reject(path, added.fault);
      else if (isTaken(added.result) || this.isOwn(letter, added.result)) this.remove(letter);
      else {
        const message = `Job ${added.result.id} holds this id or key already, so nothing was added. Was this file dropped just before a crash, it is that very job.`;
        this.reject(path, { code: 'DUPLICATE', message });
      }
    } catch (error) {
      this.errors.report('inbox-file', `The file ${path} cannot be put away after its job was added`, error);
      this.scans.soon(RETRY_MS);
    }
  }

  /** Added by an earlier life of this process, which died before it removed the file. */
  private isOwn({ spec, isDerived }: Letter, { id }: AddResult): boolean {
    return isDerived && id === spec.id;
  }

  private remove({ path, stamp, text }: Letter): void {
    const { files } = this.options;
    const stands = lookAt(files, path);
    if (!stands) return;
    // Its writer may only have added a newline; anything else is another job under the same name, for the next scan.
    if (!isSame(stamp, stands)) {
      const content = readFound(files, { ...stands, path, folder: 'pending' }, MAX_FILE_BYTES);
      if (content === 'gone') return;
      if (!('text' in content) || content.text.trim() !== text.trim()) {
        this.scans.soon();
        return;
      }
    }
    try {
      files.unlinkSync(path);
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') throw error;
    }
  }

  private rejectOnceStill(path: string, stamp: Stamp, reason: FileFault | QuarantineReason): void {
    const left = this.stillness.leftOfFile(path, stamp, TORN_MS);
    if (left > 0) this.scans.soon(left);
    else this.reject(path, reason);
  }

  private reject(path: string, reason: QuarantineReason): void {
    this.stillness.forget(path);
    this.options.quarantine.put(path, reason);
  }
}

/** Added, or taken up by a job that holds its key, as it asked for. */
function isTaken({ added, outcome }: AddResult): boolean {
  return added || outcome !== undefined;
}

const NOT_A_FILE: QuarantineReason = {
  code: 'NOT_A_FILE',
  message:
    'This is a folder, a link or something else that is no file. Put each job into a file of its own, in inbox/ itself.',
};

const NOT_JSON: QuarantineReason = {
  code: 'NOT_A_JOB_FILE',
  message: 'The inbox takes files named <anything>.json, each with one job. Lists of jobs and NDJSON are not taken.',
};
