import sanitizeHtml from 'sanitize-html';
import { fhirString } from './fhir-string';

/** Deeper elements lose their tags and keep their text (Matrix specification: clients should limit the depth to 100). */
const deepest = 100;
/** A Matrix event as a whole has at most 65,536 bytes; more than that is no formatted message. */
const longest = 65_536;

/** Where a link may lead. Relative ones would lead into the reader's own client or record system. */
const allowedSchemes = ['https', 'http', 'mailto'];
const absoluteLink = /^(?:https?:\/\/|mailto:)/i;

/** Colours, as the Matrix specification writes them: no style, which could load or hide something. */
const colours = ['data-mx-bg-color', 'data-mx-color'];

const rules: sanitizeHtml.IOptions & { readonly allowedEmptyAttributes: string[] } = {
  // The elements of the Matrix specification ("m.room.message msgtypes") but `img`: an image is a file, not text.
  allowedTags: [
    ...['del', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'blockquote', 'p', 'a', 'ul', 'ol', 'sup', 'sub', 'li'],
    ...['b', 'i', 'u', 'strong', 'em', 's', 'code', 'hr', 'br', 'div', 'table', 'thead', 'tbody', 'tr', 'th'],
    ...['td', 'caption', 'pre', 'span', 'details', 'summary'],
  ],
  allowedAttributes: {
    span: [...colours, 'data-mx-spoiler'],
    a: ['href'],
    ol: ['start'],
  },
  allowedClasses: { code: [/^language-[\w+#.-]{1,32}$/] },
  allowedSchemes,
  allowedSchemesAppliedToAttributes: ['href'],
  allowProtocolRelative: false,
  // Written as XHTML, which knows no attribute without a value. (The library's types do not know the option.)
  allowedEmptyAttributes: ['data-mx-spoiler'],
  nonTextTags: ['mx-reply', 'script', 'style', 'textarea', 'option', 'xmp', 'noscript', 'title', 'iframe'],
  nestingLimit: deepest,
  parseStyleAttributes: false,
  transformTags: {
    a: (tagName, { href = '', ...others }) => ({
      tagName,
      attribs: absoluteLink.test(href) ? { ...others, href } : others,
    }),
    strike: 's',
    font: (_tagName, { color, ...others }) => ({
      tagName: 'span',
      attribs: color === undefined ? others : { ...others, 'data-mx-color': color },
    }),
  },
};

/**
 * The harmless part of somebody's HTML, well-formed: the Matrix specification's elements without images, links to
 * http, https and mailto alone, no quotation of what is replied to (`mx-reply`), and no characters that FHIR refuses.
 * @returns an empty text when nothing is left, or when there is more than a Matrix event can hold
 */
export function safeHtml(html: string): string {
  if (html.length > longest) return '';
  return fhirString(sanitizeHtml(html, rules)) ?? '';
}
