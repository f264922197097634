import type { ImageHash, Relation } from '../../core/types';
import { Kind, LedgerFold, RELATIONS, REPEAT, SETTLES, UNDONE } from './fold';

/** What one person says of one pair, as it stands: their latest answer that is not undone. */
export interface StandingAnswer {
  id: string;
  a: ImageHash;
  b: ImageHash;
  relation: Relation;
  by: string;
  /** milliseconds since 1970 */
  at: number;
  /** how long the pair was looked at; 0 where unknown */
  ms: number;
  repeat: boolean;
  /** given to settle what people say of the pair differently */
  settles: boolean;
  /** somebody's answer has settled the pair since: this one counts no more */
  settled: boolean;
}

export interface StandingFlag {
  id: string;
  image: ImageHash;
  flag: string;
  by: string;
  at: number;
}

export interface StandingClass {
  id: string;
  image: ImageHash;
  class: string | null;
  by: string;
  at: number;
}

/** Everything the ledger says now, by images, people and ids. */
export class LedgerState extends LedgerFold {
  private hashes: ImageHash[] = [];
  private names: string[] = [];

  /** What each person says of a pair and nobody settled; the newest first. */
  answersOf(a: ImageHash, b: ImageHash): StandingAnswer[] {
    return this.saidOf(a, b).filter(({ settled }) => !settled);
  }

  /** What each person says of a pair, settled or not; the newest first. */
  saidOf(a: ImageHash, b: ImageHash): StandingAnswer[] {
    const pair = this.findPair(a, b);
    return pair < 0 ? [] : this.saidOfPair(pair);
  }

  /** Whether people say different things of a pair, and nobody settled it. */
  differs(a: ImageHash, b: ImageHash): boolean {
    return this.differing().has(this.findPair(a, b));
  }

  /** Pairs on which people differ, as [a, b], in no particular order. Costs what changed since the last call, and what it returns. */
  disagreements(): [ImageHash, ImageHash][] {
    return [...this.differing()].map(pair => this.imagesOf(pair));
  }

  /** Pairs that somebody settled and that are not undone, as [a, b]. */
  settlements(): [ImageHash, ImageHash][] {
    const standing = this.settling.filter(i => !(this.status[i] & UNDONE));
    const pairs = new Set(
      standing.map(i => this.pairs.find(Math.min(this.a[i], this.b[i]), Math.max(this.a[i], this.b[i]))),
    );
    return [...pairs].map(pair => this.imagesOf(pair));
  }

  /**
   * What each person said of the pairs that several people judged, by themselves: answers that settle were given because
   * others differed, and would make people look more alike, or less, than they are.
   */
  *independent(): Generator<StandingAnswer[]> {
    for (const pair of this.shared) {
      const events: number[] = [];
      for (let slot = this.pairHead[pair]; slot >= 0; slot = this.slotNext[slot]) {
        const best = this.independentIn(slot);
        if (best >= 0) events.push(best);
      }
      if (events.length > 1) yield events.map(i => this.answer(i));
    }
  }

  /** What one person says of a pair. */
  answerOf(a: ImageHash, b: ImageHash, by: string): StandingAnswer | undefined {
    const slot = this.findSlot(this.findPair(a, b), this.people.findText(by));
    const best = slot < 0 ? -1 : this.slotBest[slot];
    return best < 0 ? undefined : this.answer(best);
  }

  /** Every pair with at least one standing answer, with what each person says of it and nobody settled. */
  *standing(): Generator<StandingAnswer[]> {
    for (const said of this.said()) yield said.length > 1 ? said.filter(({ settled }) => !settled) : said;
  }

  /** Every pair with at least one standing answer, with what each person says of it, settled or not. */
  *said(): Generator<StandingAnswer[]> {
    for (let pair = 0; pair < this.pairs.size; pair++) {
      const answers = this.saidOfPair(pair);
      if (answers.length > 0) yield answers;
    }
  }

  /**
   * Every answer that one person gave to a pair and did not undo, oldest first: hidden repeats and corrections included.
   */
  history(a: ImageHash, b: ImageHash, by: string): StandingAnswer[] {
    const slot = this.findSlot(this.findPair(a, b), this.people.findText(by));
    const events: number[] = [];
    if (slot >= 0) {
      for (let i = this.slotHead[slot]; i >= 0; i = this.nextInSlot[i]) {
        if (!(this.status[i] & UNDONE)) events.push(i);
      }
    }
    return events.sort((x, y) => (this.newer(x, y) ? 1 : -1)).map(i => this.answer(i));
  }

