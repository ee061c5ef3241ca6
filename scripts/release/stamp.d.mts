export function absoluteLinks(markdown: string, folder: string, repository: string, version: string): string;
export function stamp(root: string, repository: string): void;
