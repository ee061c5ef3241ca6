/**
 * Text of other people as one line that a terminal takes for text: whoever sends escape sequences would repaint the
 * screen of everybody else.
 */
export function safeText(text: string): string {
  return text
    .replace(/\s+/gu, ' ')
    .replace(/[\p{Cc}\p{Cf}]/gu, (mark) => (mark === '\u200d' ? mark : mark < ' ' ? pictureOf(mark) : '\ufffd'));
}

/** The sign that stands for a control character. */
const pictureOf = (mark: string): string => String.fromCharCode(0x2400 + mark.charCodeAt(0));
