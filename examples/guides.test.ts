import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { expect, it } from 'vitest';

const guides = join(import.meta.dirname, '../docs/guides');
const blocks = new Map<string, string>();
for (const page of readdirSync(guides).sort()) {
  const markdown = readFileSync(join(guides, page), 'utf8');
  for (const { index, 1: code = '' } of markdown.matchAll(/^```ts\n(.*?)^```$/gms)) {
    const line = markdown.slice(0, index).split('\n').length;
    // As if it stood in this folder, whose packages it imports.
    blocks.set(join(import.meta.dirname, `${page.replace('.md', '')}-line-${line}.ts`), code);
  }
}

it('every block of code in the guides is a module that compiles', () => {
  const { config } = ts.readConfigFile(join(import.meta.dirname, 'tsconfig.json'), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, import.meta.dirname);
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile, getSourceFile } = host;
  host.fileExists = (path) => blocks.has(path) || fileExists(path);
  host.readFile = (path) => blocks.get(path) ?? readFile(path);
  host.getSourceFile = (path, version, ...rest) => {
    const code = blocks.get(path);
    return code === undefined ? getSourceFile(path, version, ...rest) : ts.createSourceFile(path, code, version);
  };

  const program = ts.createProgram([...blocks.keys()], options, host);
  const faults = [...blocks.keys()].flatMap((path) => {
    const file = program.getSourceFile(path);
    return [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)];
  });

  expect(blocks.size).toBeGreaterThan(10);
  expect(
    faults.map(({ file, messageText }) => `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`),
  ).toEqual([]);
});
