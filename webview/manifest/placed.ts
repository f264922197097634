import { nothing } from 'lit-html';
import type { ElementPart, PartInfo } from 'lit-html/directive.js';
import { Directive, directive, PartType } from 'lit-html/directive.js';

/** Puts an element so many pixels down. A `style` attribute would be refused by the page's policy; a property is not. */
class Placed extends Directive {
  #offset: number | undefined;

  constructor(part: PartInfo) {
    super(part);
    if (part.type !== PartType.ELEMENT) throw new Error('`placed` belongs to an element');
  }

  render(offset: number): typeof nothing {
    void offset;
    return nothing;
  }

  override update(part: ElementPart, [offset]: [number]): typeof nothing {
    if (offset !== this.#offset) (part.element as HTMLElement).style.transform = `translateY(${String(offset)}px)`;
    this.#offset = offset;
    return nothing;
  }
}

export const placed = directive(Placed);
