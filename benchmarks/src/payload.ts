/** The data of one job: about 100 bytes as JSON. */
export interface Payload {
  n: number;
  to: string;
  subject: string;
  [key: string]: string | number;
}

/** Every engine is given these. */
export function payload(n: number): Payload {
  return { n, to: 'reader@example.org', subject: 'A newsletter that is long enough to make it 100' };
}

/** A job of about one kilobyte, whose text no other job has. */
export function largePayload(n: number): Payload {
  return { ...payload(n), body: `${n} lorem ipsum dolor sit amet `.repeat(40).slice(0, 900) };
}

/** `count` payloads from number `first` on. */
export function payloads(count: number, first = 0): Payload[] {
  return Array.from({ length: count }, (_, i) => payload(first + i));
}
