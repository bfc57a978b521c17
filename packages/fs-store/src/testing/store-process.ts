import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AddResult, ClaimedJob, ClaimRequest, JobSpec, Settlement, SettleResult } from '@leviathan/core';
import { afterAll, beforeAll, onTestFinished } from 'vitest';
import type { FsStoreOptions } from '../options';
import { bundle } from './bundle';
import type { Ran, Work } from './store-child';

let program = '';

/** To be called once by a file of tests that start processes. */
export function prepareStoreProcesses(): void {
  let dir: string;
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'leviathan-program-'));
    program = await bundle('store-child', dir);
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));
}

/** A store in a process of its own. Killed when the test ends. */
export class StoreProcess {
  /** What its worker told, in order. */
  readonly ran: Ran[] = [];
  killed = false;
  private readonly pending = new Map<number, { resolve(result: unknown): void; reject(error: unknown): void }>();
  private readonly ended: Promise<unknown>;
  private lastId = 0;
  private waiting: (() => void)[] = [];

  private constructor(private readonly child: ChildProcess) {
    this.ended = once(child, 'exit').then(() => {
      for (const { reject } of this.pending.values()) reject(new Error('The process has ended.'));
    });
    child.on('message', (message) => this.heard(message));
    onTestFinished(() => this.kill());
  }

  /** Starts a process and opens the store there. */
  static async open(options: FsStoreOptions): Promise<StoreProcess> {
    const process = await StoreProcess.start(options);
    await process.call('open');
    return process;
  }

  /** Starts a process that has not opened the store yet. */
  static async start(options: FsStoreOptions): Promise<StoreProcess> {
    const child = fork(program, [JSON.stringify({ durability: 'process', ...options })]);
    const process = new StoreProcess(child);
    await once(child, 'message');
    return process;
  }

  get pid(): number {
    return this.child.pid as number;
  }

  /** Calls a method of the store. Rejects with its code and message, or when the process ends. */
  call<Result>(method: string, ...args: unknown[]): Promise<Result> {
    return new Promise((resolve, reject) => {
      const id = ++this.lastId;
      this.pending.set(id, { resolve: (result) => resolve(result as Result), reject });
      this.child.send({ id, method, args });
    });
  }

  add(specs: JobSpec[]): Promise<AddResult[]> {
    return this.call('add', specs);
  }

  claim(request: ClaimRequest): Promise<ClaimedJob[]> {
    return this.call('claim', request);
  }

  /** Claims one job, and waits until there is one. */
  async take(worker: string): Promise<ClaimedJob> {
    const [claimed] = await this.claim({ worker, limit: 1, wait: true });
    return claimed as ClaimedJob;
  }

  async complete({ job, token }: ClaimedJob): Promise<SettleResult | undefined> {
    const settlement: Settlement = { id: job.id, token, outcome: 'completed' };
    const [result] = await this.call<SettleResult[]>('settle', [settlement]);
    return result;
  }

  work(work: Work): Promise<void> {
    return this.call('work', work);
  }

  /** The first thing its worker tells, or told, that passes. */
  async told(passes: (ran: Ran) => boolean): Promise<Ran> {
    for (;;) {
      const found = this.ran.find(passes);
      if (found) return found;
      await new Promise<void>((resolve) => {
        this.waiting.push(resolve);
      });
    }
  }

  /** SIGKILL: no handler, no `finally`, no flush. Resolves when it is gone. */
  async kill(): Promise<void> {
    this.killed = true;
    this.child.kill('SIGKILL');
    await this.ended;
  }

  /** It does nothing more, and does not even know. */
  stop(): void {
    this.child.kill('SIGSTOP');
  }

  /** It goes on. */
  continue(): void {
    this.child.kill('SIGCONT');
  }

  private heard(message: unknown): void {
    if (typeof message !== 'object' || message === null) return;
    if ('ran' in message) {
      this.ran.push(message.ran as Ran);
      for (const wake of this.waiting.splice(0)) wake();
      return;
    }
    const { id, result, error } = message as {
      id: number;
      result?: unknown;
      error?: { code: string; message: string };
    };
    const call = this.pending.get(id);
    this.pending.delete(id);
    if (error) call?.reject(Object.assign(new Error(error.message), { code: error.code }));
    else call?.resolve(result);
  }
}

/** Who owns the store, as its file tells. */
export function ownerPid(root: string): number | undefined {
  try {
    return (JSON.parse(readFileSync(join(root, 'owner.json'), 'utf8')) as { pid: number }).pid;
  } catch {
    return undefined;
  }
}
