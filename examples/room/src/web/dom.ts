type Child = Node | string | false | undefined;

/** An element of the page that must be there. */
export function byId<E extends HTMLElement>(id: string): E {
  const element = document.getElementById(id);
  if (element === null) throw new TypeError(`the page has no #${id}`);
  return element as E;
}

/** A new element. Text is always text: nothing that a user wrote is ever read as markup. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className?: string,
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  if (className !== undefined && className !== '') element.className = className;
  for (const child of children) if (child !== undefined && child !== false) element.append(child);
  return element;
}

const SVG = 'http://www.w3.org/2000/svg';

/** A drawing of one path on a field of 20 by 20, in the colour of the text. */
export function icon(path: string): SVGElement {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('viewBox', '0 0 20 20');
  svg.setAttribute('aria-hidden', 'true');
  const line = document.createElementNS(SVG, 'path');
  line.setAttribute('d', path);
  svg.append(line);
  return svg;
}

/** Sets text only when it differs: screen readers speak what is written anew, also when it says the same. */
export function setText(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** Shows an error at a field, or takes it away. */
export function setFieldError(input: HTMLInputElement | HTMLTextAreaElement, place: HTMLElement, text: string): void {
  setText(place, text);
  if (text === '') input.removeAttribute('aria-invalid');
  else input.setAttribute('aria-invalid', 'true');
}
