/** The results of a run: what `--json` writes. */
import type { Durability } from './engines/engine';
import type { Machine } from './machine';
import type { Series } from './metrics/metric';
import { summarise } from './stats';

/** One engine in one series. All three numbers are null when it failed: `machine.failures` says why. */
export interface Row {
  engine: string;
  durability: Durability;
  metric: string;
  unit: Series['unit'];
  median: number | null;
  min: number | null;
  max: number | null;
}

/** Leviathan against the best peer: `ratio` is `ours / best`, whichever way is the better one. */
export interface Ratio {
  metric: string;
  durability: Durability;
  ours: number;
  best: number;
  peer: string;
  ratio: number;
}

export interface Results {
  machine: Machine;
  rows: Row[];
  ratios: Ratio[];
}

export const OURS = 'leviathan';
/** Shown, but no queue: not compared with. */
const FLOOR = 'bare-files';

/** The row of one engine, from what its rounds gave; none: it failed. */
export function rowOf(engine: string, durability: Durability, { metric, unit }: Series, values: number[]): Row {
  const key = { engine, durability, metric, unit };
  if (values.length === 0) return { ...key, median: null, min: null, max: null };
  const { median, min, max } = summarise(values);
  return { ...key, median: round(median), min: round(min), max: round(max) };
}

/** Compares Leviathan with the best peer of each metric and class of durability. */
export function ratiosOf(rows: Row[], series: Series[]): Ratio[] {
  const ratios: Ratio[] = [];
  for (const row of rows.filter(({ engine, median }) => engine === OURS && median !== null)) {
    const better = series.find(({ metric }) => metric === row.metric)?.better;
    const peers = rows
      .filter(({ engine, median }) => engine !== OURS && engine !== FLOOR && median !== null)
      .filter(({ metric, durability }) => metric === row.metric && durability === row.durability)
      .map(({ engine, median }) => ({ engine, median: median as number }))
      .sort((a, b) => (better === 'higher' ? b.median - a.median : a.median - b.median));
    const [best] = peers;
    if (best === undefined) continue;
    const ours = row.median as number;
    const { metric, durability } = row;
    ratios.push({ metric, durability, ours, best: best.median, peer: best.engine, ratio: round(ours / best.median) });
  }
  return ratios;
}

/** Four significant digits: more would be noise. */
function round(value: number): number {
  return Number(value.toPrecision(4));
}
