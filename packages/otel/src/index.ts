/**
 * OpenTelemetry for Leviathan.
 *
 * @module
 */
export { type OpenTelemetry, type OpenTelemetryOptions, openTelemetry } from './open-telemetry';
