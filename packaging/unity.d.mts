export function nativeSources(): string[];
export function writeUnits(
  folder: string,
  sources: readonly string[],
  kindOf?: (source: string) => string,
): { source: string; kind: string }[];
