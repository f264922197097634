/** Memory that the replicas of one run share. Structured-clone safe. */
export interface Shared {
  replicas: number;
  /** barrier and decisions, see the places below */
  control: SharedArrayBuffer;
  /** embeddings of a batch, or of the held-out pictures */
  embeddings: SharedArrayBuffer;
  /** one vector of gradients a replica */
  gradients: SharedArrayBuffer;
  /** floats in one of them */
  gradientSize: number;
}

const ARRIVED = 0;
const GENERATION = 1;
/** set by whoever runs the training: end after this step */
const STOP = 2;
/** what the first replica decided for everyone, e.g. to stop */
const DECISION = 3;
const PLACES = 4;
/** behind the places: a number that the first replica says, as 64 bits */
const WORD = PLACES * 4;

/** @param embeddingFloats room for the larger of a batch and the held-out set */
export function share(replicas: number, embeddingFloats: number, gradientSize: number): Shared {
  return {
    replicas,
    control: new SharedArrayBuffer(WORD + 8),
    embeddings: new SharedArrayBuffer(embeddingFloats * 4),
    gradients: new SharedArrayBuffer(replicas * gradientSize * 4),
    gradientSize,
  };
}

/** Asks the replicas to end after the step they are in. */
export function requestStop(shared: Shared): void {
  Atomics.store(new Int32Array(shared.control), STOP, 1);
}

/**
 * One replica's side of the shared memory. Between two calls of `meet` each replica writes only its own part; sums are taken
 * in the order of the replicas, so every replica has the same bits.
 */
export class Exchange {
  readonly embeddings: Float32Array;
  private readonly control: Int32Array;
  private readonly word: Float64Array;

  constructor(
    private readonly shared: Shared,
    readonly replica: number,
  ) {
    this.control = new Int32Array(shared.control, 0, PLACES);
    this.word = new Float64Array(shared.control, WORD, 1);
    this.embeddings = new Float32Array(shared.embeddings);
  }

  get replicas(): number {
    return this.shared.replicas;
  }

  /** Waits until every replica is here. One that died is never here: its owner then ends the others. */
  meet(): void {
    if (this.replicas === 1) return;
    const generation = Atomics.load(this.control, GENERATION);
    if (Atomics.add(this.control, ARRIVED, 1) === this.replicas - 1) {
      Atomics.store(this.control, ARRIVED, 0);
      Atomics.add(this.control, GENERATION, 1);
      Atomics.notify(this.control, GENERATION);
    } else {
      while (Atomics.load(this.control, GENERATION) === generation) Atomics.wait(this.control, GENERATION, generation);
    }
  }

  get stopRequested(): boolean {
    return Atomics.load(this.control, STOP) !== 0;
  }

  /** The first replica's word, heard by all. */
  decide(decision: boolean): boolean {
    if (this.replica === 0) Atomics.store(this.control, DECISION, decision ? 1 : 0);
    this.meet();
    const decided = Atomics.load(this.control, DECISION) !== 0;
    this.meet();
    return decided;
  }

  /** The first replica's number, heard by all: clocks differ, and what follows from them must not. */
  agree(value: number): number {
    if (this.replicas === 1) return value;
    if (this.replica === 0) this.word[0] = value;
    this.meet();
    const agreed = this.word[0]!;
    this.meet();
    return agreed;
  }

  /** This replica's own vector of gradients (or of anything to be summed). */
  own(): Float32Array {
    return this.of(this.replica);
  }

  /** Sums [from, from + out.length) of every replica's vector, once all have written theirs. */
  sum(out: Float32Array, from: number): void {
    out.set(this.of(0).subarray(from, from + out.length));
    for (let r = 1; r < this.replicas; r++) {
      const other = this.of(r).subarray(from, from + out.length);
      for (let i = 0; i < out.length; i++) out[i]! += other[i]!;
    }
  }

  private of(replica: number): Float32Array {
    const { gradients, gradientSize } = this.shared;
    return new Float32Array(gradients, replica * gradientSize * 4, gradientSize);
  }
}
