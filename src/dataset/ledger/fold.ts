import type { Relation } from '../../core/types';
import { grown, PairTable } from '../../core/flat';
import { ByteTable, HashTable } from './tables';

export const Kind = { other: 0, answer: 1, undo: 2, flag: 3, class: 4 } as const;
export const RELATIONS: readonly Relation[] = ['same', 'different', 'incomparable'];
export const relationNumber = (relation: Relation) => RELATIONS.indexOf(relation);

export const UNDONE = 1;
export const REPEAT = 2;
/** some answer names this one among those that it settles */
const NAMED = 4;
export const SETTLES = 8;

/** letters of an id as this program makes it */
const ULID_LENGTH = 26;

/** One event as numbers, ready to be folded; -1 where a field is absent. */
export interface FlatEvent {
  kind: number;
  by: number;
  at: number;
  group: number;
  /** of an answer: the two images; of a flag or class: the image, and the word (-1: no class) */
  a: number;
  b: number;
  relation: number;
  repeat: boolean;
  ms: number;
  /** of an undo */
  of: string;
  /** of an answer: ids of those that it settles */
  settles: readonly string[];
  /** where the line lies in the file; -1 while it is in memory only */
  offset: number;
  length: number;
}

/**
 * Folds events into flat tables, in whatever order they come: of two answers by one person the later one (by time, then
 * by id) stands, an undone event counts as never given, an event met twice counts once, an answer that a newer one
 * settles stands and does not count. What is asked of it, see `LedgerState`.
 */
export class LedgerFold {
  readonly ids = new ByteTable();
  readonly images = new HashTable();
  readonly people = new ByteTable();
  readonly groups = new ByteTable();
  readonly words = new ByteTable();

  protected kind = new Uint8Array(64);
  protected relation = new Uint8Array(64);
  protected status = new Uint8Array(64);
  protected a = new Int32Array(64);
  protected b = new Int32Array(64);
  protected by = new Int32Array(64);
  protected ms = new Int32Array(64);
  private slot = new Int32Array(64);
  private group = new Int32Array(64);
  protected nextInSlot = new Int32Array(64);
  private nextInGroup = new Int32Array(64);
  protected at = new Float64Array(64);
  private offset = new Float64Array(64);
  private length = new Int32Array(64);

  /** canonical pairs of image numbers; each has a chain of slots, one a person, that hold answers */
  readonly pairs = new PairTable();
  protected slotCount = 0;
  protected slotPair = new Int32Array(64);
  private slotBy = new Int32Array(64);
  protected pairHead = new Int32Array(64).fill(-1);
  protected slotHead = new Int32Array(64).fill(-1);
  protected slotBest = new Int32Array(64).fill(-1);
  protected slotNext = new Int32Array(64).fill(-1);
  private groupHead = new Int32Array(64).fill(-1);
  private groupUndone = new Uint8Array(64);

  protected readonly flags = new Map<number, number[]>();
  protected readonly classes = new Map<number, number[]>();
  private readonly earlyUndo = new Set<string>();
  /** by the id of an answer: the events that settle it, undone ones too */
  private readonly settledBy = new Map<string, number[]>();
  private readonly earlySettled = new Set<string>();
  /** events that settle others, undone ones too */
  protected readonly settling: number[] = [];
  /** pairs that several people answered; those of them on which they differ, as far as not `unchecked` */
  protected readonly shared = new Set<number>();
  protected readonly differ = new Set<number>();
  protected readonly unchecked = new Set<number>();
  /** counts what may have changed the pairs on which people differ, or those that were settled */
  disputes = 0;
  protected readonly stacks: { events: number[]; sorted: boolean }[] = [];
  protected lastTimes = new Float64Array(64);
  /** a person's answers that are not undone, corrected ones included */
  protected given = new Int32Array(64);
  /** recorded from the first `takeTouched` on: a load touches everything */
  protected touched: Set<number> | undefined;

  /** answers that stand, one a person and pair */
  answers = 0;
  /** events read that are of no kind or version known here: kept in the file, passed over */
  passedOver = 0;

  /** Events folded so far, undone ones and unknown kinds included. */
  get events(): number {
    return this.ids.size;
  }

  /** Makes room for that many events at once. */
  reserve(events: number): void {
    this.ids.reserve(events, ULID_LENGTH);
    this.pairs.reserve(events);
    this.reserveSlots(events);
    if (events > this.kind.length) this.grow(events);
  }

