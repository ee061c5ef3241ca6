/** The sixteen colours and the look of the picture. */
const COLOURS = [
  ['#2b303b', '#e06c75', '#98c379', '#e5c07b', '#61afef', '#c678dd', '#56b6c2', '#d7dae0'],
  ['#5c6370', '#ef7f88', '#a9d18a', '#f0d08c', '#72bfff', '#d58bec', '#67c7d3', '#ffffff'],
] as const;
const TEXT = '#d7dae0';
const GROUND = '#1e222a';
const COLUMN = 8.4;
const ROW = 19;
const EDGE = 16;

interface Look {
  colour: string;
  bold: boolean;
  dim: boolean;
  italic: boolean;
  inverse: boolean;
}

const plainLook = (): Look => ({ colour: TEXT, bold: false, dim: false, italic: false, inverse: false });

function applyCode(look: Look, code: number): void {
  if (code === 0) Object.assign(look, plainLook());
  else if (code === 1) look.bold = true;
  else if (code === 2) look.dim = true;
  else if (code === 3) look.italic = true;
  else if (code === 7) look.inverse = true;
  else if (code === 22) look.bold = look.dim = false;
  else if (code === 23) look.italic = false;
  else if (code === 27) look.inverse = false;
  else if (code >= 30 && code <= 37) look.colour = COLOURS[0][code - 30]!;
  else if (code === 39) look.colour = TEXT;
  else if (code >= 90 && code <= 97) look.colour = COLOURS[1][code - 90]!;
}

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

function spanOf(text: string, column: number, y: number, look: Look): string {
  const x = (EDGE + column * COLUMN).toFixed(1);
  const width = (text.length * COLUMN).toFixed(1);
  const box = look.inverse
    ? `<rect x="${x}" y="${y - 14}" width="${width}" height="${ROW}" fill="${look.colour}"/>`
    : '';
  if (text.trim() === '') return box;
  const style = [
    `fill="${look.inverse ? GROUND : look.colour}"`,
    look.bold ? 'font-weight="700"' : '',
    look.italic ? 'font-style="italic"' : '',
    look.dim ? 'opacity="0.6"' : '',
  ];
  const start = text.length - text.trimStart().length;
  const words = text.trim();
  const at = (EDGE + (column + start) * COLUMN).toFixed(1);
  const length = (words.length * COLUMN).toFixed(1);
  return `${box}<text x="${at}" y="${y}" textLength="${length}" ${style.filter(Boolean).join(' ')}>${escaped(words)}</text>`;
}

/** Rows with the escape sequences of colours, as `tmux capture-pane -e` gives them, as a picture. */
export function terminalSvg(rows: readonly string[], columns: number, title: string): string {
  const look = plainLook();
  const parts: string[] = [];
  rows.forEach((row, index) => {
    const y = 44 + EDGE + index * ROW;
    let column = 0;
    // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one
    for (const piece of row.split(/(\u001b\[[\d;]*m)/)) {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: as above
      const codes = /^\u001b\[([\d;]*)m$/.exec(piece)?.[1];
      if (codes !== undefined) for (const code of codes.split(';')) applyCode(look, Number(code));
      else {
        // tmux cuts the blanks at the end of a row, of which the cursor is one.
        const text = piece === '' && look.inverse ? ' ' : piece;
        parts.push(spanOf(text, column, y, look));
        column += text.length;
      }
    }
  });
  const width = Math.ceil(EDGE * 2 + columns * COLUMN);
  const height = 44 + EDGE + rows.length * ROW;
  const lights = ['#ff5f57', '#febc2e', '#28c840'].map(
    (fill, i) => `<circle cx="${22 + i * 20}" cy="18" r="6" fill="${fill}"/>`,
  );
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${width}" height="${height}" rx="10" fill="${GROUND}"/>`,
    ...lights,
    `<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="14" xml:space="preserve">`,
    ...parts.filter(Boolean),
    '</g>',
    '</svg>',
  ].join('\n')}\n`;
}
