/**
 * What a handler throws, on its way to another thread or process: structured cloning keeps neither the name nor the code of an error.
 *
 * @module
 */

/** Anything thrown, as it travels. */
export type WireError =
  | { thrown: unknown }
  | {
      name: string;
      message: string;
      stack?: string;
      cause?: WireError;
      fields: Record<string, string | number | boolean>;
    };

/** Causes of causes beyond this are left out, and with them cycles. */
const MAX_CAUSES = 5;

/** The error's name, message, stack, causes, and those of its own fields that are plain: its `code`, a `status`, the `at` of a retry. */
export function toWire(thrown: unknown, depth = 0): WireError {
  try {
    if (!(thrown instanceof Error)) return { thrown: cloneable(thrown) };
    const { name, message, stack, cause } = thrown;
    const fields = Object.fromEntries(
      Object.entries(thrown).filter(([, value]) => ['string', 'number', 'boolean'].includes(typeof value)),
    );
    return {
      name: String(name),
      message: String(message),
      fields,
      ...(typeof stack === 'string' && { stack }),
      ...(cause !== undefined && depth < MAX_CAUSES && { cause: toWire(cause, depth + 1) }),
    };
  } catch {
    return { thrown: 'The handler threw something that cannot be read.' };
  }
}

/** The same again: an `Error` with that name and those fields, whatever its class was; or the value that was none. */
export function fromWire(wire: WireError): unknown {
  if ('thrown' in wire) return wire.thrown;
  const { name, message, stack, cause, fields } = wire;
  const error = new Error(message, cause && { cause: fromWire(cause) });
  const hidden = { configurable: true, writable: true, enumerable: false };
  Object.defineProperty(error, 'name', { value: name, ...hidden });
  Object.defineProperty(error, 'stack', { value: stack, ...hidden });
  return Object.assign(error, fields);
}

function cloneable(value: unknown): unknown {
  try {
    return structuredClone(value);
  } catch {
    return String(value);
  }
}
