import { convert } from 'html-to-text';
import { safeHtml } from './safe-html';

/** A text as people read it, and as HTML where it has a form. */
export interface FormattedText {
  readonly body: string;
  /** Of the Matrix specification's safe subset. */
  readonly html?: string;
}

/** Tags of the safe subset that a person would write by hand; those of `br` and `hr` need no end. */
const tag =
  /<(\/?)(del|h[1-6]|blockquote|p|a|ul|ol|sup|sub|li|b|i|u|strong|em|s|code|div|table|pre|span|br|hr)(?:\s[^<>]*)?\/?>/gi;

/** Deeper elements are left out of the plain text, as safeHtml leaves their tags out. */
const deepest = 100;

/**
 * Reads a text that may be simple HTML.
 * @param xhtml the same text with its form, where the resource gives both (extension "rendering-xhtml")
 * @returns undefined when there is nothing to read
 */
export function readText(text: string | undefined, xhtml: string | undefined): FormattedText | undefined {
  const isHtml = text !== undefined && isSimpleHtml(text);
  const source = wellFormed(xhtml ?? (isHtml ? text : ''));
  const html = safeHtml(source).trim();
  const plain = text === undefined || isHtml ? textOf(html || source) : text;
  const body = wellFormed(plain || (text ?? ''));
  if (body.trim() === '') return undefined;
  return html === '' ? { body } : { body, html };
}

/** Whether a text holds an element from its start to its end. `a < b` is none, nor is `<b>` alone. */
function isSimpleHtml(text: string): boolean {
  const open = new Set<string>();
  for (const [, slash, name = ''] of text.matchAll(tag)) {
    const element = name.toLowerCase();
    if (element === 'br' || element === 'hr' || (slash && open.has(element))) return true;
    if (!slash) open.add(element);
  }
  return false;
}

/** The words of HTML, as they would stand in a plain message. */
function textOf(html: string): string {
  const headings = ['h1', 'h2', 'h3', 'h4', 'h5', 'h6'].map((selector) => ({
    selector,
    options: { uppercase: false },
  }));
  const selectors = [
    ...headings,
    { selector: 'a', options: { hideLinkHrefIfSameAsText: true } },
    { selector: 'table', format: 'dataTable', options: { uppercaseHeaderCells: false } },
  ];
  return convert(html, { wordwrap: false, selectors, limits: { maxDepth: deepest } }).trim();
}

/** Without halves of surrogate pairs, which are no Unicode: homeservers refuse them. */
function wellFormed(text: string): string {
  return text.replace(/[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g, '\uFFFD');
}