  /** Folds one event whose id, the last one interned, is new. */
  add(event: FlatEvent): void {
    const index = this.ids.size - 1;
    if (index >= this.kind.length) this.grow(index + 1);
    this.kind[index] = event.kind;
    this.by[index] = event.by;
    this.at[index] = event.at;
    this.a[index] = event.a;
    this.b[index] = event.b;
    this.ms[index] = event.ms;
    this.group[index] = event.group;
    this.offset[index] = event.offset;
    this.length[index] = event.length;
    this.status[index] = event.repeat ? REPEAT : 0;
    this.slot[index] = -1;
    if (event.kind === Kind.other) {
      this.passedOver++;
      return;
    }
    this.seenBy(event.by, event.at);
    if (event.kind === Kind.undo) {
      this.applyUndo(event.of);
      return;
    }
    if (event.kind === Kind.answer) {
      this.relation[index] = event.relation;
      this.slot[index] = this.slotOf(event.a, event.b, event.by);
      this.given[event.by]++;
    }
    if (event.settles.length > 0 && event.kind === Kind.answer) this.settle(index, event.settles);
    if (this.earlySettled.size > 0 && this.earlySettled.delete(this.ids.text(index))) this.status[index] |= NAMED;
    if (event.group >= 0) this.joinGroup(index, event.group);
    if (this.earlyUndo.size > 0 && this.earlyUndo.delete(this.ids.text(index))) this.undoWithGroup(index);
    if (event.group >= 0 && this.groupUndone[event.group]) this.markUndone(index);
    if (event.kind === Kind.flag) push(this.flags, event.a, index);
    else if (event.kind === Kind.class) push(this.classes, event.a, index);
    if (this.status[index] & UNDONE) return;
    const stack = this.stacks[event.by];
    const top = stack.events.at(-1);
    if (top !== undefined && this.newer(top, index)) stack.sorted = false;
    stack.events.push(index);
    if (event.kind === Kind.answer) {
      const slot = this.slot[index];
      this.nextInSlot[index] = this.slotHead[slot];
      this.slotHead[slot] = index;
      const best = this.slotBest[slot];
      if (best < 0) this.answers++;
      if (best < 0 || this.newer(index, best)) {
        this.slotBest[slot] = index;
        this.touch(this.slotPair[slot]);
      }
    }
  }

  /** The line of an event that was folded from memory has been found in the file. */
  place(index: number, offset: number, length: number): void {
    if (this.offset[index] >= 0) return;
    this.offset[index] = offset;
    this.length[index] = length;
  }

  /** Where an event's line lies in the file, or undefined for an event unknown or not yet written. */
  lineOf(id: string): { offset: number; length: number } | undefined {
    const index = this.ids.findText(id);
    if (index < 0 || this.offset[index] < 0) return undefined;
    return { offset: this.offset[index], length: this.length[index] };
  }

  has(id: string): boolean {
    return this.ids.findText(id) >= 0;
  }

  isUndone(id: string): boolean {
    const index = this.ids.findText(id);
    return index >= 0 ? (this.status[index] & UNDONE) !== 0 : this.earlyUndo.has(id);
  }

  protected membersOf(id: string): number[] {
    const index = this.ids.findText(id);
    if (index < 0) return [];
    const group = this.group[index];
    if (group < 0) return [index];
    const members: number[] = [];
    for (let i = this.groupHead[group]; i >= 0; i = this.nextInGroup[i]) members.unshift(i);
    return members;
  }

  private roomForGroup(group: number): void {
    if (group < this.groupHead.length) return;
    this.groupHead = grown(this.groupHead, group + 1, -1);
    this.groupUndone = grown(this.groupUndone, group + 1);
  }

  private joinGroup(index: number, group: number): void {
    this.roomForGroup(group);
    this.nextInGroup[index] = this.groupHead[group];
    this.groupHead[group] = index;
  }

  private slotOf(a: number, b: number, by: number): number {
    const pair = this.pairs.intern(Math.min(a, b), Math.max(a, b));
    if (pair >= this.pairHead.length) this.reserveSlots(pair + 1);
    const found = this.findSlot(pair, by);
    if (found >= 0) return found;
    const slot = this.slotCount++;
    if (slot >= this.slotHead.length) this.reserveSlots(slot + 1);
    this.slotPair[slot] = pair;
    this.slotBy[slot] = by;
    if (this.pairHead[pair] >= 0) this.shared.add(pair);
    this.slotNext[slot] = this.pairHead[pair];
    this.pairHead[pair] = slot;
    return slot;
  }

  private reserveSlots(count: number): void {
    if (count > this.pairHead.length) this.pairHead = grown(this.pairHead, count, -1);
    if (count <= this.slotHead.length) return;
    this.slotPair = grown(this.slotPair, count);
    this.slotBy = grown(this.slotBy, count);
    this.slotHead = grown(this.slotHead, count, -1);
    this.slotBest = grown(this.slotBest, count, -1);
    this.slotNext = grown(this.slotNext, count, -1);
  }

