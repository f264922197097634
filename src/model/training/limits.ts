/** Held-out pictures beyond this are left out of each epoch's judging. */
export const MOST_JUDGED = 1500;
