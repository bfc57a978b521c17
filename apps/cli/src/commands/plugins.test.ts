import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { TestCli } from '../testing/cli';
import { writeConfig } from '../testing/plugins';
import { writeProcessors } from '../testing/processors';

function withConfig(more?: Parameters<typeof writeConfig>[1]) {
  const cli = new TestCli();
  return { cli, file: writeConfig(cli.root, more) };
}

describe('leviathan plugins', () => {
  it('lists what each contributes', async () => {
    const { cli, file } = withConfig();
    const { code, lines, err } = await cli.run(['plugins']);
    expect(code).toBe(0);
    expect(lines.map((line) => line.split(/ {2,}/))).toEqual([
      ['PLUGIN', 'VERSION', 'JOB TYPES', 'ALSO', 'FROM'],
      ['greetings', '1.2.3', 'greet', 'hooks, middleware', './greetings.mjs'],
    ]);
    expect(err).toBe(`${file}: 1 plugin.\n`);
  });

  it('gives their manifests with --json', async () => {
    const { cli, file } = withConfig();
    expect((await cli.run(['plugins', '--json'])).json()).toEqual({
      config: file,
      plugins: [
        {
          source: './greetings.mjs',
          name: 'greetings',
          version: '1.2.3',
          description: 'Greets.',
          processors: [{ type: 'greet', description: 'A greeting.', input: { type: 'object' } }],
          services: [],
          templates: [],
          hooks: ['completed'],
          middleware: ['enqueue', 'run'],
        },
      ],
      failed: [],
    });
  });

  it('tells of those that do not load, and exits with 1', async () => {
    const { cli } = withConfig({ plugins: ['./missing.mjs', './greetings.mjs'] });
    const told = await cli.run(['plugins']);
    expect(told.code).toBe(1);
    expect(told.lines).toHaveLength(2);
    expect(told.err).toMatch(/^warning: The plugin \.\/missing\.mjs was skipped: it cannot be loaded: .*\n/);
    expect(told.err).toMatch(/warning: The plugin \.\/greetings\.mjs was skipped: .*another plugin named "greetings"/);
    expect(told.err).toMatch(/: 1 plugin, 2 skipped\.\n$/);
    const asJson = (await cli.run(['plugins', '--json'])).json();
    expect(asJson).toMatchObject({ failed: [{ source: './missing.mjs' }, { source: './greetings.mjs' }] });
  });

  it('has nothing to tell without a configuration', async () => {
    const cli = new TestCli();
    expect(await cli.run(['plugins'])).toMatchObject({
      code: 0,
      out: '',
      err: 'There is no configuration here: 0 plugins.\n',
    });
  });
});

describe('the configuration', () => {
  it('gives add and work the processors and the middleware of its plugins', async () => {
    const { cli } = withConfig();
    expect((await cli.run(['add', 'greet', 'name=you', '--id', 'one'])).code).toBe(0);
    expect((await cli.store.get(['one']))[0]).toMatchObject({ tags: ['by-plugin'] });
    expect((await cli.run(['work', '--drain'])).code).toBe(0);
    expect((await cli.store.get(['one']))[0]).toMatchObject({ status: 'completed', result: 'Hello you!' });
  });

  it('gives add --wait the same', async () => {
    const { cli } = withConfig();
    const waited = await cli.run(['add', 'greet', 'name=me', '--wait', '--json']);
    expect(waited.json()).toMatchObject({ status: 'completed', result: 'Hello me!', tags: ['by-plugin'] });
  });

  it('lets import know the types, and take jobs as they were exported', async () => {
    const { cli } = withConfig();
    const imported = await cli.run(['import', '-'], { input: '{"type":"greet","data":{"name":"all"},"id":"two"}\n' });
    expect(imported.code).toBe(0);
    expect((await cli.store.get(['two']))[0]?.tags).toBeUndefined();
  });

  it('is found from a folder below', async () => {
    const { cli } = withConfig();
    const cwd = join(cli.root, 'a', 'b');
    mkdirSync(cwd, { recursive: true });
    expect((await cli.run(['plugins'], { cwd })).lines).toHaveLength(2);
  });

  it('leaves other work alone when a plugin does not load', async () => {
    const { cli } = withConfig({ plugins: ['./missing.mjs'] });
    await cli.store.add([{ type: 'greet', data: { name: 'you' }, id: 'one' }]);
    const { code, err } = await cli.run(['work', '--drain']);
    expect(code).toBe(0);
    expect(err.match(/missing\.mjs was skipped/g)).toHaveLength(1);
    expect((await cli.store.get(['one']))[0]).toMatchObject({ status: 'completed' });
  });

  it('is what doctor looks at, too', async () => {
    const { cli } = withConfig({ plugins: ['./missing.mjs'] });
    const { code, err } = await cli.run(['doctor']);
    expect(code).toBe(0);
    expect(err).toMatch(/^warning: The plugin \.\/missing\.mjs was skipped/);
  });

  it('is overruled by flags', async () => {
    const { cli } = withConfig({ worker: { concurrency: 1 } });
    const hangs = writeProcessors(cli.root);
    await cli.store.add(['one', 'two'].map((id) => ({ type: 'hang', data: {}, id })));
    for (const [flags, active] of [
      [[], 1],
      [['--concurrency', '2'], 2],
    ] as const) {
      const run = cli.start(['work', '--grace', '10ms', '--processors', hangs, '--types', 'hang', ...flags]);
      await run.says('started');
      expect((await cli.store.counts()).active).toBe(active);
      run.signals.receive('SIGTERM');
      await run.done;
    }
    const own = `export default { type: 'greet', input: { '~standard': { version: 1, vendor: 't', validate: (value) => ({ value }) } }, run: () => 'mine' };`;
    writeFileSync(join(cli.root, 'own.mjs'), own);
    const waited = await cli.run(['add', 'greet', '--wait', '--json', '--processors', join(cli.root, 'own.mjs')]);
    expect(waited.json()).toMatchObject({ result: 'mine!' });
  });

  it('can be left out, or another one taken', async () => {
    const { cli, file } = withConfig();
    expect(await cli.run(['add', 'greet', 'name=you', '--no-config'])).toMatchObject({ code: 2 });
    renameSync(file, join(cli.root, 'other.json'));
    expect((await cli.run(['plugins'])).lines).toHaveLength(0);
    expect((await cli.run(['plugins', '--config', 'other.json'])).lines).toHaveLength(2);
  });

  it('is refused with the path of each fault, and exit code 2', async () => {
    const { cli, file } = withConfig({ worker: { concurrency: 0 }, rot: 'x' });
    const { code, err } = await cli.run(['list', '--json', '--config', file]);
    expect(code).toBe(2);
    expect(JSON.parse(err)).toEqual({
      error: {
        code: 'CONFIG',
        message: expect.stringMatching(/is not valid: .*worker\.concurrency: .*rot: there is no such option/),
        hint: expect.stringContaining('--no-config'),
      },
    });
    expect((await cli.run(['list', '--config', 'missing.json'])).code).toBe(2);
  });
});
