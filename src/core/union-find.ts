/** Disjoint sets that grow by joining two (union-find, with path compression). What was never joined is a set of its own. */
export class UnionFind<T> {
  readonly #parent = new Map<T, T>();

  /** The member that stands for the set: the same for all of it, until it is joined with another. */
  find(member: T): T {
    let root = member;
    for (let up = this.#parent.get(root); up !== undefined; up = this.#parent.get(root)) root = up;
    for (let at = member; at !== root;) {
      const up = this.#parent.get(at)!;
      this.#parent.set(at, root);
      at = up;
    }
    return root;
  }

  /** Makes one set of two; the second's member stands for it. */
  join(a: T, b: T): void {
    const [x, y] = [this.find(a), this.find(b)];
    if (x !== y) this.#parent.set(x, y);
  }
}
