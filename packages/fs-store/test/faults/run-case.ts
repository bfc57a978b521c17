/**
 * Runs a workload with something going wrong, and finds out whether the store did what it must: answer each call, with what was asked for
 * or with an error of its own; work again when it is over; and show, then and after a power cut, what it had acknowledged.
 *
 * @module
 */
import { type ClaimedJob, LeviathanError } from '@leviathan/core';
import type { FsStore } from '../../src/fs-store';
import type { Call, Fault } from '../../src/testing/faults';
import { CallNames } from '../support/call-names';
import { inlineZlib } from '../support/inline-zlib';
import type { MemoryFiles } from '../support/memory-files';
import { MemorySite } from '../support/memory-site';
import { HangError } from '../support/virtual-time';
import { World } from '../support/world';
import { afterMath, afterPowerCut } from './aftermath';
import { Expected } from './expected';
import type { FaultCase } from './fault-case';
import { codeOf, type FaultName, mayHave } from './fault-table';
import { wrongFolders } from './inspect';
import { catchStrays } from './strays';

// On a machine that is busy its threads would take longer than the time that passes here.
inlineZlib();

/** How a case ended. `refused`: a caller was told. `retried`: only `onError` was, or more calls were made. `unaffected`: nobody noticed. */
export type Result = 'refused' | 'retried' | 'unaffected' | 'wrong';

/** See {@link Result}. */
export interface CaseReport {
  result: Result;
  /** What is wrong, as sentences. */
  problems: string[];
  /** Codes that callers were told. */
  codes: string[];
  /** Calls that the workload made. */
  calls: number;
}

/** What a workload does when nothing goes wrong. */
export interface Recording {
  /** Each call, with which faults it may have. */
  calls: { name: string; call: Call; args: readonly unknown[] }[];
  refused: number;
}

const NO_ROOM: readonly FaultName[] = ['ENOSPC', 'EDQUOT'];

/** What ends a `while`. */
const SHORT_MS = 3_000;
const SHORT_CALLS = 60;
/** Virtual time (ms) that a workload may take while nothing gets better, and after. */
const LIMIT = 20_000;
/** What a store may take to notice that all is well again. */
const RECOVERY = 3_000;

/** Runs it without a fault. */
export async function record(
  { workload, durability }: Pick<FaultCase, 'workload' | 'durability'>,
  template: MemoryFiles,
) {
  const site = new MemorySite(template.copy(), durability);
  const names = new CallNames(site.disk, site.root);
  const recording: Recording = { calls: [], refused: 0 };
  site.files.plan = (call, args) => {
    // The bytes are not needed to know what may go wrong.
    const kept = args.map((arg) => (typeof arg === 'object' ? undefined : arg));
    recording.calls.push({ name: names.next(call, args), call, args: kept });
    return undefined;
  };
  const world = new World(site, workload.options);
  site.time.enter();
  try {
    await site.time.run(workload.name, workload.run(world), LIMIT);
  } finally {
    site.time.leave();
  }
  recording.refused = world.ledger.entries.filter(({ state }) => state === 'refused').length;
  return recording;
}

/** Runs one case. `template`: the disk that the workload begins with. */
export async function runCase(faultCase: FaultCase, template: MemoryFiles, recording: Recording): Promise<CaseReport> {
  const { workload, durability, mode } = faultCase;
  const site = new MemorySite(template.copy(), durability, faultCase.defect);
  const trouble = new Trouble(faultCase, site);
  const world = new World(site, workload.options);
  const problems: string[] = [];
  site.relieve = () => {
    if (mode !== 'stays') trouble.end();
  };
  site.beforeClose = (store) => proveLife(world, store, trouble);
  const strays = catchStrays();
  site.time.enter();
  try {
    await runThrough(world, faultCase, site, trouble, problems);
    trouble.end();
    site.files.plan = undefined;
    problems.push(...untyped(world), ...impatient(faultCase, world, recording), ...trouble.problems);
    const { entries } = world.ledger;
    const options = { ...workload.options, ...site.options };
    if (durability === 'power') problems.push(...(await afterPowerCut(site, options, new Expected(entries))));
    const expected = new Expected(entries);
    problems.push(...expected.problems, ...(await afterMath(site, options, expected)));
  } catch (error) {
    problems.push(describe(error));
  } finally {
    site.time.leave();
    problems.push(...(await strays.end()).map((error) => `nobody caught: ${describe(error)}`));
  }
  const refused = world.ledger.entries.filter(({ state }) => state === 'refused');
  const codes = refused.map(({ error }) => String((error as { code?: unknown }).code));
  const isTold = site.told.length > 0 || trouble.calls > recording.calls.length;
  const result = refused.length > recording.refused ? 'refused' : isTold ? 'retried' : 'unaffected';
  return { result: problems.length > 0 ? 'wrong' : result, problems, codes, calls: trouble.calls };
}

async function runThrough(
  world: World,
  { workload, mode }: FaultCase,
  site: MemorySite,
  trouble: Trouble,
  problems: string[],
): Promise<void> {
  const running = workload.run(world).then(
    () => undefined,
    (error: unknown) => error,
  );
  let error: unknown;
  try {
    error = await site.time.run(workload.name, running, LIMIT);
  } catch (hang) {
    // Whoever waits for a disk that does not get better may wait, but not with the door closed behind them.
    const isClosing = workload.isImpatient && world.ledger.of('close').length > 0;
    if (!(hang instanceof HangError) || mode !== 'stays' || isClosing) throw hang;
    trouble.end();
    error = await site.time.run(workload.name, running, LIMIT);
  }
  const isOver = mode !== 'stays';
  if (error !== undefined && isOver) problems.push(describe(error));
  if (error !== undefined) trouble.end();
  await site.time.run('close', world.end(), LIMIT);
  const waiting = world.ledger.entries.filter(({ state, call }) => state === 'asked' && !/^hand:|^drop/.test(call));
  for (const { call } of waiting) problems.push(`${call} was never answered`);
}