  /** Pairs whose standing answers changed since the last call, as [a, b]; none on the first call. */
  takeTouched(): [ImageHash, ImageHash][] {
    const pairs = [...(this.touched ?? [])].map(pair => this.imagesOf(pair));
    this.touched = new Set();
    return pairs;
  }

  /** The flags that stand on an image; empty for most. */
  flagsOf(image: ImageHash): StandingFlag[] {
    const events = this.flags.get(this.images.findText(image)) ?? [];
    return events.filter(i => !(this.status[i] & UNDONE)).map(i => this.flag(i));
  }

  /** Images with a standing flag. */
  flagged(): Map<ImageHash, StandingFlag[]> {
    const found = new Map<ImageHash, StandingFlag[]>();
    for (const image of this.flags.keys()) {
      const flags = this.flagsOf(this.hash(image));
      if (flags.length > 0) found.set(this.hash(image), flags);
    }
    return found;
  }

  /** The class that a person gave an image, by the latest standing event; undefined where nobody did. */
  classOf(image: ImageHash): StandingClass | undefined {
    let best = -1;
    for (const i of this.classes.get(this.images.findText(image)) ?? []) {
      if (!(this.status[i] & UNDONE) && (best < 0 || this.newer(i, best))) best = i;
    }
    if (best < 0) return undefined;
    const word = this.b[best];
    return {
      id: this.ids.text(best),
      image,
      class: word < 0 ? null : this.words.text(word),
      by: this.people.text(this.by[best]),
      at: this.at[best],
    };
  }

  /** Images whose class a person changed. */
  reclassed(): Map<ImageHash, StandingClass> {
    const found = new Map<ImageHash, StandingClass>();
    for (const image of this.classes.keys()) {
      const now = this.classOf(this.hash(image));
      if (now !== undefined) found.set(this.hash(image), now);
    }
    return found;
  }

  /** Id of the person's latest event that is not undone, or undefined: what undo would take. */
  lastOf(by: string): string | undefined {
    const stack = this.stackOf(by);
    if (stack === undefined) return undefined;
    // Nothing undone ever stands again, so it may leave the stack for good.
    while (stack.events.length > 0 && this.status[stack.events.at(-1)!] & UNDONE) stack.events.pop();
    const top = stack.events.at(-1);
    return top === undefined ? undefined : this.ids.text(top);
  }

  /** The answers that one undo of `id` takes back: it alone, or all that share its `with`. */
  answersWith(id: string): StandingAnswer[] {
    return this.membersOf(id)
      .filter(i => this.kind[i] === Kind.answer)
      .map(i => this.answer(i));
  }

  /**
   * Standing answers of a person given at or after `since` (milliseconds since 1970), oldest first; corrections and what
   * they corrected both count. Costs what it returns.
   */
  answersBy(by: string, since = -Infinity): StandingAnswer[] {
    const found: StandingAnswer[] = [];
    for (const answer of this.recentBy(by)) {
      if (answer.at < since) break;
      found.push(answer);
    }
    return found.reverse();
  }

  /** How many answers a person gave and did not undo, corrected ones included: each act raises it, each undo brings it back. */
  givenBy(by: string): number {
    const person = this.people.findText(by);
    return person < 0 ? 0 : this.given[person];
  }

  /** How many of them were given at or after `since`, milliseconds since 1970. */
  givenSince(by: string, since: number): number {
    const events = this.stackOf(by)?.events ?? [];
    let count = 0;
    for (let i = events.length - 1; i >= 0 && this.at[events[i]] >= since; i--)
      if (this.kind[events[i]] === Kind.answer && !(this.status[events[i]] & UNDONE)) count++;
    return count;
  }

  /** Standing answers of a person, newest first, made one by one: stop when there are enough. */
  *recentBy(by: string): Generator<StandingAnswer> {
    const events = this.stackOf(by)?.events ?? [];
    for (let i = events.length - 1; i >= 0; i--) {
      const event = events[i];
      if (this.kind[event] === Kind.answer && !(this.status[event] & UNDONE)) yield this.answer(event);
    }
  }

  /** Everyone who wrote an event. */
  authors(): string[] {
    return Array.from({ length: this.stacks.length }, (_, person) => this.people.text(person));
  }

  /** The latest time of any event by this person, milliseconds since 1970; -Infinity where there is none. */
  latestTime(by: string): number {
    const person = this.people.findText(by);
    return person < 0 || this.stacks[person] === undefined ? -Infinity : this.lastTimes[person];
  }

