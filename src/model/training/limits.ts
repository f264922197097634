/** Held-out pictures beyond this are left out of each epoch's judging, and so are those they are found among. */
export const MOST_JUDGED = 1500;

/** At most so many of a list, taken from all over it. */
export function evenly<T>(list: readonly T[], most: number): T[] {
  const every = Math.max(1, Math.ceil(list.length / Math.max(1, most)));
  return list.filter((_, i) => i % every === 0);
}
