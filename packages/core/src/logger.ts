/**
 * Where lines for people go.
 *
 * @module
 */

/** `console`, or any logger with its two methods. */
export interface Logger {
  /** Something to look at: a handler that ignores its signal, an outcome that came too late. */
  warn(message: string, fields?: unknown): void;
  /** Something failed, and is tried again. */
  error(message: string, fields?: unknown): void;
}
