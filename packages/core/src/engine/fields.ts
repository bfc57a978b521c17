/** Checks of an object that comes from outside, field by field. */
import type { Issue } from '../errors';

type Path = (string | number)[];

/** One object, the place where faults are noted, and which fields it may have. */
export class Fields<T extends object> {
  private readonly known = new Set<string>();

  private constructor(
    /** The object; its fields may be anything until they are checked. */
    readonly value: Partial<T>,
    private readonly at: Path,
    private readonly issues: Issue[],
  ) {}

  /** The fields of a value; `undefined`, and a fault, when it is no object. */
  static of<T extends object>(value: unknown, issues: Issue[], at: Path = []): Fields<T> | undefined {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return new Fields<T>(value, at, issues);
    issues.push({ path: at, message: 'must be an object' });
    return undefined;
  }

  /** Notes a fault of a field; `''`: of the object itself. */
  fail(field: string, message: string, ...below: Path): void {
    this.issues.push({ path: [...this.at, ...(field === '' ? [] : [field]), ...below], message });
  }

  required(...fields: (keyof T & string)[]): void {
    for (const field of fields) if (this.value[field] === undefined) this.fail(field, 'is missing');
  }

  /** A field that may hold anything. */
  any(field: keyof T & string): void {
    this.known.add(field);
  }

  text(field: keyof T & string): void {
    this.check(field, (value) => (typeof value === 'string' && value !== '' ? undefined : 'must be a text'));
  }

  flag(field: keyof T & string): void {
    this.check(field, (value) => (typeof value === 'boolean' ? undefined : 'must be true or false'));
  }

  integer(field: keyof T & string, min: number, max = Number.MAX_SAFE_INTEGER): void {
    this.check(field, (value) => {
      if (Number.isInteger(value) && (value as number) >= min && (value as number) <= max) return undefined;
      return `must be an integer ${max === Number.MAX_SAFE_INTEGER ? `of ${min} or more` : `from ${min} to ${max}`}`;
    });
  }

  number(field: keyof T & string, min: number): void {
    this.check(field, (value) =>
      Number.isFinite(value) && (value as number) >= min ? undefined : `must be a number of ${min} or more`,
    );
  }

  oneOf(field: keyof T & string, values: readonly unknown[]): void {
    this.check(field, (value) => (values.includes(value) ? undefined : `must be one of ${values.join(', ')}`));
  }

  /** A list of one or more texts. */
  texts(field: keyof T & string): void {
    this.check(field, (value) =>
      Array.isArray(value) && value.length > 0 && value.every((text) => typeof text === 'string' && text !== '')
        ? undefined
        : 'must be a list of texts',
    );
  }

  /** The fields of an object in this one; `undefined` when it is not there, or none. */
  object<Inner extends object>(field: keyof T & string): Fields<Inner> | undefined {
    this.known.add(field);
    const inner = this.value[field];
    return inner === undefined ? undefined : Fields.of(inner, this.issues, [...this.at, field]);
  }

  /** After all checks: any other field is a fault, since it is most likely a slip of the pen. */
  onlyKnown(): void {
    for (const field of Object.keys(this.value)) {
      if (!this.known.has(field)) this.fail(field, `is unknown; there are ${[...this.known].join(', ')}`);
    }
  }

  private check(field: keyof T & string, faultOf: (value: unknown) => string | undefined): void {
    this.known.add(field);
    const value: unknown = this.value[field];
    const fault = value === undefined ? undefined : faultOf(value);
    if (fault !== undefined) this.fail(field, fault);
  }
}

/** Whether this names a time zone that `Intl` knows. */
export function isTimeZone(name: unknown): name is string {
  try {
    return typeof name === 'string' && Boolean(new Intl.DateTimeFormat('en', { timeZone: name }));
  } catch {
    return false;
  }
}
