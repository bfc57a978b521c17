/**
 * Times for people.
 *
 * @module
 */

const UNITS: readonly (readonly [ms: number, unit: string])[] = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'm'],
  [1_000, 's'],
];

/** `850ms`, `42s`, `3m 5s`, `2h 10m`, `4d 3h`: the two largest units, rounded down. */
export function duration(ms: number): string {
  const value = Math.max(0, Math.floor(ms));
  const first = UNITS.findIndex(([size]) => value >= size);
  if (first === -1) return `${value}ms`;
  const [size, unit] = UNITS[first] as readonly [number, string];
  const head = `${Math.floor(value / size)}${unit}`;
  const next = UNITS[first + 1];
  const rest = next === undefined ? 0 : Math.floor((value % size) / next[0]);
  return next === undefined || rest === 0 ? head : `${head} ${rest}${next[1]}`;
}

/** `3m ago`, `in 5m`, `now`: one unit. A clock that runs a little ahead elsewhere does not put the past into the future. */
export function relative(iso: string, now: number): string {
  const distance = Date.parse(iso) - now;
  if (Number.isNaN(distance)) return iso;
  if (Math.abs(distance) < 1_000) return 'now';
  const short = duration(Math.abs(distance)).split(' ')[0] ?? '';
  return distance > 0 ? `in ${short}` : `${short} ago`;
}

/** The time of day here, `14:05:09`. */
export function timeOfDay(iso: string): string {
  const at = new Date(iso);
  return [at.getHours(), at.getMinutes(), at.getSeconds()].map((part) => String(part).padStart(2, '0')).join(':');
}