  /** Every image that an answer, flag or class still speaks of, with an event that names it. */
  mentioned(): Map<ImageHash, { answers: number; lastEvent: string }> {
    const found = new Map<number, { answers: number; last: number }>();
    const note = (image: number, index: number, answers: number) => {
      const now = found.get(image);
      if (now === undefined) found.set(image, { answers, last: index });
      else {
        now.answers += answers;
        if (this.newer(index, now.last)) now.last = index;
      }
    };
    for (let slot = 0; slot < this.slotCount; slot++) {
      const best = this.slotBest[slot];
      if (best < 0) continue;
      note(this.a[best], best, 1);
      note(this.b[best], best, 1);
    }
    for (const [image, events] of [...this.flags, ...this.classes]) {
      for (const i of events) if (!(this.status[i] & UNDONE)) note(image, i, 0);
    }
    return new Map(
      [...found].map(([image, { answers, last }]) => [this.hash(image), { answers, lastEvent: this.ids.text(last) }]),
    );
  }

  /** When an event was written, milliseconds since 1970; undefined for an unknown id. */
  timeOf(id: string): number | undefined {
    const index = this.ids.findText(id);
    return index < 0 ? undefined : this.at[index];
  }

  /** The latest answer of one person to a pair that settles nothing: what they said by themselves. */
  independentOf(a: ImageHash, b: ImageHash, by: string): StandingAnswer | undefined {
    const slot = this.findSlot(this.findPair(a, b), this.people.findText(by));
    const best = slot < 0 ? -1 : this.independentIn(slot);
    return best < 0 ? undefined : this.answer(best);
  }

  private saidOfPair(pair: number): StandingAnswer[] {
    const events: number[] = [];
    for (let slot = this.pairHead[pair]; slot >= 0; slot = this.slotNext[slot]) {
      if (this.slotBest[slot] >= 0) events.push(this.slotBest[slot]);
    }
    if (events.length === 1) return [this.answer(events[0])];
    return events.sort((x, y) => (this.newer(x, y) ? -1 : 1)).map(i => this.answer(i));
  }

  /** Pairs on which people differ, by number. */
  private differing(): ReadonlySet<number> {
    for (const pair of this.unchecked) {
      let said = -1;
      let differ = false;
      for (let slot = this.pairHead[pair]; slot >= 0; slot = this.slotNext[slot]) {
        const best = this.slotBest[slot];
        if (best < 0 || this.isSettled(best)) continue;
        differ ||= said >= 0 && said !== this.relation[best];
        said = this.relation[best];
      }
      if (differ) this.differ.add(pair);
      else this.differ.delete(pair);
    }
    this.unchecked.clear();
    return this.differ;
  }

  /** The latest answer of a person to a pair that settles nothing; -1 where there is none. */
  private independentIn(slot: number): number {
    const now = this.slotBest[slot];
    if (now < 0 || !(this.status[now] & SETTLES)) return now;
    let best = -1;
    for (let i = this.slotHead[slot]; i >= 0; i = this.nextInSlot[i]) {
      if (!(this.status[i] & (UNDONE | SETTLES)) && (best < 0 || this.newer(i, best))) best = i;
    }
    return best;
  }

  private imagesOf(pair: number): [ImageHash, ImageHash] {
    return [this.hash(this.pairs.first[pair]), this.hash(this.pairs.second[pair])];
  }

  private findPair(a: ImageHash, b: ImageHash): number {
    const x = this.images.findText(a);
    const y = this.images.findText(b);
    return x < 0 || y < 0 ? -1 : this.pairs.find(Math.min(x, y), Math.max(x, y));
  }

  /** A person's events that may still stand, oldest first. */
  private stackOf(by: string): { events: number[] } | undefined {
    const stack = this.stacks[this.people.findText(by)];
    if (stack !== undefined && !stack.sorted) {
      stack.events.sort((x, y) => (this.newer(x, y) ? 1 : -1));
      stack.sorted = true;
    }
    return stack;
  }

  private hash(image: number): ImageHash {
    return (this.hashes[image] ??= this.images.text(image));
  }

  private name(person: number): string {
    return (this.names[person] ??= this.people.text(person));
  }

  private answer(index: number): StandingAnswer {
    return {
      id: this.ids.text(index),
      a: this.hash(this.a[index]),
      b: this.hash(this.b[index]),
      relation: RELATIONS[this.relation[index]],
      by: this.name(this.by[index]),
      at: this.at[index],
      ms: Math.max(0, this.ms[index]),
      repeat: (this.status[index] & REPEAT) !== 0,
      settles: (this.status[index] & SETTLES) !== 0,
      settled: this.isSettled(index),
    };
  }

  private flag(index: number): StandingFlag {
    return {
      id: this.ids.text(index),
      image: this.hash(this.a[index]),
      flag: this.words.text(this.b[index]),
      by: this.people.text(this.by[index]),
      at: this.at[index],
    };
  }
}
