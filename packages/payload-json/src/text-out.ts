/** The text so far; `comma` is what goes before the next member or element. */
export interface TextOut {
  text: string;
  comma: '' | ',';
}
