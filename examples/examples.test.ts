import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { missingLine } from './expected';

const folder = import.meta.dirname;
const files = await readdir(folder);
const notExamples = /\.(?:test|config)\.|^expected\.ts$/;
const examples = files.filter((name) => /\.(?:mjs|ts)$/.test(name) && !notExamples.test(name)).sort();

it('there is an example', () => {
  expect(examples).not.toEqual([]);
});

for (const example of examples) {
  it(`${example} runs and prints what it promises`, async ({ onTestFinished }) => {
    const home = await mkdtemp(join(tmpdir(), 'leviathan-example-'));
    onTestFinished(() => rm(home, { recursive: true, force: true }));
    const expected = await readFile(join(folder, example.replace(/\.\w+$/, '.expected')), 'utf8');

    const { code, stdout, stderr } = await run(example, home);

    expect(code, `${example} printed:\n${stdout}${stderr}`).toBe(0);
    expect(expected.trim(), 'the .expected file names at least one line').not.toBe('');
    expect(missingLine(stdout, expected), `this line is missing from:\n${stdout}${stderr}`).toBeUndefined();
  });
}

it('every .expected file belongs to an example', () => {
  const names = files.filter((name) => name.endsWith('.expected')).map((name) => name.replace(/\.expected$/, ''));
  expect(names.filter((name) => !files.includes(`${name}.mjs`) && !files.includes(`${name}.ts`))).toEqual([]);
});

/** Starts an example in an empty folder, with the built packages: a child process knows nothing of the source condition. */
function run(example: string, home: string): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const loader = example.endsWith('.ts') ? ['--import', import.meta.resolve('tsx')] : [];
  const env = { ...process.env, LEVIATHAN_HOME: home, NO_COLOR: '1' };
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [...loader, join(folder, example)],
      { cwd: home, env, timeout: 60_000, killSignal: 'SIGKILL' },
      (_, stdout, stderr) => resolve({ code: child.exitCode, stdout, stderr }),
    );
  });
}
