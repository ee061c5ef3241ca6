// Tests that need a program of the machine are called *.PROGRAM.test.ts. `npm test` runs those whose program is there,
// and says loudly which are left out; STMP_TOOLS names what has to be there.

/** @throws Error when the tool is missing and `STMP_TOOLS` asks for it. */
export function hasTool(tool: string, isThere: boolean, what: string): boolean {
  if (isThere) return true;
  if (process.env.STMP_TOOLS?.split(',').includes(tool)) throw new Error(`${what}: there is no ${tool} here`);
  console.warn(`LEFT OUT: ${what}, since there is no ${tool} here`);
  return false;
}
