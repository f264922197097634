// Reads and writes of 32-bit and 64-bit numbers by index.

// @ts-ignore: decorator
@inline export function at32(pointer: usize, index: i32): i32 {
  return load<i32>(pointer + (<usize>index << 2));
}
// @ts-ignore: decorator
@inline export function f32At(pointer: usize, index: i32): f32 {
  return load<f32>(pointer + (<usize>index << 2));
}
// @ts-ignore: decorator
@inline export function f64At(pointer: usize, index: i32): f64 {
  return load<f64>(pointer + (<usize>index << 3));
}
// @ts-ignore: decorator
@inline export function setF32(pointer: usize, index: i32, value: f32): void {
  store<f32>(pointer + (<usize>index << 2), value);
}
