/**
 * OpenTelemetry for Leviathan.
 *
 * @module
 */
export { type OpenTelemetryOptions, openTelemetry } from './open-telemetry';
