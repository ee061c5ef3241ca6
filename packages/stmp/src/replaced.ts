/** @throws TypeError for an option of the defaults beside the list that takes their place: it would do nothing. */
export function refuseReplaced(options: object, list: string, names: readonly string[], instead: string): void {
  const given = options as Readonly<Record<string, unknown>>;
  if (given[list] === undefined) return;
  for (const name of names)
    if (given[name] !== undefined && given[name] !== false)
      throw new TypeError(`${list} takes the place of what ${name} is for: leave one out, or add to ${instead}`);
}
