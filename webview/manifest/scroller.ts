/** The tallest element, in pixels, that every browser engine lays out and scrolls exactly. */
export const TALLEST = 8_000_000;

/** Moves up to so many viewports are taken for a wheel or a key, longer ones for the scroll bar being dragged. */
const NEAR = 2;

/**
 * Maps a scroll bar to a list that may be taller than any element can be: a million rows of 140 px are 140 million pixels.
 * Where the list fits, both are one. Where it does not, small moves go pixel by pixel, and large ones (the bar is dragged)
 * go by their share of the whole.
 */
export class Scroller {
  /** of the list, what is at the upper edge, in its own pixels */
  #top = 0;
  #last = 0;
  #rows = 0;
  #rowHeight = 1;
  #viewport = 1;

  /** The height that the scrolled element gets. */
  get height(): number {
    return Math.max(this.#viewport, Math.min(this.#rows * this.#rowHeight, TALLEST));
  }

  get top(): number {
    return this.#top;
  }

  set top(value: number) {
    this.#top = Math.max(0, Math.min(value, this.#lowest));
  }

  /** Takes in another number or size of rows; the row at the upper edge stays there. */
  resize(rows: number, rowHeight: number, viewport: number): void {
    const row = this.#top / this.#rowHeight;
    this.#rows = rows;
    this.#rowHeight = rowHeight;
    this.#viewport = viewport;
    this.top = row * rowHeight;
  }

  /** Rows that show, even in part, and `beyond` more on each side. */
  range(beyond = 0): { first: number; last: number } {
    const first = Math.floor(this.#top / this.#rowHeight) - beyond;
    const last = Math.ceil((this.#top + this.#viewport) / this.#rowHeight) - 1 + beyond;
    return { first: Math.max(0, first), last: Math.min(this.#rows - 1, last) };
  }

  /** Where a row's upper edge is, from the viewport's. */
  offset(row: number): number {
    return row * this.#rowHeight - this.#top;
  }

  /** Moves as little as needed for a row to show whole. */
  reveal(row: number): void {
    const offset = this.offset(row);
    if (offset < 0) this.top += offset;
    else if (offset + this.#rowHeight > this.#viewport) this.top += offset + this.#rowHeight - this.#viewport;
  }

  /** The bar stands at `scrollTop` now. Returns where it must be put instead, where the list goes on beyond its end. */
  scrolled(scrollTop: number): number | undefined {
    const moved = scrollTop - this.#last;
    this.#last = scrollTop;
    if (!this.#isCapped) {
      this.top = scrollTop;
      return undefined;
    }
    if (Math.abs(moved) <= NEAR * this.#viewport) this.top += moved;
    else this.top = (scrollTop / this.#range) * this.#lowest;
    const stuck = (scrollTop <= 0 && this.#top > 0) || (scrollTop >= this.#range && this.#top < this.#lowest);
    return stuck ? this.place() : undefined;
  }

  /** Where the bar belongs; the element is then put there, and `placed` told where it really stands. */
  place(): number {
    if (!this.#isCapped) return this.#top;
    if (this.#top <= 0 || this.#top >= this.#lowest) return this.#top <= 0 ? 0 : this.#range;
    return Math.max(1, Math.min((this.#top / this.#lowest) * this.#range, this.#range - 1));
  }

  placed(scrollTop: number): void {
    this.#last = scrollTop;
  }

  get #isCapped(): boolean {
    return this.#rows * this.#rowHeight > TALLEST;
  }

  get #lowest(): number {
    return Math.max(0, this.#rows * this.#rowHeight - this.#viewport);
  }

  get #range(): number {
    return this.height - this.#viewport;
  }
}
