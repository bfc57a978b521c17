/** Ids that can be file names. */

const ID = /^[a-z0-9][a-z0-9._-]{0,127}$/;
// Device names of Windows are taken with any extension: "Naming Files, Paths, and Namespaces", Win32 documentation.
const WINDOWS_DEVICE = /^(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|$)/;

/**
 * Whether a job's id is safe as a file name on every system: lower-case (file systems fold case), no separators, no trailing dot,
 * no device name.
 */
export function isSafeId(id: unknown): id is string {
  return typeof id === 'string' && ID.test(id) && !id.endsWith('.') && !WINDOWS_DEVICE.test(id);
}