function untyped({ ledger }: World): string[] {
  return ledger.entries.flatMap(({ state, call, error }) =>
    state === 'refused' && !(error instanceof LeviathanError) ? [`${call} is refused with ${describe(error)}`] : [],
  );
}

/** A scanner holds a file on Windows for a moment, and often: that is no reason to refuse anything. */
function impatient({ fault, mode, call }: FaultCase, { ledger }: World, { refused }: Recording): string[] {
  if (!fault.startsWith('win32') || mode !== 'once' || !/^(rename|unlink)Sync/.test(call)) return [];
  const all = ledger.entries.filter(({ state }) => state === 'refused');
  if (all.length <= refused) return [];
  return [`a file that was held for a moment is not waited for: ${describe(all.at(-1)?.error)}`];
}

/** It is over: the very store that met it must take and run a job. */
async function proveLife(world: World, store: FsStore, trouble: Trouble): Promise<void> {
  if (!trouble.isOver || trouble.isProven.has(store)) return;
  trouble.isProven.add(store);
  await new Promise((resolve) => setTimeout(resolve, RECOVERY));
  await foldersFollow(world, store, trouble);
  const id = `alive-${trouble.isProven.size}`;
  const [added] = await world.add([{ id, type: 'alive', data: id, priority: 1 }], undefined, store);
  const asked = await world.claim({ worker: `life-${trouble.isProven.size}`, types: { alive: 1 } }, store);
  // A claim of the workload that still waits was first, if what it waited for was refused.
  const earlier = world.ledger.of('claim').flatMap(({ result }) => (result as ClaimedJob[] | undefined) ?? []);
  const claimed = [...asked, ...earlier].find(({ job }) => job.id === id);
  const [settled] = claimed ? await world.settle([completedOf(claimed)], store) : [];
  if (added?.added && settled?.accepted) return;
  const { error } = world.ledger.entries.findLast(({ state }) => state === 'refused') ?? {};
  trouble.problems.push(`the store does not work again: ${describe(error ?? 'the job did not run')}`);
}

/** What could not be written once is written soon after, without anybody asking. */
async function foldersFollow({ open }: World, store: FsStore, { faultCase, site, problems }: Trouble): Promise<void> {
  const { mode, workload } = faultCase;
  if (mode !== 'once' || open.length > 1) return;
  const wrong = await wrongFolders(store, site.disk, site.root, workload.options.pendingFiles !== undefined);
  problems.push(...wrong.map((problem) => `some seconds after it was over: ${problem}`));
}

function completedOf({ job, token }: ClaimedJob) {
  return { id: job.id, token, outcome: 'completed' as const, result: 'alive' };
}

/** What goes wrong, from when to when. */
class Trouble {
  calls = 0;
  readonly isProven = new Set<FsStore>();
  readonly problems: string[] = [];
  private readonly names: CallNames;
  private began: { at: number; calls: number } | undefined;
  private ended = false;

  constructor(
    readonly faultCase: FaultCase,
    readonly site: MemorySite,
  ) {
    this.names = new CallNames(site.disk, site.root);
    site.files.plan = (call, args) => this.decide(call, args);
  }

  get isOver(): boolean {
    return this.began !== undefined && this.ended;
  }

  end(): void {
    this.ended = true;
  }

  private decide(call: Call, args: readonly unknown[]): Fault {
    const { fault, mode } = this.faultCase;
    this.calls++;
    const isIt = this.names.next(call, args) === this.faultCase.call;
    if (isIt && !this.began) {
      this.began = { at: this.site.time.elapsed, calls: this.calls };
      if (mode === 'once') {
        this.ended = true;
        return this.make(call, args);
      }
    }
    if (!this.began || this.ended) return undefined;
    const { at, calls } = this.began;
    if (mode === 'while' && (this.site.time.elapsed - at > SHORT_MS || this.calls - calls > SHORT_CALLS)) {
      this.ended = true;
      return undefined;
    }
    return mayHave(fault, call, args) ? this.make(call, args) : undefined;
  }

  private make(call: Call, args: readonly unknown[]): Fault {
    const { fault, mode } = this.faultCase;
    if (call === 'fsync' || call === 'fdatasync') this.site.disk.failSync(args[0] as number);
    const half = { short: Math.max(1, Number(args[3]) >> 1) };
    const isFirst = this.calls === this.began?.calls;
    // The disk takes what it has room for, and says so at the next call.
    if (isFirst && mode !== 'once' && mayHave('short', call, args) && NO_ROOM.includes(fault)) return half;
    return codeOf(fault) ?? half;
  }
}

/** An error as a sentence. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error ? ` ${String(error.code)}` : '';
  const place = error instanceof LeviathanError || error instanceof HangError ? '' : ` ${where(error)}`;
  return `${error.name}${code}: ${error.message}${place}`;
}

function where({ stack = '' }: Error): string {
  return stack
    .split('\n')
    .filter((line) => /fs-store.src|core.src/.test(line) && !/testing/.test(line))
    .slice(0, 4)
    .map((line) => line.replace(/^ *at /, '').replace(/\(?\/.*\/(\S+:\d+):\d+\)?/, '($1)'))
    .join(' < ');
}
