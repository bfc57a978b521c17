import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { OnTerminal, run, scratch } from './binary';
import { SlowServer } from './server';

const MB = 1_000_000;

const ESCAPE = '\u001b';

describe('a download on a terminal', () => {
  it.each([40, 80, 160])(
    'shows one bar that grows, on %d columns without wrapping, and then the finished job',
    async (columns) => {
      const folder = scratch();
      const server = new SlowServer(8 * MB);
      const url = `${await server.url}/a-rather-long-name-of-a-file.iso`;
      const terminal = new OnTerminal(
        ['add', 'download', url, '--wait', '--root', join(folder, 'jobs')],
        { folder },
        columns,
      );
      server.allow(2 * MB);
      await terminal.shows(/ 25%/);
      expect(terminal.cursor).toBe(false);
      server.allow(4 * MB);
      await terminal.shows(/ 50%/);
      // In place: one line is all there is.
      expect(terminal.lines().filter((line) => /\d+%/.test(line))).toHaveLength(1);
      server.allow(8 * MB);
      expect(await terminal.done).toBe(0);
      const screen = terminal.lines().join('\n');
      // On a narrow one the words stand on the next line.
      expect(screen.replace(/\n +/g, ' ')).toMatch(/✓ completed/);
      expect(screen).not.toMatch(/\d+%/);
      expect(terminal.wrapped).toBe(false);
      expect(terminal.cursor).toBe(true);
      expect(statSync(join(folder, 'downloads', 'a-rather-long-name-of-a-file.iso')).size).toBe(8 * MB);
    },
  );

  it('adapts to a window that changes its size', async () => {
    const folder = scratch();
    const server = new SlowServer(8 * MB);
    const terminal = new OnTerminal(
      ['add', 'download', `${await server.url}/a.iso`, '--wait', '--root', join(folder, 'jobs')],
      { folder },
      100,
    );
    server.allow(2 * MB);
    await terminal.shows(/━+─+.* 25%/);
    terminal.resize(30, 24);
    server.allow(4 * MB);
    await terminal.shows(/ 50%/);
    expect(terminal.lines().filter((line) => /\d+%/.test(line))).toHaveLength(1);
    server.allow(8 * MB);
    expect(await terminal.done).toBe(0);
  });

  it('gives the cursor back at Ctrl-C, says where the job is, and exits with 130', async () => {
    const folder = scratch();
    const server = new SlowServer(8 * MB);
    const terminal = new OnTerminal(
      ['add', 'download', `${await server.url}/a.iso`, '--wait', '--root', join(folder, 'jobs')],
      { folder },
    );
    server.allow(2 * MB);
    await terminal.shows(/ 25%/);
    terminal.type('\u0003');
    expect(await terminal.done).toBe(130);
    expect(terminal.cursor).toBe(true);
    expect(terminal.lines().join(' ')).toMatch(/stays in the queue/);
  });

  it('uses no colour with NO_COLOR, and draws nothing at all with TERM=dumb', async () => {
    const folder = scratch();
    for (const [env, draws] of [
      [{ NO_COLOR: '1' }, true],
      [{ TERM: 'dumb' }, false],
    ] as const) {
      const server = new SlowServer(MB);
      server.allow(MB);
      const terminal = new OnTerminal(
        ['add', 'download', `${await server.url}/a.iso`, '--wait', '--root', join(folder, 'jobs')],
        { folder, env },
      );
      expect(await terminal.done).toBe(0);
      expect(terminal.raw).not.toMatch(new RegExp(`${ESCAPE}\\[\\d+m`));
      expect(terminal.raw.includes('\u001b[?25l')).toBe(draws);
    }
  });
});

