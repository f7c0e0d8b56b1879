/** Parts of the page. Preact writes them out, and escapes every text. */
import { html } from 'htm/preact';
import type { ComponentChildren, VNode } from 'preact';
import { renderToString } from 'preact-render-to-string';

export { html };

export interface Column {
  readonly name: string;
  /** Numbers stand to the right. */
  readonly number?: boolean;
  /** Texts that are not broken into lines. */
  readonly whole?: boolean;
}

export type Cell = ComponentChildren;

/** The first cell of each line is its head. Wide tables move in a frame of their own, which the keyboard reaches too. */
export function table(caption: string, columns: readonly Column[], lines: readonly (readonly Cell[])[]): VNode {
  const sort = ({ number = false, whole = false }: Column) => (number ? 'number' : whole ? 'whole' : undefined);
  const named = columns.some(({ name }) => name !== '');
  return html`
    <div class="frame" role="region" aria-label=${caption} tabindex="0">
      <table>
        <caption><span>${caption}</span></caption>
        ${
          named &&
          html`
            <thead>
              <tr>${columns.map((column) => html`<th scope="col" class=${sort(column)}>${column.name}</th>`)}</tr>
            </thead>`
        }
        <tbody>
          ${lines.map(
            ([head, ...cells]) => html`
              <tr>
                <th scope="row" class=${sort(columns[0]!)}>${head}</th>
                ${cells.map((cell, i) => html`<td class=${sort(columns[i + 1]!)}>${cell}</td>`)}
              </tr>`,
          )}
        </tbody>
      </table>
    </div>` as VNode;
}

/** A drawing of our own making, put in as it is. One that is wide gets the whole width of the page. */
export function drawing(svg: string, wide: boolean, alt: string, caption: string, id: string): VNode {
  return html`
    <figure id=${id} class=${wide ? 'wide' : undefined}>
      <div role="img" aria-label=${alt} dangerouslySetInnerHTML=${{ __html: svg }} />
      <figcaption>${caption}</figcaption>
    </figure>` as VNode;
}

/** A drawing in a file of its own says itself what it shows. */
export function byItself(svg: string, alt: string): string {
  const title = renderToString(html`<title>${alt}</title>` as VNode);
  return svg.replace(/^<svg ([^>]*)>/, (_, attributes: string) => `<svg role="img" ${attributes}>${title}`);
}
