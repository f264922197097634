/** `count` pictures of deterministic noise with some shape in it. */
export function noisePictures(count: number, bytesEach: number, seed = 1): Uint8Array {
  const out = new Uint8Array(count * bytesEach);
  let state = seed >>> 0;
  for (let i = 0; i < out.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    out[i] = (state >>> 24) ^ (i % 251);
  }
  return out;
}
