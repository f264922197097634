/** FNV-1a over 32-bit little-endian words, then over the bytes that are left: any one changed word changes it. */
export function checksum(bytes: Uint8Array): number {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : new Uint8Array(bytes);
  const words = new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.length >>> 2);
  let sum = 0x811c9dc5;
  for (let i = 0; i < words.length; i++) sum = Math.imul(sum ^ words[i]!, 0x01000193);
  for (let i = words.length * 4; i < aligned.length; i++) sum = Math.imul(sum ^ aligned[i]!, 0x01000193);
  return sum >>> 0;
}
