/** Imports a peer from this folder's node_modules, which are no part of the workspace. */
export function load(name) {
  return import(name);
}
