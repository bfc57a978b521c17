import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { TestCli } from '../testing/cli';

const FETCH = {
  description: 'Fetches a file',
  parameters: {
    url: { type: 'string', description: 'where it is' },
    tries: { type: 'integer', default: 3, maximum: 9 },
    parts: { type: 'array', items: { type: 'string' }, required: false },
  },
  presets: { patient: { tries: 9 } },
  job: { type: 'download', data: { url: '{{url}}' }, options: { attempts: '{{tries}}', priority: 7 } },
};

async function withTemplate(): Promise<TestCli> {
  const cli = new TestCli();
  writeFileSync(join(cli.root, 'fetch.json'), JSON.stringify(FETCH));
  await cli.run(['template', 'set', 'fetch.json']);
  return cli;
}

describe('leviathan template', () => {
  it('keeps a file under its name, or another one, and says whether it was new', async () => {
    const cli = new TestCli();
    writeFileSync(join(cli.root, 'fetch.json'), JSON.stringify(FETCH));
    expect(await cli.run(['template', 'set', 'fetch.json'])).toMatchObject({
      code: 0,
      err: 'Added the template fetch.\n',
    });
    expect((await cli.run(['template', 'set', 'fetch.json'])).err).toBe('Replaced the template fetch.\n');
    const input = JSON.stringify({ job: { type: 'x' } });
    expect((await cli.run(['template', 'set', '-', '--name', 'other', '--json'], { input })).json()).toEqual({
      name: 'other',
      added: true,
    });
    expect((await cli.store.definitions('template')).map(({ name }) => name)).toEqual(['fetch', 'other']);
  });

  it.each([
    [['template', 'set', '-'], '{}', 2, /needs a --name/],
    [['template', 'set', '-', '--name', 'x'], '[]', 2, /no template/],
    [
      ['template', 'set', '-', '--name', 'x'],
      '{"job":{"type":"x","data":"{{a}}"}}',
      2,
      /value\.job\.data: there is no parameter a/,
    ],
    [['template', 'set', 'nowhere.json'], '', 2, /nowhere\.json/],
    [['template', 'show', 'none'], '', 3, /no template "none"/],
    [['template', 'remove', 'none'], '', 3, /no template "none"/],
    [['template', 'run', 'none'], '', 3, /no template "none"/],
  ])('%j says what is wrong', async (args, input, code, message) => {
    const ran = await new TestCli().run(args, { input });
    expect(ran.err).toMatch(message);
    expect(ran.code).toBe(code);
  });

  it('lists and shows them', async () => {
    const cli = await withTemplate();
    expect((await cli.run(['template', 'list'])).lines).toEqual([
      'NAME   TYPE      PARAMETERS          PRESETS  DESCRIPTION',
      'fetch  download  url*, tries, parts  patient  Fetches a file',
    ]);
    const { lines } = await cli.run(['template', 'show', 'fetch']);
    expect(lines.slice(0, 9)).toEqual([
      'fetch',
      'Fetches a file',
      '',
      'PARAMETER  TYPE     DEFAULT   DESCRIPTION',
      'url        string   required  where it is',
      'tries      integer  3',
      'parts      array',
      '',
      'Presets',
    ]);
    expect((await cli.run(['template', 'show', 'fetch', '--json'])).json()).toEqual(FETCH);
    expect((await cli.run(['template', 'list', '--json'])).json()).toMatchObject([{ name: 'fetch', value: FETCH }]);
  });

  it('runs them, with what is given over the preset and the default', async () => {
    const cli = await withTemplate();
    const { code, lines } = await cli.run([
      ...['template', 'run', 'fetch', '--param', 'url=https://example.org/a=b', '--preset', 'patient'],
      ...['--param', 'parts:=["x"]', '--tag', 'night', '--priority', '2'],
    ]);
    expect(code).toBe(0);
    expect((await cli.store.get(lines))[0]).toMatchObject({
      type: 'download',
      data: { url: 'https://example.org/a=b', to: join(cli.root, 'downloads') },
      maxAttempts: 9,
      priority: 2,
      tags: ['template:fetch', 'night'],
    });
  });

  it('shows the job first, if asked', async () => {
    const cli = await withTemplate();
    const ran = await cli.run([
      'template',
      'run',
      'fetch',
      '--param',
      'url=https://example.org',
      '--param',
      'tries=5',
      '-n',
    ]);
    expect(ran.json()).toMatchObject({ type: 'download', options: { attempts: 5 } });
    expect((await cli.store.counts()).pending).toBe(0);
  });

  it.each([
    [[], /params\.url: is missing/],
    [['--param', 'url'], /not name=value/],
    [['--param', 'url=a', '--param', 'url=b'], /given twice/],
    [['--param', 'url=https://example.org', '--param', 'tries=many'], /params\.tries/],
    [['--param', 'url=https://example.org', '--preset', 'eager'], /preset: must be one of patient/],
    [['--param', 'url='], /data\.url/],
  ])('refuses %j', async (args, message) => {
    const cli = await withTemplate();
    const { code, err } = await cli.run(['template', 'run', 'fetch', ...args]);
    expect(err).toMatch(message);
    expect(code).toBe(2);
    expect((await cli.store.counts()).pending).toBe(0);
  });

  it('refuses types that nobody here runs, unless told otherwise', async () => {
    const cli = new TestCli();
    await cli.store.define([{ kind: 'template', name: 'x', value: { job: { type: 'foreign' } } }]);
    expect((await cli.run(['template', 'run', 'x'])).code).toBe(2);
    expect((await cli.run(['template', 'run', 'x', '--any-type', '--json'])).json()).toMatchObject({ added: true });
  });

  it('removes them', async () => {
    const cli = await withTemplate();
    expect(await cli.run(['template', 'rm', 'fetch'])).toMatchObject({ code: 0, err: 'Removed fetch.\n' });
    expect((await cli.run(['template', 'list'])).err).toBe('No templates.\n');
  });
});

