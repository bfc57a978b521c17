import type { Json } from '../../job';

/** An object with an own key `__proto__`, which a careless copy turns into a prototype. */
const own = JSON.parse('{"__proto__":{"polluted":true},"constructor":1,"toString":null,"hasOwnProperty":"x"}') as Json;

/** JSON that stores have been known to lose or to change. */
export const HARD_VALUES: [what: string, value: Json][] = [
  ['null', null],
  ['false', false],
  ['zero', 0],
  ['the largest safe integer', Number.MAX_SAFE_INTEGER],
  ['the largest and the smallest double', [Number.MAX_VALUE, Number.MIN_VALUE, -1.5e-7]],
  ['an empty string', ''],
  ['an empty list and an empty object', [[], {}, [[]], [{}]]],
  ['text that is no Latin', 'naïve 東京 🐋 👩‍👩‍👧 \u202eright to left'],
  ['text that JSON or lines stumble over', '"quoted" \\ back\\slash \n\r\n\t\u2028\u2029\b</script>'],
  ['NUL and other control characters', '\u0000a\u0000\u0001\u001f\u007f'],
  ['lone surrogates', ['\ud83d', '\udc0b tail', 'head \ud83d']],
  ['keys named like those of a prototype', own],
  ['keys that are empty, odd or numbers', { '': 1, ' ': 2, '10': 'ten', '2': 'two', 'a.b': 3, $set: 4, '\u0000': 5 }],
  ['deep nesting', nested(200)],
  ['text that looks like a date or a number', ['2025-01-30T12:00:00.000Z', '1e3', 'NaN', 'null', 'true']],
];

function nested(depth: number): Json {
  let value: Json = 'bottom';
  for (let level = 0; level < depth; level++) value = level % 2 === 0 ? [value] : { value };
  return value;
}

/** A string of a million characters, most of one byte. */
export const MEGABYTE = `${'0123456789abcdef'.repeat(65_536)}é`;
