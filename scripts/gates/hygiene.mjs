/** The hygiene gate: what no file of the repository may contain, and how long a source file may be. */
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { repositoryFiles } from '../lib/files.mjs';
import { root } from '../lib/repository.mjs';

const source = /\.(?:[cm]?[jt]sx?|css|sh)$/;
const maxLines = 500;
const manyLines = 300;

/** Written so that none of them matches its own text. */
const unwanted = [
  { pattern: /\b(?:TO[D]O|FIX[M]E|X{3})\b/, why: 'unfinished work: do it, or open an issue' },
  {
    pattern: /registry\.(?:npmjs|yarnpkg)|npm(?:mirror|pkg)\.(?:com|github)|\bdeb\.debian\b/,
    why: 'the host of a package registry',
  },
  { pattern: /(?<![\w.~-])\/(?:home|root|Users)\/[\w.-]+\//, why: 'a path of one machine' },
  { pattern: /\b[A-Z]:\\{1,2}Users\\{1,2}\w/, why: 'a path of one machine' },
];

/**
 * @typedef {{ path: string, text: string }} File
 *
 * @param {File[]} files
 * @param {string[]} machinePaths Paths of this machine that no file may name.
 * @returns {{ faults: string[], warnings: string[] }}
 */
export function inspect(files, machinePaths) {
  const faults = [];
  const warnings = [];
  for (const { path, text } of files) {
    const lines = text.split('\n');
    lines.forEach((line, index) => {
      for (const { pattern, why } of unwanted) {
        const match = pattern.exec(line);
        if (match !== null) faults.push(`${path}:${index + 1}: "${match[0]}" is ${why}`);
      }
      const named = machinePaths.find((machinePath) => line.includes(machinePath));
      if (named !== undefined) faults.push(`${path}:${index + 1}: "${named}" is a path of one machine`);
    });
    const length = text.endsWith('\n') ? lines.length - 1 : lines.length;
    if (source.test(path) && length > maxLines)
      faults.push(`${path}: ${length} lines; split it, ${maxLines} is the most`);
    else if (source.test(path) && length > manyLines) warnings.push(`${path}: ${length} lines: has it two ideas?`);
  }
  return { faults, warnings };
}

/** This checkout, and the home of whoever runs this; a root folder such as `/` or `/root` says nothing about a machine. */
function pathsOfThisMachine() {
  return [root, homedir()].filter((path) => path.split(/[\\/]/).filter(Boolean).length > 1);
}

async function main() {
  const paths = await repositoryFiles();
  const files = paths
    .map((path) => ({ path, bytes: readFileSync(join(root, path)) }))
    // A NUL marks what is not text.
    .filter(({ bytes }) => !bytes.includes(0))
    .map(({ path, bytes }) => ({ path, text: bytes.toString('utf8') }));
  const { faults, warnings } = inspect(files, pathsOfThisMachine());
  for (const warning of warnings) console.log(`warning: ${warning}`);
  for (const fault of faults) console.log(fault);
  if (files.length === 0) console.log('no file was found to look at');
  process.exitCode = faults.length > 0 || files.length === 0 ? 1 : 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
