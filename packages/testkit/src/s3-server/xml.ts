/**
 * The little XML that S3 speaks: elements without attributes, texts with references.
 *
 * Invariants:
 * - Every text survives a round trip, control characters included (as numeric references).
 */

/** Ready XML, as opposed to text that needs escaping. */
export interface Xml {
  readonly xml: string;
}

/** What an element may hold. */
export type XmlContent = string | number | boolean | Xml | readonly Xml[];

const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** Returns the element `name` holding `content`. */
export function element(name: string, content: XmlContent): Xml {
  return { xml: `<${name}>${inner(content)}</${name}>` };
}

/** Returns a document whose root element has S3's name space. */
export function document(root: string, content: readonly Xml[]): string {
  const open = `${root} xmlns="http://s3.amazonaws.com/doc/2006-03-01/"`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${open}>${inner(content)}</${root}>`;
}

/** Returns what each element `name` of the XML text holds, as XML text, in order. */
export function elementsOf(xml: string, name: string): string[] {
  const pattern = new RegExp(`<${name}(?:\\s[^>]*)?>([\\s\\S]*?)</${name}>`, 'g');
  return [...xml.matchAll(pattern)].map((match) => match[1] as string);
}

/** Returns the text of the first element `name`, or `undefined` if there is none. */
export function textOf(xml: string, name: string): string | undefined {
  const content = elementsOf(xml, name)[0];
  return content?.replace(/&(#x[0-9a-f]+|#\d+|\w+);/gi, (reference, body: string) => {
    if (body.startsWith('#x') || body.startsWith('#X'))
      return String.fromCodePoint(Number.parseInt(body.slice(2), 16));
    if (body.startsWith('#')) return String.fromCodePoint(Number(body.slice(1)));
    return NAMED[body] ?? reference;
  });
}

function inner(content: XmlContent): string {
  if (typeof content !== 'object') return escape(String(content));
  return 'xml' in content ? content.xml : content.map((part) => part.xml).join('');
}

function escape(text: string): string {
  return text.replace(/[&<>"\p{Cc}]/gu, (character) => `&#x${character.charCodeAt(0).toString(16)};`);
}
