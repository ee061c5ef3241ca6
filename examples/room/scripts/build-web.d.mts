export function buildWeb(options?: {
  readonly outdir?: string;
  readonly alias?: Readonly<Record<string, string>>;
}): Promise<void>;
