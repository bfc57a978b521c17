/** The processes of one stage: started, stopped, let go on, killed, and remembered when they were. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FsStoreOptions } from '../../src/options';
import { readNotes, sharedClock } from './evidence';
import { lifeOf, type ProcessLife } from './histories';
import type { Birth } from './mortal-child';
import type { Fault } from './verdict';

/** Real time (ms) for a process to start, open its store and say so, on a machine that has other things to do, too. */
const PATIENCE = 60_000;

const running = new Set<ChildProcess>();
// One that stands still would not notice that its parent is gone.
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** One process. */
export class Mortal {
  readonly booted: Promise<unknown>;
  /** Resolves with its role once the store is open. */
  readonly opened: Promise<string>;
  /** It adds nothing more: when it was told so, and every call that was under way is answered. */
  readonly quiet: Promise<unknown>;
  readonly ended: Promise<unknown>;
  leaves = false;
  /** When the signal to die was sent. */
  killed: number | undefined;

  constructor(
    readonly birth: Birth,
    private readonly child: ChildProcess,
  ) {
    running.add(child);
    this.ended = once(child, 'exit').finally(() => running.delete(child));
    this.booted = this.told(() => true);
    this.quiet = this.told((message) => message === 'quiet', Number.POSITIVE_INFINITY);
    this.opened = this.told((message) => message !== 'booted');
    // Who waits hears of it; a process that is killed while it opens is waited for by nobody.
    for (const promise of [this.booted, this.opened, this.quiet]) promise.catch(() => {});
  }

  get pid(): number {
    return this.child.pid as number;
  }

  get isAlive(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** It stands still, and does not know. */
  stop(): void {
    this.child.kill('SIGSTOP');
  }

  continue(): void {
    this.child.kill('SIGCONT');
  }

  tell(message: 'quiet' | 'leave' | 'work' | number): void {
    if (message === 'leave') this.leaves = true;
    // It may be about to die.
    if (this.child.connected) this.child.send(message, () => {});
  }

  /** SIGKILL: no handler, no `finally`, no flush. Resolves when it is gone. */
  async kill(): Promise<void> {
    if (this.isAlive && this.killed === undefined) {
      this.killed = sharedClock();
      this.child.kill('SIGKILL');
    }
    await this.ended;
  }

  /** What it wrote down. */
  life(): ProcessLife {
    const { name, evidence } = this.birth;
    // It may have died before its first line.
    return lifeOf(name, existsSync(evidence) ? readNotes(evidence) : [], this.killed);
  }

  private told(passes: (message: string) => boolean, patience = PATIENCE): Promise<string> {
    return new Promise((resolve, reject) => {
      const tooLong = (): void => done(() => reject(new Error(`${this.birth.name} said nothing for ${patience} ms.`)));
      const timer = patience < Number.POSITIVE_INFINITY ? setTimeout(tooLong, patience) : undefined;
      const hear = (message: unknown): void => {
        if (passes(String(message))) done(() => resolve(String(message)));
      };
      const done = (settle: () => void): void => {
        clearTimeout(timer);
        this.child.off('message', hear);
        settle();
      };
      this.child.on('message', hear);
      void this.ended.then(() =>
        done(() => reject(new Error(`${this.birth.name} ended before it said what was waited for.`))),
      );
    });
  }
}

/** See the module. */
export class Swarm {
  /** All that ever lived. */
  readonly all: Mortal[] = [];

  constructor(
    private readonly program: string,
    private readonly dir: string,
    private readonly store: FsStoreOptions & { root: string },
    private readonly random: { below(limit: number): number },
  ) {}

  get alive(): Mortal[] {
    return this.all.filter((mortal) => mortal.isAlive && mortal.killed === undefined && !mortal.leaves);
  }

  start(role: Birth['role'] = 'both'): Mortal {
    const name = `p${this.all.length + 1}`;
    const birth: Birth = {
      name,
      evidence: join(this.dir, `${name}.notes`),
      seed: this.random.below(1e9),
      role,
      store: this.store,
    };
    const child = fork(this.program, [JSON.stringify(birth)], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      // It is one file without a loader: it starts in a fraction of the time.
      execArgv: [],
    });
    const mortal = new Mortal(birth, child);
    this.all.push(mortal);
    return mortal;
  }

  /** Starts what is missing; at least one that runs jobs and one that adds some. */
  fill(size: number): void {
    while (this.alive.length < size) {
      const roles = this.alive.map(({ birth }) => birth.role);
      const usual = (['both', 'both', 'worker', 'producer'] as const)[this.random.below(4)] as Birth['role'];
      this.start(roles.includes('both') ? usual : 'both');
    }
  }

  /** All that live have the store open. */
  async opened(): Promise<void> {
    await Promise.all(this.alive.map((mortal) => mortal.opened));
  }

  /** Who owns the store, as its file tells; of the dead, too. */
  get owner(): Mortal | undefined {
    try {
      const { pid } = JSON.parse(readFileSync(join(this.store.root, 'owner.json'), 'utf8')) as { pid: number };
      return this.all.findLast((mortal) => mortal.pid === pid);
    } catch {
      return undefined;
    }
  }

  any(of: readonly Mortal[]): Mortal | undefined {
    return of[this.random.below(of.length)];
  }

  lives(): ProcessLife[] {
    return this.all.map((mortal) => mortal.life());
  }

  /** Processes that ended although nobody asked them to. */
  suicides(): Fault[] {
    return this.all
      .filter((mortal) => !mortal.isAlive && mortal.killed === undefined && !mortal.leaves)
      .map(({ birth }): Fault => ({ kind: 'other', message: `process ${birth.name} ended by itself` }));
  }

  async killAll(): Promise<void> {
    await Promise.all(this.all.map((mortal) => mortal.kill()));
  }
}
