/** A comment as protoc gives it, as plain text: one blank margin less, no blank lines around. */
function tidy(comment: string): string {
  // The second asterisk of a `/**` comes as text.
  const lines = comment
    .replace(/^\*(?=\s|$)/, '')
    .split('\n')
    .map((line) => line.trimEnd());
  while (lines.length > 0 && lines[0] === '') lines.shift();
  while (lines.length > 0 && lines.at(-1) === '') lines.pop();
  const margin = Math.min(...lines.filter((line) => line !== '').map((line) => line.length - line.trimStart().length));
  return lines.map((line) => line.slice(margin)).join('\n');
}

/** The text for a docstring from the comments before and after a declaration. */
export function docText(leading: string, trailing: string): string {
  return [tidy(leading), tidy(trailing)].filter((text) => text !== '').join('\n\n');
}

/** Lines of a docstring, without indentation; none when there is nothing to say. */
export function docComment(text: string, deprecated = false): string[] {
  const lines = text === '' ? [] : text.replaceAll('*/', '*\\/').split('\n');
  if (deprecated && !/^@deprecated\b/m.test(text)) lines.push('@deprecated');
  const [only] = lines;
  if (only === undefined) return [];
  if (lines.length === 1) return [`/** ${only} */`];
  return ['/**', ...lines.map((line) => ` * ${line}`.trimEnd()), ' */'];
}
