import { describe, expect, it } from 'vitest';
import { markedBlocks } from './marked-blocks.mjs';

/** @param {string[]} lines */
const blocks = (...lines) => markedBlocks(lines.join('\n'));

describe('marked blocks of a document', () => {
  it('are found in order, with their kind, line and code', () => {
    const found = blocks(
      '<!-- run: repository -->',
      '```sh',
      'npm start',
      '```',
      'Then:',
      '',
      '<!-- program: demo.mjs -->',
      '',
      '```ts',
      'a();',
      'b();',
      '```',
    );
    expect(found).toEqual([
      { kind: 'run: repository', line: 2, code: 'npm start\n' },
      { kind: 'program', name: 'demo.mjs', line: 9, code: 'a();\nb();\n' },
    ]);
  });

  it('leave out blocks without a mark', () => {
    expect(blocks('```sh', 'rm -rf x', '```')).toEqual([]);
  });

  it('leave out marks that are themselves shown in a code block', () => {
    expect(blocks('````md', '<!-- run -->', '```sh', 'x', '```', '````')).toEqual([]);
  });

  it.each([
    ['marks nothing', ['<!-- run -->', 'Some text.']],
    ['is the last line', ['<!-- run -->']],
    ['is misspelt', ['<!-- run: repo -->', '```sh', 'x', '```']],
    ['names a program in a folder', ['<!-- program: ../demo.mjs -->', '```ts', 'x', '```']],
    ['names a program that Node 20 cannot run', ['<!-- program: demo.ts -->', '```ts', 'x', '```']],
    ['stands before a block of another language', ['<!-- run -->', '```json', '{}', '```']],
    ['stands before a block without an end', ['<!-- run -->', '```sh', 'x']],
  ])('are refused when a mark %s: it would try nothing', (_, lines) => {
    expect(() => blocks('# Title', ...lines)).toThrow(/^line \d: /);
  });
});
