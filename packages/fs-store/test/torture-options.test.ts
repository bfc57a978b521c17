import { describe, expect, it } from 'vitest';
import { parseTorture, UsageError } from './torture-options';

const parse = (line: string) => parseTorture(line.split(' ').filter(Boolean), () => 42);

describe('npm run torture', () => {
  it('tortures by kills, with a fresh seed, when nothing else is said', () => {
    expect(parse('')).toMatchObject({ kind: 'kill', seed: 42, json: undefined });
    expect(parse('--rounds 7 --seed 3 --dir . --json f')).toEqual({
      ...{ kind: 'kill', count: 7, seed: 3, dir: '.', json: 'f', only: undefined },
    });
  });

  it('knows the other two, each with its own amount', () => {
    expect(parse('crash --states 9 --seed 1')).toMatchObject({ kind: 'crash', count: 9, seed: 1 });
    expect(parse('faults --cases 9')).toMatchObject({ kind: 'faults', count: 9 });
    expect(parse('faults --cases all')).toMatchObject({ kind: 'faults', count: 0 });
    expect(parse('crash').valueOf()).toMatchObject({ kind: 'crash' });
    expect(parse('--help')).toBe('help');
  });

  it.each([
    ['earthquake', 'no torture "earthquake"'],
    ['kill crash', 'One torture at a time'],
    ['--rounds 0', 'whole number of 1 or more, not "0"'],
    ['--rounds 1.5', 'whole number'],
    ['--seed x', 'whole number'],
    ['crash --rounds 3', '--rounds belongs to kill'],
    ['faults --dir /d', '--dir belongs to kill'],
    ['--dir /no/such/folder', '--dir: /no/such/folder is no folder'],
    ['--json /no/such/folder/f', '--json: /no/such/folder is no folder'],
    ['crash --only x', '--only belongs to faults'],
    ['--loud', "Unknown option '--loud'"],
  ])('does not understand %s, and says why', (line, message) => {
    expect(() => parse(line)).toThrow(UsageError);
    expect(() => parse(line)).toThrow(message);
  });
});
