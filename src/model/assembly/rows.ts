// Rows taken by number, and added up by number: gathering and its gradient. Widths in floats; numbers are 32-bit integers.

/** out [count,width]: rows of x by `ids`. The caller has checked the numbers. */
export function gatherRows(x: usize, ids: usize, count: i32, width: i32, out: usize): void {
  const bytes: usize = (width as usize) * 4;
  for (let i = 0; i < count; i++, ids += 4) {
    const from = x + (load<i32>(ids) as usize) * bytes;
    let j: usize = 0;
    for (; j + 16 <= bytes; j += 16) v128.store(out + j, v128.load(from + j));
    for (; j < bytes; j += 4) f32.store(out + j, f32.load(from + j));
    out += bytes;
  }
}

/** out [rows,width]: the sum of those rows of x [count,width] that carry its number; numbers outside are passed over. */
export function scatterRows(x: usize, ids: usize, count: i32, width: i32, rows: i32, out: usize): void {
  const bytes: usize = (width as usize) * 4;
  memory.fill(out, 0, (rows as usize) * bytes);
  for (let i = 0; i < count; i++, ids += 4, x += bytes) {
    const id = load<i32>(ids);
    if (id < 0 || id >= rows) continue;
    const to = out + (id as usize) * bytes;
    let j: usize = 0;
    for (; j + 16 <= bytes; j += 16) v128.store(to + j, f32x4.add(v128.load(to + j), v128.load(x + j)));
    for (; j < bytes; j += 4) f32.store(to + j, f32.load(to + j) + f32.load(x + j));
  }
}
