/**
 * What a handler throws, on its way to another thread or process: structured cloning keeps neither the name nor the code of an error.
 *
 * @module
 */

/** Anything thrown, as it travels. */
export type WireError = {
  /** What the program knows it by that threw it first: it may come back. */
  ref?: number;
} & (
  | { thrown: unknown }
  | {
      name: string;
      message: string;
      stack?: string;
      cause?: WireError;
      fields: Record<string, string | number | boolean>;
    }
);

/** Causes of causes beyond this are left out, and with them cycles. */
const MAX_CAUSES = 5;

/** The errors that came from the other side with a number. */
const refs = new WeakMap<object, number>();

/**
 * The error's name, message, stack, causes, and those of its own fields that are plain: its `code`, a `status`, the `at` of a retry. With
 * its number, if it came from the other side.
 */
export function toWire(thrown: unknown, ref = refOf(thrown), depth = 0): WireError {
  const known = ref === undefined ? {} : { ref };
  try {
    if (!(thrown instanceof Error)) return { ...known, thrown: cloneable(thrown) };
    const { name, message, stack, cause } = thrown;
    const fields = Object.fromEntries(
      Object.entries(thrown).filter(([, value]) => ['string', 'number', 'boolean'].includes(typeof value)),
    );
    return {
      ...known,
      name: String(name),
      message: String(message),
      fields,
      ...(typeof stack === 'string' && { stack }),
      ...(cause !== undefined && depth < MAX_CAUSES && { cause: toWire(cause, undefined, depth + 1) }),
    };
  } catch {
    return { ...known, thrown: 'The handler threw something that cannot be read.' };
  }
}

/** The same again: an `Error` with that name and those fields, whatever its class was; or the value that was none. */
export function fromWire(wire: WireError): unknown {
  if ('thrown' in wire) return wire.thrown;
  const { ref, name, message, stack, cause, fields } = wire;
  const error = new Error(message, cause && { cause: fromWire(cause) });
  const hidden = { configurable: true, writable: true, enumerable: false };
  Object.defineProperty(error, 'name', { value: name, ...hidden });
  Object.defineProperty(error, 'stack', { value: stack, ...hidden });
  if (ref !== undefined) refs.set(error, ref);
  return Object.assign(error, fields);
}

/** The number of an error that came from the other side. */
export function refOf(thrown: unknown): number | undefined {
  return typeof thrown === 'object' && thrown !== null ? refs.get(thrown) : undefined;
}

function cloneable(value: unknown): unknown {
  try {
    return structuredClone(value);
  } catch {
    return String(value);
  }
}
