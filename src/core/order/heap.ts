/**
 * Priorities of n things, the largest first, each changed in O(log n): a binary heap that knows where everything lies.
 * Of equal priorities the smaller number comes first, so that one seed gives one order.
 */
export class PriorityHeap {
  private readonly heap: Int32Array;
  /** place of each thing in the heap, -1 while it is out */
  private readonly places: Int32Array;
  private readonly priorities: Float64Array;
  size = 0;

  constructor(readonly capacity: number) {
    this.heap = new Int32Array(capacity);
    this.places = new Int32Array(capacity).fill(-1);
    this.priorities = new Float64Array(capacity);
  }

  has(thing: number): boolean {
    return this.places[thing] >= 0;
  }

  priority(thing: number): number {
    return this.priorities[thing];
  }

  /** Puts a thing in, or changes its priority. */
  set(thing: number, priority: number): void {
    const before = this.priorities[thing];
    this.priorities[thing] = priority;
    let place = this.places[thing];
    if (place < 0) {
      place = this.size++;
      this.heap[place] = thing;
      this.places[thing] = place;
      this.rise(place);
    } else if (priority > before) this.rise(place);
    else if (priority < before) this.sink(place);
  }

  /** Puts in all that `isIn` says, and nothing else: O(n), where one by one would be O(n log n). */
  fill(isIn: (thing: number) => boolean, priorityOf: (thing: number) => number): void {
    this.places.fill(-1);
    this.size = 0;
    for (let thing = 0; thing < this.capacity; thing++) {
      if (!isIn(thing)) continue;
      this.priorities[thing] = priorityOf(thing);
      this.heap[this.size] = thing;
      this.places[thing] = this.size++;
    }
    for (let place = (this.size >> 1) - 1; place >= 0; place--) this.sink(place);
  }

  /** Takes a thing out; one that is out already stays out. */
  delete(thing: number): void {
    const place = this.places[thing];
    if (place < 0) return;
    this.places[thing] = -1;
    const last = this.heap[--this.size];
    if (last === thing) return;
    this.heap[place] = last;
    this.places[last] = place;
    this.rise(place);
    this.sink(this.places[last]);
  }

  /** The best things in order, without taking them out: each costs O(log of those before it). */
  *best(): Generator<number> {
    // Places whose parents were given: a small heap of its own, over the large one.
    const front = new PriorityQueue<number>((x, y) => this.isBefore(this.heap[x], this.heap[y]));
    if (this.size > 0) front.push(0);
    for (let place = front.pop(); place !== undefined; place = front.pop()) {
      yield this.heap[place];
      for (const below of [2 * place + 1, 2 * place + 2]) if (below < this.size) front.push(below);
    }
  }

  private isBefore(x: number, y: number): boolean {
    const difference = this.priorities[x] - this.priorities[y];
    return difference > 0 || (difference === 0 && x < y);
  }

  private rise(place: number): void {
    const thing = this.heap[place];
    while (place > 0) {
      const up = (place - 1) >> 1;
      const other = this.heap[up];
      if (!this.isBefore(thing, other)) break;
      this.heap[place] = other;
      this.places[other] = place;
      place = up;
    }
    this.heap[place] = thing;
    this.places[thing] = place;
  }

  private sink(place: number): void {
    const thing = this.heap[place];
    for (;;) {
      let down = 2 * place + 1;
      if (down >= this.size) break;
      if (down + 1 < this.size && this.isBefore(this.heap[down + 1], this.heap[down])) down++;
      const other = this.heap[down];
      if (!this.isBefore(other, thing)) break;
      this.heap[place] = other;
      this.places[other] = place;
      place = down;
    }
    this.heap[place] = thing;
    this.places[thing] = place;
  }
}

/** Things in the order that `isBefore` gives, each pushed once: a binary heap. */
export class PriorityQueue<T> {
  private readonly items: T[] = [];

  constructor(private readonly isBefore: (x: T, y: T) => boolean) {}

  get size(): number {
    return this.items.length;
  }

  get first(): T | undefined {
    return this.items[0];
  }

  push(item: T): void {
    const { items } = this;
    let i = items.push(item) - 1;
    for (; i > 0;) {
      const up = (i - 1) >> 1;
      if (!this.isBefore(items[i], items[up])) break;
      [items[i], items[up]] = [items[up], items[i]];
      i = up;
    }
  }

  pop(): T | undefined {
    const { items } = this;
    const [first] = items;
    const last = items.pop();
    if (items.length === 0 || last === undefined) return first;
    items[0] = last;
    for (let i = 0; ;) {
      let down = 2 * i + 1;
      if (down >= items.length) break;
      if (down + 1 < items.length && this.isBefore(items[down + 1], items[down])) down++;
      if (!this.isBefore(items[down], items[i])) break;
      [items[i], items[down]] = [items[down], items[i]];
      i = down;
    }
    return first;
  }
}
