/** The tables in README.md, made from the results that are kept beside it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { inPackage } from './paths';
import { reportOf } from './report';
import type { Results } from './result';

const BEGIN = '<!-- results -->';
const END = '<!-- end of results -->';

/** Writes the results of a run into README.md. */
export function refreshReadme(results: Results): void {
  const path = inPackage('README.md');
  writeFileSync(path, withResults(readFileSync(path, 'utf8'), results));
}

/** The document with these results between its marks. @throws when it has no marks */
export function withResults(document: string, results: Results): string {
  const begin = document.indexOf(BEGIN);
  const end = document.indexOf(END, begin);
  if (begin < 0 || end < 0) throw new Error(`The document has no marks ${BEGIN} and ${END}.`);
  return `${document.slice(0, begin + BEGIN.length)}\n\n${reportOf(results)}\n\n${document.slice(end)}`;
}