describe('a question on a terminal', () => {
  it('is asked once, and no is the answer to anything but yes', async () => {
    const folder = scratch();
    const root = join(folder, 'jobs');
    await run(['add', '--batch', '--any-type', '--root', root], { folder, input: '{"type":"x"}\n{"type":"x"}\n' });
    const left = async (): Promise<number> =>
      JSON.parse((await run(['stats', '--json', '--root', root], { folder })).out).counts.pending;
    for (const [answer, code, count] of [
      ['\r', 1, 2],
      ['\u0003', 130, 2],
      ['\u0004', 1, 2],
      ['y\r', 0, 0],
    ] as const) {
      const terminal = new OnTerminal(['clear', 'all', '--root', root], { folder });
      await terminal.shows(/This will remove 2 jobs\. Go on\? \[y\/N\]/);
      terminal.type(answer);
      expect([answer, await terminal.done]).toEqual([answer, code]);
      expect(await left()).toBe(count);
    }
  });
});

describe('watch on a terminal', () => {
  it.each([40, 100])('keeps a table of %d columns up to date, and gives the cursor back at Ctrl-C', async (columns) => {
    const folder = scratch();
    const root = join(folder, 'jobs');
    await run(['add', 'resize', 'name=first-picture', '--any-type', '--root', root], { folder });
    const terminal = new OnTerminal(['watch', '--root', root], { folder }, columns, 12);
    await terminal.shows(/1 pending[\s\S]*first-picture|1 pending[\s\S]*○ pending/);
    const input = Array.from({ length: 30 }, (_, n) => `{"type":"resize","data":{"name":"picture-${n}"}}`).join('\n');
    await run(['add', '--batch', '--any-type', '--root', root], { folder, input });
    await terminal.shows(/31 pending/);
    await run(['cancel', '--status', 'pending', '--yes', '--root', root], { folder });
    await terminal.shows(/31\s+failed[\s\S]*✗ failed/);
    expect(terminal.wrapped).toBe(false);
    terminal.type('\u0003');
    expect(await terminal.done).toBe(130);
    expect(terminal.cursor).toBe(true);
  });
});

describe('without a terminal', () => {
  it('writes a line per change of state on stderr, and only data on stdout', async () => {
    const folder = scratch();
    const server = new SlowServer(MB);
    server.allow(MB);
    const { code, out, err } = await run(
      ['add', 'download', `${await server.url}/a.iso`, '--wait', '--json', '--root', join(folder, 'jobs')],
      { folder },
    );
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      status: 'completed',
      result: { bytes: MB, file: join(folder, 'downloads', 'a.iso') },
    });
    expect(err.replace(/^\S+ \S+ /gm, '').replace(/in \d+\S+/, 'in …')).toBe(
      'download  a.iso  started\ndownload  a.iso  ✓ completed in …\n',
    );
    expect(readFileSync(join(folder, 'downloads', 'a.iso')).every((byte) => byte === 'x'.charCodeAt(0))).toBe(true);
  });
});

it('starts fast: the version and the help within 150 ms', () => {
  const bin = fileURLToPath(new URL('../dist/bin.js', import.meta.url));
  const runs = { node: ['-e', '0'], version: [bin, '--version'], help: [bin, '--help'] };
  const best = { node: Number.POSITIVE_INFINITY, version: Number.POSITIVE_INFINITY, help: Number.POSITIVE_INFINITY };
  // Taken in turns, and the best of each: what else the machine does only ever adds to a time.
  for (let i = 0; i < 12; i += 1) {
    for (const name of ['node', 'version', 'help'] as const) {
      const start = performance.now();
      execFileSync(process.execPath, runs[name]);
      best[name] = Math.min(best[name], performance.now() - start);
    }
  }
  const shown = Object.entries(best).map(([name, ms]) => `${name} ${ms.toFixed()} ms`);
  process.stdout.write(`start-up, best of 12: ${shown.join(', ')}\n`);
  // On a slow machine Node alone may take as long.
  expect(best.version).toBeLessThan(Math.max(150, best.node * 2));
  expect(best.help).toBeLessThan(Math.max(150, best.node * 2.5));
});