describe('leviathan template with a flow', () => {
  const MIRROR = {
    parameters: { host: { type: 'string' } },
    flow: {
      first: { type: 'download', data: { url: 'https://{{host}}/a' } },
      second: { type: 'download', data: { url: 'https://{{host}}/b' }, dependsOn: ['first'] },
    },
  };

  async function withFlow(): Promise<TestCli> {
    const cli = new TestCli();
    await cli.run(['template', 'set', '-', '--name', 'mirror'], { input: JSON.stringify(MIRROR) });
    return cli;
  }
  const RUN = ['template', 'run', 'mirror', '--param', 'host=example.org'];

  it('adds its jobs and prints their ids, those without dependencies first', async () => {
    const cli = await withFlow();
    const { code, lines } = await cli.run([...RUN, '--priority', '2']);
    expect(code).toBe(0);
    expect(await cli.store.get(lines)).toMatchObject([
      { data: { url: 'https://example.org/a', to: expect.stringMatching(/downloads$/) }, priority: 2 },
      { dependsOn: [lines[0]], tags: ['template:mirror'], priority: 2 },
    ]);
    const { json } = await cli.run([...RUN, '--json']);
    expect(json()).toMatchObject({ first: { added: true }, second: { added: true } });
  });

  it('shows them, and what would be added', async () => {
    const cli = await withFlow();
    expect((await cli.run(['template', 'list'])).lines[1]).toBe('mirror  download, download  host*');
    expect((await cli.run(['template', 'show', 'mirror'])).lines).toContain('Flow');
    expect((await cli.run([...RUN, '--dry-run'])).json()).toMatchObject({
      second: { data: { url: 'https://example.org/b' }, dependsOn: ['first'] },
    });
    expect((await cli.store.counts()).pending).toBe(0);
  });

  it('refuses what is of one job, and types that nobody runs', async () => {
    const cli = await withFlow();
    expect(await cli.run([...RUN, '--id', 'x'])).toMatchObject({ code: 2, err: expect.stringContaining('several') });
    const other = JSON.stringify({ flow: { a: { type: 'download', data: {} }, b: { type: 'other' } } });
    await cli.run(['template', 'set', '-', '--name', 'other'], { input: other });
    expect(await cli.run(['template', 'run', 'other'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('other'),
    });
    expect((await cli.store.counts()).pending).toBe(0);
  });
});
