/** Whether functions are noting what is needed for gradients: one flag, set by `noGrad`. */
let enabled = true;

export function isGradEnabled(): boolean {
  return enabled;
}

/** Sets the flag and returns what it was. @internal */
export function setGradEnabled(value: boolean): boolean {
  const before = enabled;
  enabled = value;
  return before;
}
