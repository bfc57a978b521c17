import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { version } from '../package.json';
import { main } from './main';

function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'leviathan-create-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function run(args: string[], { cwd = scratch(), agent }: { cwd?: string; agent?: string } = {}) {
  const [out, err]: [string[], string[]] = [[], []];
  const code = await main(args, { cwd, agent, out: (line) => out.push(line), err: (line) => err.push(line) });
  const read = (...path: string[]): string => readFileSync(join(cwd, ...path), 'utf8');
  return { code, out: out.join('\n'), err: err.join('\n'), cwd, read };
}

describe('create-leviathan-processor', () => {
  it('writes a package, and tells what comes next', async () => {
    const { code, out, cwd, read } = await run(['my-thing'], { agent: 'pnpm/12.21.0 npm/? node/v20.20.2' });
    expect(code).toBe(0);
    expect(out).toContain('my-thing is in my-thing: 9 files.');
    expect(out).toMatch(/cd my-thing\n {2}pnpm install\n {2}pnpm test/);
    const files = readdirSync(join(cwd, 'my-thing'), { recursive: true, encoding: 'utf8' }).sort();
    expect(files).toEqual([
      ...['.gitignore', 'LICENSE', 'README.md', 'package.json', 'src', 'src/index.ts'],
      ...['src/processor.ts', 'test', 'test/processor.test.ts', 'tsconfig.json', 'tsup.config.ts'],
    ]);
    expect(JSON.parse(read('my-thing', 'package.json'))).toMatchObject({
      name: 'my-thing',
      description: 'Runs my-thing jobs.',
    });
    for (const file of files.filter((name) => name !== 'src' && name !== 'test'))
      expect(read('my-thing', file)).not.toMatch(/__[A-Z]+__/);
  });

  it('takes the type from the name, without scope and prefix, unless it is given', async () => {
    const typeOf = async (...args: string[]) => {
      const { read } = await run([...args, '--dir', 'x']);
      return /type: '(.*)'/.exec(read('x', 'src/processor.ts'))?.[1];
    };
    expect(await typeOf('leviathan-processor-resize')).toBe('resize');
    expect(await typeOf('@me/leviathan-plugin-resize')).toBe('resize');
    expect(await typeOf('@me/resize')).toBe('resize');
    expect(await typeOf('my-thing', '--type', 'images/resize')).toBe('images/resize');
  });

  it('writes any description so that each file stays valid', async () => {
    const description = `It's a "test" \\ with $& and __NAME__`;
    const { read } = await run(['my-thing', '--description', description]);
    expect(JSON.parse(read('my-thing', 'package.json')).description).toBe(description);
    const literal = /description: ('.*'),/.exec(read('my-thing', 'src/processor.ts'))?.[1];
    expect(literal).toBe(`'It\\'s a "test" \\\\ with $& and __NAME__'`);
    expect(read('my-thing', 'README.md')).toContain(description);
  });

  it('writes into no folder that is not empty, unless told to', async () => {
    const cwd = scratch();
    mkdirSync(join(cwd, 'my-thing'));
    writeFileSync(join(cwd, 'my-thing', 'mine.txt'), 'mine');
    const refused = await run(['my-thing'], { cwd });
    expect(refused).toMatchObject({ code: 2, out: '', err: expect.stringContaining('is not empty') });
    expect(readdirSync(join(cwd, 'my-thing'))).toEqual(['mine.txt']);
    expect(await run(['my-thing', '--force'], { cwd })).toMatchObject({ code: 0 });
    expect(readFileSync(join(cwd, 'my-thing', 'mine.txt'), 'utf8')).toBe('mine');
    expect(await run(['my-thing', '--dir', 'my-thing/mine.txt'], { cwd })).toMatchObject({ code: 2 });
  });

  it('takes a fresh repository, and the current folder', async () => {
    const cwd = scratch();
    mkdirSync(join(cwd, '.git'));
    const { code, out } = await run(['my-thing', '--dir', '.'], { cwd });
    expect(code).toBe(0);
    expect(out).not.toContain('cd ');
    expect(readdirSync(cwd)).toContain('package.json');
  });

  it.each([
    [[], /Name the package/],
    [['a', 'b'], /"b" is one too many/],
    [['My Thing'], /is no name for a package/],
    [['../up'], /is no name for a package/],
    [['node_modules'], /is no name for a package/],
    [['my-thing', '--type', 'a b'], /is no type of job/],
    [['my-thing', '--description', 'two\nlines'], /one line/],
    [['my-thing', '--typ', 'x'], /--typ/],
  ])('refuses %j', async (args, message) => {
    const { code, out, err, cwd } = await run(args);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toMatch(message);
    expect(readdirSync(cwd)).toEqual([]);
  });

  it('prints its help and its version', async () => {
    expect(await run(['--help'])).toMatchObject({ code: 0, out: expect.stringContaining('--description <text>') });
    expect(await run(['-V'])).toMatchObject({ code: 0, out: version });
  });
});
