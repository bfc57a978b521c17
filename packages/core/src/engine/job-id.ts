/** Ids of jobs whose producer gave none. */
import { v7 as uuidv7 } from 'uuid';
import { isoOf } from './time';

/** Random bytes for so many ids are fetched at once: a call for each would cost more than the rest of the id. */
const POOLED_IDS = 256;
const pool = new Uint8Array(POOLED_IDS * 16);
let pooled = 0;

const codesOf = (text: string): number[] => Array.from(text, (character) => character.charCodeAt(0));
const HEX = codesOf('0123456789abcdef');
const BYTES = new Uint8Array(16);
/** The newest id, character by character: the next one is written over it. */
const codes = codesOf('job_0000-00-00_00000000-0000-7000-8000-000000000000');
const DATE = 'job_'.length;
/** Where the two digits of each byte stand. */
const PLACES = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34].map(
  (place) => 'job_0000-00-00_'.length + place,
);
/** The time that its date is of. */
let dated = Number.NaN;

/** A new id: sorts by time, and its date can be read. */
export function newJobId(now: number): string {
  if (pooled === 0) {
    globalThis.crypto.getRandomValues(pool);
    pooled = POOLED_IDS;
  }
  const random = pool.subarray(--pooled * 16, (pooled + 1) * 16);
  uuidv7({ msecs: now, random }, BYTES, 0);
  if (now !== dated) {
    dated = now;
    codesOf(isoOf(now).slice(0, 10)).forEach((code, i) => {
      codes[DATE + i] = code;
    });
  }
  // Made in one piece: the many pieces of a text that is put together would cost more than all the rest of an `add`.
  for (let i = 0; i < 16; i++) {
    const byte = BYTES[i] as number;
    const place = PLACES[i] as number;
    codes[place] = HEX[byte >> 4] as number;
    codes[place + 1] = HEX[byte & 15] as number;
  }
  return String.fromCharCode.apply(null, codes);
}
