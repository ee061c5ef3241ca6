import type { OptionSpecs } from './args.js';
import type { Verb } from './verb.js';

export function overview(verbs: readonly Verb[]): string {
  return `stmp: talks to any STMP server

Usage: stmp VERB ...

${rows(verbs.map(({ name, summary }) => [name, summary]))}

stmp VERB --help has the options and examples of each. Addresses are tcp://host:port, tls://, kcp://, kcps://,
ws://host:port/path and wss://. Data goes to the standard output, everything else to the standard error.

Exit code: 0 done, 1 failed, 2 wrong call, 3 no connection, 4 answered with a status, 5 no answer in time,
130 interrupted.
`;
}

export function verbHelp({ name, summary, usage, details, options, examples }: Verb): string {
  return `stmp ${name}: ${summary}

Usage: stmp ${name} ${usage}
${details === undefined ? '' : `\n${details}\n`}
${rows([...optionRows(options), ['-h, --help', 'this text']])}

Examples:
${examples.map((line) => `  stmp ${line}`).join('\n')}
`;
}

const optionRows = (options: OptionSpecs): [string, string][] =>
  Object.entries(options).map(([name, { short, value, text }]) => [
    `${short === undefined ? '    ' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}`,
    text,
  ]);

function rows(all: readonly (readonly [string, string])[]): string {
  const width = Math.max(...all.map(([left]) => left.length));
  return all.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`).join('\n');
}
