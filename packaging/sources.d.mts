export function sourcesHash(): string;
export function withImports(path: string, found?: Set<string>): Set<string>;
