/**
 * Which states to build of a point: all of them where they are few, drawn from a seed where they are many.
 *
 * @module
 */
import { BLOCK, type Fate, type FileFate, type LooseFile, type PowerPoint } from './timeline';

/** A seeded source of numbers. */
export interface Random {
  below(limit: number): number;
}

/** Torn ends that are tried when all fates of a file are listed: at its edges and in its middle; any byte when they are drawn. */
function tears(from: number, size: number): number[] {
  return [...new Set([from + 1, Math.floor((from + size) / 2), size - 1])].filter((at) => at > from && at < size);
}

/** Every fate of a file, with tears at {@link tears} and one block missing at a time. */
export function fatesOfFile({ versions, from }: LooseFile): FileFate[] {
  const fates: FileFate[] = versions.map((_, version) => ({ version }));
  const version = versions.length - 1;
  const newest = versions[version];
  if (!newest || newest.hollow || newest.size <= from) return fates;
  const { size } = newest;
  for (const at of tears(from, size)) fates.push({ version, damage: { kind: 'cut', from: at } });
  for (let at = from; at < size; at = (Math.floor(at / BLOCK) + 1) * BLOCK) {
    fates.push({ version, damage: { kind: 'zeros', from: at } });
  }
  const blocks = blocksOf(from, size);
  // One block alone missing is all of it, which is the same as zeros from its start.
  for (let n = 0; blocks > 1 && n < blocks; n++) {
    fates.push({ version, damage: { kind: 'blocks', missing: 1 << n } });
  }
  fates.push({ version, damage: { kind: 'noise', from } });
  return fates;
}

function blocksOf(from: number, size: number): number {
  return Math.min(30, Math.ceil(size / BLOCK) - Math.floor(from / BLOCK));
}

/** How many fates a point has, as {@link allFates} lists them. */
export function countFates({ looseNames, looseFiles }: PowerPoint): number {
  return looseFiles.reduce((count, file) => count * fatesOfFile(file).length, 2 ** looseNames.length);
}

/** All of them: every subset of the names, with every fate of every file. */
export function* allFates({ looseNames, looseFiles }: PowerPoint): Generator<Fate> {
  const choices = looseFiles.map(fatesOfFile);
  for (let names = 0; names < 2 ** looseNames.length; names++) {
    const kept = looseNames.map((_, n) => (names & (1 << n)) !== 0);
    for (const files of product(choices)) yield { names: kept, files };
  }
}

function* product<T>([first, ...rest]: T[][]): Generator<T[]> {
  if (!first) {
    yield [];
    return;
  }
  for (const one of first) for (const others of product(rest)) yield [one, ...others];
}

/** One of them, as likely as it is telling: everything at random, or one file alone. */
export function drawFate({ looseNames, looseFiles }: PowerPoint, random: Random): Fate {
  const names = drawNames(looseNames, random);
  const isNewest = random.below(3);
  const single = random.below(looseFiles.length);
  return {
    names,
    files: looseFiles.map((file, n) => {
      if (isNewest === 2 || n === single) return drawFile(file, random);
      return { version: isNewest === 1 ? file.versions.length - 1 : 0 };
    }),
  };
}

function drawNames(looseNames: PowerPoint['looseNames'], random: Random): boolean[] {
  switch (random.below(6)) {
    case 0: {
      // As a file system with one journal for everything keeps them.
      const kept = random.below(looseNames.length + 1);
      return looseNames.map((_, n) => n < kept);
    }
    case 1: {
      // Each folder by itself, in order.
      const last = new Map<number, number>();
      for (const { op } of looseNames) last.set(op.dir, (last.get(op.dir) ?? 0) + 1);
      for (const [dir, count] of last) last.set(dir, random.below(count + 1));
      return looseNames.map(({ op }) => {
        const left = last.get(op.dir) as number;
        last.set(op.dir, left - 1);
        return left > 0;
      });
    }
    case 2:
      return looseNames.map(() => true);
    case 3: {
      const lost = random.below(looseNames.length);
      return looseNames.map((_, n) => n !== lost);
    }
    default: {
      const share = 1 + random.below(9);
      return looseNames.map(() => random.below(10) < share);
    }
  }
}

function drawFile({ versions, from }: LooseFile, random: Random): FileFate {
  const newest = versions.length - 1;
  const kind = random.below(20);
  if (kind < 7) return { version: newest };
  if (kind < 10) return { version: 0 };
  const version = kind < 13 ? random.below(versions.length) : newest;
  const size = versions[version]?.size ?? 0;
  if (kind < 13 || size <= from || versions[version]?.hollow) return { version };
  const at = from + random.below(size - from);
  if (kind < 15) return { version, damage: { kind: 'cut', from: at } };
  if (kind < 17) {
    const start = random.below(2) === 0 ? from : Math.max(from, Math.floor(at / BLOCK) * BLOCK);
    return { version, damage: { kind: 'zeros', from: start } };
  }
  if (kind < 19) {
    const blocks = blocksOf(from, size);
    const missing = 1 + random.below(2 ** blocks - 1);
    const of = random.below(2) === 0 ? 0 : random.below(version);
    return { version, damage: { kind: 'blocks', missing, ...(of > 0 && { of }) } };
  }
  return { version, damage: { kind: 'noise', from: at } };
}

/** A fate in one word, as `n1011,f2,f3c120`: which names are there, and of each file the version, and its damage. */
export function fateText({ names, files }: Fate): string {
  const kept = names.map((is) => (is ? '1' : '0')).join('');
  const parts = files.map(({ version, damage }) => {
    if (!damage) return `f${version}`;
    if (damage.kind === 'blocks') return `f${version}b${damage.missing}${damage.of ? `@${damage.of}` : ''}`;
    return `f${version}${damage.kind[0]}${damage.from}`;
  });
  return [`n${kept}`, ...parts].join(',');
}

const KINDS = { c: 'cut', z: 'zeros', n: 'noise' } as const;

/** The other way round. @throws what is no fate */
export function parseFate(text: string): Fate {
  const [names = '', ...files] = text.split(',');
  return {
    names: [...names.slice(1)].map((is) => is === '1'),
    files: files.map((part): FileFate => {
      const match = /^f(\d+)(?:([cznb])(\d+)(?:@(\d+))?)?$/.exec(part);
      if (!match) throw new Error(`${part} is no fate of a file.`);
      const [version, from] = [Number(match[1]), Number(match[3])];
      if (!match[2]) return { version };
      if (match[2] === 'b') {
        return { version, damage: { kind: 'blocks', missing: from, ...(match[4] && { of: Number(match[4]) }) } };
      }
      return { version, damage: { kind: KINDS[match[2] as keyof typeof KINDS], from } };
    }),
  };
}
