/**
 * The built command as a process: through pipes, and on a pseudo-terminal with a terminal emulator behind it.
 *
 * @module
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { spawn as spawnPty } from '@lydell/node-pty';
import xterm from '@xterm/headless';
import { onTestFinished } from 'vitest';

/** The command that is published. */
export const BIN = fileURLToPath(new URL('../dist/bin.js', import.meta.url));

/** What a process left behind. */
export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  out: string;
  err: string;
}

/** A folder that is gone after the test. */
export function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'leviathan-bin-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Nothing of the machine's own settings: no CI, no colours, no other home. */
function environment(folder: string, more: Record<string, string>): Record<string, string> {
  const { PATH = '', SystemRoot } = process.env;
  return {
    PATH,
    HOME: folder,
    LANG: 'C.UTF-8',
    TERM: 'xterm-256color',
    ...(SystemRoot && { SystemRoot }),
    ...more,
  };
}

/** How a process is set up. */
export interface Setup {
  /** Its current folder and its home. */
  folder: string;
  env?: Record<string, string>;
  /** Standard input; left out: none. */
  input?: string;
  /** The user to run as; only root may choose. */
  uid?: number;
}

/** A process with pipes. */
export class Piped {
  readonly child: ChildProcess;
  readonly done: Promise<Ended>;
  private text = { out: '', err: '' };
  private waiting: { text: string; found: () => void }[] = [];

  constructor(args: readonly string[], { folder, env = {}, input, uid }: Setup) {
    if (!existsSync(BIN)) throw new Error(`${BIN} is missing: build the packages first.`);
    this.child = spawn(process.execPath, [BIN, ...args], {
      cwd: folder,
      env: environment(folder, env),
      stdio: 'pipe',
      ...(uid !== undefined && { uid }),
    });
    const { child } = this;
    child.stdout?.setEncoding('utf8').on('data', (text: string) => this.take('out', text));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => this.take('err', text));
    // It may end without reading what it was sent.
    child.stdin?.on('error', () => {}).end(input ?? '');
    this.done = new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => resolve({ code, signal, ...this.text }));
    });
    onTestFinished(() => void child.kill('SIGKILL'));
  }

  /** Resolves when it has written the text; rejects when it ends before. */
  says(text: string): Promise<void> {
    const found = new Promise<void>((resolve) => this.waiting.push({ text, found: resolve }));
    this.look();
    const ended = this.done.then(({ out, err, code }) => {
      if (!`${out}${err}`.includes(text))
        throw new Error(`It ended with ${code} and never said ${JSON.stringify(text)}:\n${out}\n${err}`);
    });
    return Promise.race([found, ended]);
  }

  private take(stream: 'out' | 'err', text: string): void {
    this.text[stream] += text;
    this.look();
  }

  private look(): void {
    for (const { text, found } of this.waiting)
      if (this.text.out.includes(text) || this.text.err.includes(text)) found();
  }
}

/** Runs the command to its end. */
export function run(args: readonly string[], setup: Setup): Promise<Ended> {
  return new Piped(args, setup).done;
}

/** A process on a terminal of a given size. */
export class OnTerminal {
  readonly done: Promise<number>;
  /** Everything it wrote, escape sequences and all. */
  raw = '';
  private readonly pty: ReturnType<typeof spawnPty>;
  private readonly terminal: xterm.Terminal;
  private readonly listeners = new Set<() => void>();

  constructor(args: readonly string[], { folder, env = {} }: Setup, columns = 80, rows = 24) {
    if (!existsSync(BIN)) throw new Error(`${BIN} is missing: build the packages first.`);
    this.terminal = new xterm.Terminal({ cols: columns, rows, scrollback: 1000, allowProposedApi: true });
    this.pty = spawnPty(process.execPath, [BIN, ...args], {
      cwd: folder,
      env: environment(folder, env),
      cols: columns,
      rows,
      name: env.TERM ?? 'xterm-256color',
    });
    this.pty.onData((text) => {
      this.raw += text;
      this.terminal.write(text, () => {
        for (const listener of this.listeners) listener();
      });
    });
    this.done = new Promise((resolve) =>
      this.pty.onExit(({ exitCode }) => this.terminal.write('', () => resolve(exitCode))),
    );
    onTestFinished(() => {
      try {
        this.pty.kill('SIGKILL');
      } catch {
        // It has ended already.
      }
    });
  }

  type(text: string): void {
    this.pty.write(text);
  }

  resize(columns: number, rows: number): void {
    this.terminal.resize(columns, rows);
    this.pty.resize(columns, rows);
  }

  /** Lines that a person sees or could scroll back to, without trailing empty ones. */
  lines(): string[] {
    const { active } = this.terminal.buffer;
    const lines = Array.from({ length: active.length }, (_, i) => active.getLine(i)?.translateToString(true) ?? '');
    while (lines.at(-1) === '') lines.pop();
    return lines;
  }

  /** True if a line of the screen was too long for it. */
  get wrapped(): boolean {
    const { active } = this.terminal.buffer;
    return Array.from({ length: active.length }, (_, i) => active.getLine(i)?.isWrapped === true).includes(true);
  }

  /** Whether the cursor can be seen. */
  get cursor(): boolean {
    return this.raw.lastIndexOf('\u001b[?25h') >= this.raw.lastIndexOf('\u001b[?25l');
  }

  /** Resolves when the screen shows something that fits. */
  shows(pattern: RegExp): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        if (!pattern.test(this.lines().join('\n'))) return;
        this.listeners.delete(look);
        resolve();
      };
      this.listeners.add(look);
      look();
      void this.done.then((code) => {
        look();
        reject(new Error(`It ended with ${code} and never showed ${pattern}:\n${this.lines().join('\n')}`));
      });
    });
  }
}
