/** A line being typed, parted at the cursor. */
export interface EditedLine {
  readonly left: string;
  readonly right: string;
}

export const EMPTY_LINE: EditedLine = { left: '', right: '' };

const SEGMENTER = new Intl.Segmenter();
const letters = (text: string): string[] => [...SEGMENTER.segment(text)].map(({ segment }) => segment);

export const textOf = ({ left, right }: EditedLine): string => left + right;

/** What one key does; letters are as people see them, of however many code points. */
export const EDIT: {
  readonly [name: string]: (line: EditedLine) => EditedLine;
} = {
  left: ({ left, right }) => {
    const all = letters(left);
    const last = all.pop() ?? '';
    return { left: all.join(''), right: last + right };
  },
  right: ({ left, right }) => {
    const [first = '', ...rest] = letters(right);
    return { left: left + first, right: rest.join('') };
  },
  home: ({ left, right }) => ({ left: '', right: left + right }),
  end: ({ left, right }) => ({ left: left + right, right: '' }),
  backspace: ({ left, right }) => ({ left: letters(left).slice(0, -1).join(''), right }),
  killToStart: ({ right }) => ({ left: '', right }),
  killToEnd: ({ left }) => ({ left, right: '' }),
  killWord: ({ left, right }) => ({ left: left.replace(/\S*\s*$/u, ''), right }),
};

export const insert = ({ left, right }: EditedLine, text: string): EditedLine => ({ left: left + text, right });
