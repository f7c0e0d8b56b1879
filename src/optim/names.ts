/** `weightDecay` becomes `weight_decay`: options by PyTorch's names. */
export const toPythonName = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
