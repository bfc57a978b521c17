/** What is made of several measurements of one thing. */

export interface Summary {
  median: number;
  min: number;
  max: number;
}

/** @throws when there is nothing to summarise */
export function summarise(values: number[]): Summary {
  const sorted = sort(values);
  const middle = sorted.length / 2;
  const median =
    sorted.length % 2 === 1 ? at(sorted, Math.floor(middle)) : (at(sorted, middle - 1) + at(sorted, middle)) / 2;
  return { median, min: at(sorted, 0), max: at(sorted, sorted.length - 1) };
}

/** The smallest value that at least `share` (0 to 1) of the values do not exceed: the nearest-rank percentile. */
export function percentile(values: number[], share: number): number {
  const sorted = sort(values);
  return at(sorted, Math.max(0, Math.ceil(share * sorted.length) - 1));
}

function sort(values: number[]): number[] {
  if (values.length === 0) throw new Error('There are no values.');
  if (values.some((value) => Number.isNaN(value))) throw new Error('A value is not a number.');
  return [...values].sort((a, b) => a - b);
}

function at(values: number[], index: number): number {
  const value = values[index];
  if (value === undefined) throw new RangeError(`There is no value ${index} of ${values.length}.`);
  return value;
}
