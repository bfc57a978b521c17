import { describe, expect, it } from 'vitest';
import { inspect } from './hygiene.mjs';

/** @param {string} text */
const faultsIn = (text, path = 'packages/core/src/job.ts') => inspect([{ path, text }], ['/srv/build/checkout']).faults;
/** @param {number} count */
const lines = (count) => 'x\n'.repeat(count);

// Put together here, so that this file passes the gate that it tests.
const registry = ['registry', 'npmjs', 'org'].join('.');
const someHome = ['', 'home', 'ada', 'src'].join('/');

describe('the hygiene gate', () => {
  it.each([
    ['unfinished work', ['// TO', 'DO: later'].join('')],
    ['unfinished work', ['/* FIX', 'ME */'].join('')],
    ["a registry's host", `resolved: https://${registry}/x.tgz`],
    ["a developer's home", `see ${someHome}/notes`],
    ["a developer's home on Windows", ['C:', 'Users', 'ada'].join('\\')],
    ['the checkout itself', 'cp /srv/build/checkout/a b'],
  ])('finds %s', (_, text) => {
    expect(faultsIn(`ok\n${text}\n`)).toHaveLength(1);
    expect(faultsIn(`ok\n${text}\n`)[0]).toMatch(/^packages\/core\/src\/job\.ts:2: /);
  });

  it('lets ordinary text pass', () => {
    expect(faultsIn('~/.leviathan/jobs and $HOME/jobs, https://example.org/home/index/ and todo lists\n')).toEqual([]);
  });

  it('refuses a source file of more than 500 lines and warns above 300', () => {
    expect(faultsIn(lines(500))).toEqual([]);
    expect(faultsIn(lines(501))).toHaveLength(1);
    expect(inspect([{ path: 'a.ts', text: lines(301) }], []).warnings).toHaveLength(1);
    expect(inspect([{ path: 'a.ts', text: lines(300) }], []).warnings).toEqual([]);
  });

  it('lets a document or a lockfile be long', () => {
    expect(inspect([{ path: 'pnpm-lock.yaml', text: lines(5000) }], [])).toEqual({ faults: [], warnings: [] });
  });
});
