/** A proto name in lowerCamelCase, as protoc forms JSON names: underscores go, the letter after one is raised. */
export function jsonName(name: string): string {
  return name.replace(/_+(.?)/g, (_, next: string) => next.toUpperCase());
}

/** A proto name in CamelCase, as Go generators form the names of struct fields: an underscore stays before a digit. */
export function goName(name: string): string {
  return name
    .replace(/^_([a-z]?)/, (_, letter: string) => `X${letter.toUpperCase()}`)
    .replace(/(?:^|_|(\d))([a-z])/g, (_, digit = '', letter = '') => digit + letter.toUpperCase());
}

/** Such as the Go name of a oneof, whose name in memory is in lowerCamelCase. */
export function upperFirst(name: string): string {
  return name.slice(0, 1).toUpperCase() + name.slice(1);
}
