/** The command itself, small: everything of Leviathan and the floor, which need no peer and no server. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { metrics as allMetrics } from '../src/metrics';
import { inPackage } from '../src/paths';
import type { Results } from '../src/result';

/** process-10 is process-100 with another number, and rss-1m fills and opens as open-1m does. */
const metrics = allMetrics.filter(({ name }) => name !== 'process-10' && name !== 'rss-1m');

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'leviathan-bench-test-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

interface Run {
  child: ChildProcess;
  ended: Promise<{ code: number | null; stdout: string; stderr: string }>;
}

function bench(...args: string[]): Run {
  const child = spawn(process.execPath, [inPackage('dist/run.js'), 'queue', '--dir', folder, ...args]);
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const ended = new Promise<Awaited<Run['ended']>>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
  return { child, ended };
}

test('a quick run measures everything that needs no peer, and leaves nothing behind', {
  timeout: 120_000,
}, async () => {
  const json = join(folder, 'results.json');
  const names = metrics.map(({ name }) => name).join();
  const { code, stdout, stderr } = await bench(
    '--quick',
    '--engines',
    'leviathan,bare-files',
    '--metrics',
    names,
    '--json',
    json,
  ).ended;
  expect(code, stderr).toBe(0);

  const { machine, rows, ratios, ...others } = JSON.parse(readFileSync(json, 'utf8')) as Results;
  expect(others).toEqual({});
  expect(machine).toMatchObject({ node: process.versions.node, rounds: 1, failures: {} });
  const wanted = metrics.flatMap(({ series, durabilities }) =>
    series.flatMap(({ metric, unit }) =>
      durabilities.map((durability) => ({ engine: 'leviathan', durability, metric, unit })),
    ),
  );
  for (const key of wanted) {
    const row = rows.find((candidate) =>
      Object.entries(key).every(([name, value]) => candidate[name as keyof typeof key] === value),
    );
    expect(row, JSON.stringify(key)).toBeDefined();
    expect(Object.keys(row ?? {}).sort()).toEqual(['durability', 'engine', 'max', 'median', 'metric', 'min', 'unit']);
    expect(row?.median, JSON.stringify(key)).toBeGreaterThanOrEqual(row?.min ?? Number.NaN);
  }
  expect(rows.filter(({ engine }) => engine === 'bare-files').map(({ metric }) => metric)).toContain('process-100');
  // The floor is no peer.
  expect(ratios).toEqual([]);
  expect(stdout).toMatch(/\| add +\| process +\| [\d,.]+ jobs\/s/);
  expect(readdirSync(folder)).toEqual(['results.json']);
});

test('Ctrl-C ends what runs, and leaves nothing behind', async ({ skip }) => {
  skip(process.platform !== 'linux', 'the processes of a process are read from /proc');
  const { child, ended } = bench('--engines', 'leviathan,bare-files', '--metrics', 'add,process-10');
  await new Promise<void>((resolve) => {
    child.stderr?.on('data', (chunk) => String(chunk).includes('add (process): leviathan') && resolve());
  });
  await expect.poll(() => childrenOf(child.pid ?? -1).length).toBeGreaterThan(0);
  const children = childrenOf(child.pid ?? -1);
  child.kill('SIGINT');
  expect((await ended).code).toBe(130);
  expect(readdirSync(folder)).toEqual([]);
  for (const pid of children) expect(() => process.kill(pid, 0)).toThrow();
});

/** Processes that this one started. */
function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(/\s+/).filter(Boolean).map(Number);
}

test('what was not understood is said, with how it should be', async () => {
  const { code, stderr } = await bench('--engines', 'kafka').ended;
  expect(code).toBe(2);
  expect(stderr).toContain('There is no engine kafka');
  expect(stderr).toContain('Usage: npm run bench');
});
