/** Variables of the environment, as far as the host lets one read them: Deno asks for the permission `--allow-env`. */
export function environment(
  name: 'LANEWISE_ADDON' | 'LANEWISE_BACKEND' | 'LANEWISE_NUM_THREADS' | 'LANEWISE_WASM',
): string | undefined {
  try {
    return process.env[name];
  } catch {
    return undefined;
  }
}

/**
 * Whether this process is one of several with the same work on the same CPUs: a worker of `node:cluster`, as those of pm2's cluster mode
 * are. The module is not loaded for that where there is no channel to a primary, which such a worker has.
 */
export function isClusterWorker(): boolean {
  if (process.send === undefined) return false;
  const cluster: object = process.getBuiltinModule('node:cluster');
  return 'isWorker' in cluster && cluster.isWorker === true;
}
