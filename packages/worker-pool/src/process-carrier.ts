/**
 * A child process.
 *
 * @module
 */
import { type ChildProcess, fork } from 'node:child_process';
import { setPriority } from 'node:os';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { Carrier, Ending } from './carrier';
import { type ChildStart, VERDICT_FD, type Verdict } from './protocol';

/** Milliseconds for the pipes of a dead process to run dry. Longer than that only what it started, and what left its group, holds them open. */
const DRAIN_MS = 1_000;

/** What the engine prints when it gives up for want of memory. */
const OUT_OF_MEMORY = /FATAL ERROR: .*(?:heap|memory)/i;

const leadsGroup = process.platform !== 'win32';

/**
 * Starts the program in a process that leads a group of its own: Ctrl-C does not reach it, and what it starts can be killed with it. Its
 * memory limit is one of the engine for the heap, and one of its guard for the rest.
 */
export function startProcess(program: URL, start: ChildStart): Carrier {
  const heap = start.memory === undefined ? [] : [`--max-old-space-size=${start.memory}`];
  const child = fork(fileURLToPath(program), [JSON.stringify(start)], {
    serialization: 'advanced',
    stdio: ['ignore', 'pipe', 'pipe', 'ipc', 'pipe'],
    detached: leadsGroup,
    execArgv: [...inherited(process.execArgv), ...heap],
  });
  if (start.nice > 0 && child.pid !== undefined) lowerPriority(child.pid, start.nice);
  return {
    name: `process ${child.pid ?? '(not started)'}`,
    output: child as { stdout: Readable; stderr: Readable },
    ended: endOf(child),
    post: (message) => {
      // Not to a process that is gone: its end is told by itself.
      if (child.connected) child.send(message as object, () => {});
    },
    onMessage: (receive) => void child.on('message', receive),
    kill: () => {
      // Its number may be somebody else's by now.
      if (child.exitCode === null && child.signalCode === null) killGroup(child);
    },
  };
}

function endOf(child: ChildProcess): Promise<Ending> {
  let verdict = '';
  let lastWords = '';
  // A process that could not be started for want of descriptors has no streams.
  (child.stdio?.[VERDICT_FD] as Readable | undefined)?.setEncoding('utf8').on('data', (text: string) => {
    verdict += text;
  });
  child.stderr?.on('data', (text: Buffer) => {
    lastWords = (lastWords + text).slice(-10_000);
  });
  return new Promise((resolve) => {
    child.once('error', (error) => {
      if (child.pid === undefined) resolve({ error });
    });
    child.once('exit', (code, signal) => {
      // What it started must not outlive it.
      killGroup(child);
      const done = (): void => {
        clearTimeout(timer);
        const isFull = code !== 0 && OUT_OF_MEMORY.test(lastWords);
        const limit = verdict === '' ? (isFull ? 'memory' : undefined) : (verdict as Verdict);
        resolve({ exitCode: code ?? undefined, signal: signal ?? undefined, limit });
      };
      const timer = setTimeout(done, DRAIN_MS);
      child.once('close', done);
    });
  });
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    if (leadsGroup) process.kill(-child.pid, 'SIGKILL');
    else child.kill('SIGKILL');
  } catch {
    // There is nobody left in it.
  }
}

function lowerPriority(pid: number, nice: number): void {
  try {
    setPriority(pid, nice);
  } catch {
    // It is gone already, which its end tells.
  }
}

/** The flags of this process that are not about this process alone: a debugger's port, the code of `node -e`. */
function inherited(flags: readonly string[]): string[] {
  const code = flags.findIndex((flag) => /^(?:-[ep]+|--eval|--print)$/.test(flag));
  const kept = code < 0 ? flags : flags.toSpliced(code, 2);
  return kept.filter((flag) => !/^--(?:inspect|debug|input-type|eval=|print=|watch|test)/.test(flag));
}
