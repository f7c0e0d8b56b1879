/** Variables of the environment, as far as the host lets one read them: Deno asks for the permission `--allow-env`. */
export function environment(name: 'LANEWISE_ADDON' | 'LANEWISE_BACKEND' | 'LANEWISE_NUM_THREADS'): string | undefined {
  try {
    return process.env[name];
  } catch {
    return undefined;
  }
}
