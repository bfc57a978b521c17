/**
 * Where lines for people go.
 *
 * @module
 */

/** `console`, or any logger with its two methods. */
export interface Logger {
  warn(message: string, fields?: unknown): void;
  error(message: string, fields?: unknown): void;
}