  protected findSlot(pair: number, by: number): number {
    if (pair < 0 || by < 0) return -1;
    let slot = this.pairHead[pair];
    while (slot >= 0 && this.slotBy[slot] !== by) slot = this.slotNext[slot];
    return slot;
  }

  private seenBy(person: number, at: number): void {
    while (this.stacks.length <= person) this.stacks.push({ events: [], sorted: true });
    if (person >= this.lastTimes.length) {
      this.lastTimes = grown(this.lastTimes, person + 1);
      this.given = grown(this.given, person + 1);
    }
    this.lastTimes[person] = Math.max(this.lastTimes[person], at);
  }

  private applyUndo(of: string): void {
    const target = this.ids.findText(of);
    if (target >= 0) this.undoWithGroup(target);
    else this.earlyUndo.add(of);
  }

  private undoWithGroup(target: number): void {
    const group = this.group[target];
    if (group < 0) {
      this.undoOne(target);
      return;
    }
    this.roomForGroup(group);
    this.groupUndone[group] = 1;
    for (const i of this.membersOf(this.ids.text(target))) this.undoOne(i);
  }

  private markUndone(index: number): void {
    if (this.status[index] & UNDONE) return;
    this.status[index] |= UNDONE;
    if (this.kind[index] === Kind.answer) this.given[this.by[index]]--;
  }

  private undoOne(index: number): void {
    if (this.status[index] & UNDONE) return;
    this.markUndone(index);
    const slot = this.slot[index];
    if (this.status[index] & SETTLES) this.touch(this.slotPair[slot]);
    if (this.kind[index] !== Kind.answer || this.slotBest[slot] !== index) return;
    // Undone answers leave their list on the way, so that undoing many costs each of them once.
    let best = -1;
    let last = -1;
    for (let i = this.slotHead[slot]; i >= 0; i = this.nextInSlot[i]) {
      if (this.status[i] & UNDONE) continue;
      if (last < 0) this.slotHead[slot] = i;
      else this.nextInSlot[last] = i;
      last = i;
      if (best < 0 || this.newer(i, best)) best = i;
    }
    if (last < 0) this.slotHead[slot] = -1;
    else this.nextInSlot[last] = -1;
    this.slotBest[slot] = best;
    if (best < 0) this.answers--;
    this.touch(this.slotPair[slot]);
  }

  private settle(index: number, ids: readonly string[]): void {
    this.status[index] |= SETTLES;
    this.settling.push(index);
    for (const id of ids) {
      const named = this.settledBy.get(id);
      if (named === undefined) this.settledBy.set(id, [index]);
      else named.push(index);
      const target = this.ids.findText(id);
      if (target < 0) this.earlySettled.add(id);
      else this.status[target] |= NAMED;
    }
    this.touch(this.slotPair[this.slot[index]]);
  }

  /**
   * Whether a newer answer on the same pair, itself not undone, names this one among those it settles. Older ones settle
   * nothing, so that however events are merged the newest answer on a pair counts.
   */
  protected isSettled(index: number): boolean {
    if (!(this.status[index] & NAMED)) return false;
    const pair = this.slotPair[this.slot[index]];
    return this.settledBy
      .get(this.ids.text(index))!
      .some(by => !(this.status[by] & UNDONE) && this.slotPair[this.slot[by]] === pair && this.newer(by, index));
  }

  /** Notes that what people say of a pair may be something else now. */
  private touch(pair: number): void {
    this.touched?.add(pair);
    if (this.shared.size === 0 || !this.shared.has(pair)) return;
    this.unchecked.add(pair);
    this.disputes++;
  }

  protected newer(x: number, y: number): boolean {
    const difference = this.at[x] - this.at[y];
    return difference !== 0 ? difference > 0 : this.ids.compare(x, y) > 0;
  }

  private grow(size: number): void {
    this.kind = grown(this.kind, size);
    this.relation = grown(this.relation, size);
    this.status = grown(this.status, size);
    this.a = grown(this.a, size);
    this.b = grown(this.b, size);
    this.by = grown(this.by, size);
    this.ms = grown(this.ms, size);
    this.slot = grown(this.slot, size);
    this.group = grown(this.group, size);
    this.nextInSlot = grown(this.nextInSlot, size);
    this.nextInGroup = grown(this.nextInGroup, size);
    this.at = grown(this.at, size);
    this.offset = grown(this.offset, size);
    this.length = grown(this.length, size);
  }
}

function push(map: Map<number, number[]>, key: number, value: number): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
