/**
 * Runs the command inside a test: real commands on a real store in memory, with streams that remember.
 *
 * @module
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type JobStore, MemoryStore } from '@leviathan/core';
import type { DoctorReport } from '@leviathan/fs-store';
import { onTestFinished } from 'vitest';
import type { Io, OutStream } from '../io';
import { main } from '../main';
import { ProcessSignals } from '../signals';

/** What one run left behind. */
export interface Ran {
  code: number;
  out: string;
  err: string;
  /** Lines of `out`. */
  lines: string[];
  /** `out` as JSON. */
  json<T>(): T;
}

/** How one run is set up. */
export interface RunOptions {
  /** Standard input. */
  input?: string;
  /** Columns of a terminal; left out: no terminal. */
  columns?: number;
  env?: Record<string, string>;
  /** What a person answers; a question without an answer fails the run. */
  answers?: string[];
  cwd?: string;
}

/** A run that is under way. */
export interface Running {
  done: Promise<Ran>;
  signals: ProcessSignals;
  /** Codes that a second signal asked to exit with at once. */
  exits: number[];
  /** Resolves when standard output or error holds the text. */
  says(text: string): Promise<void>;
}

/** One jobs folder (kept in memory) and any number of runs on it. */
export class TestCli {
  readonly store: MemoryStore;
  /** Exists, and is empty. */
  readonly root: string;
  report: DoctorReport = { ok: true, repaired: false, findings: [], summary: {} };
  /** Set it to make the store impossible to open. */
  fault: Error | undefined;
  now: () => number = Date.now;

  constructor(store = new MemoryStore()) {
    this.store = store;
    this.root = mkdtempSync(join(tmpdir(), 'leviathan-cli-'));
    onTestFinished(async () => {
      await store.close();
      rmSync(this.root, { recursive: true });
    });
  }

  /** Runs to the end. */
  run(args: string[], options: RunOptions = {}): Promise<Ran> {
    return this.start(args, options).done;
  }

  /** Starts a run that a test wants to talk to. */
  start(args: string[], options: RunOptions = {}): Running {
    const stdout = new Recorder(options.columns);
    const stderr = new Recorder(options.columns);
    const exits: number[] = [];
    const signals = new ProcessSignals((code) => exits.push(code));
    const io: Io = {
      stdin: Object.assign(stream(options.input ?? ''), { isTTY: options.columns !== undefined }),
      stdout,
      stderr,
      env: options.env ?? {},
      cwd: options.cwd ?? this.root,
      now: () => this.now(),
      stores: {
        defaultRoot: async () => this.root,
        open: async () => {
          if (this.fault !== undefined) throw this.fault;
          return withoutClose(this.store);
        },
        doctor: async () => this.report,
      },
      signals,
      ask: async (question) => {
        stderr.write(question);
        const answer = options.answers?.shift();
        if (answer === undefined) throw new Error(`Nobody answers: ${question}`);
        return answer;
      },
    };
    const done = main(args, io).then((code) => ({
      code,
      out: stdout.text,
      err: stderr.text,
      lines: stdout.text.split('\n').slice(0, -1),
      json: <T>() => JSON.parse(stdout.text) as T,
    }));
    return { done, signals, exits, says: (text) => Promise.any([stdout.says(text), stderr.says(text)]) };
  }
}

/** A stream that remembers, and tells when a text has been written. */
class Recorder implements OutStream {
  text = '';
  readonly isTTY: boolean;
  readonly rows = 24;
  private waiting: { text: string; found: () => void }[] = [];

  constructor(readonly columns: number | undefined) {
    this.isTTY = columns !== undefined;
  }

  write(text: string): boolean {
    this.text += text;
    const found = this.waiting.filter((waiter) => this.text.includes(waiter.text));
    this.waiting = this.waiting.filter((waiter) => !found.includes(waiter));
    for (const waiter of found) waiter.found();
    return true;
  }

  says(text: string): Promise<void> {
    if (this.text.includes(text)) return Promise.resolve();
    return new Promise((found) => this.waiting.push({ text, found }));
  }
}

async function* stream(text: string): AsyncGenerator<string> {
  if (text !== '') yield text;
}

/** The store outlives each run, as the files of a real one do. */
function withoutClose(store: JobStore): JobStore {
  return new Proxy(store, {
    get(target, key) {
      if (key === 'close') return async () => {};
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
