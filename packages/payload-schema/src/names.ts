/** A proto name in lowerCamelCase, as protoc forms JSON names: underscores go, the letter after one is raised. */
export function jsonName(name: string): string {
  return name.replace(/_+(.?)/g, (_, next: string) => next.toUpperCase());
}

/** A proto name in CamelCase, as Go generators form the names of struct fields. */
export function goName(name: string): string {
  return name
    .replace(/^_/, 'X')
    .replace(/^[a-z]/, (first) => first.toUpperCase())
    .replace(/_([a-z])|(\d)([a-z])/g, (_, low: string | undefined, digit = '', after = '') =>
      (low ?? digit + after).toUpperCase(),
    );
}
